import MartletTesting
import Testing

extension Live {
    /// Requests that share a connection, and answers that come before the body.
    @Suite("Connections")
    struct Connections {
        @Test("pipelined requests are answered in their order", arguments: Transport.allCases)
        func pipelining(over transport: Transport) async throws {
            try await LiveGateway.run(over: transport) { gateway, upstream in
                let client = try await gateway.connect()
                let models = ["slow-head:80", "ok", "status-400", "nobody", "ok"]
                try await client.send(
                    models.flatMap { model in
                        LiveRequest.chat(
                            ChatFixtures.request(model: "up::\(model)"),
                            fields: ["x-request-id: \(model.prefix(4))"]
                        )
                    } + LiveRequest.head("GET /live")
                )
                for (model, status) in zip(models, [200, 200, 400, 404, 200]) {
                    let answer = try await client.response()
                    #expect(answer.status == status && answer["x-request-id"] == "\(model.prefix(4))")
                }
                #expect(try await client.response().text == #"{"status":"ok"}"#)
                await client.close()
                #expect(upstream.journal.requests.map(\.model) == models)
            }
        }

        @Test("a stream and what is pipelined behind it do not mix", arguments: Transport.allCases)
        func streamThenMore(over transport: Transport) async throws {
            try await LiveGateway.run(over: transport) { gateway, _ in
                let client = try await gateway.connect()
                let stream = LiveRequest.chat(ChatFixtures.request(model: "up::paced:5", stream: true))
                try await client.send(stream + LiveRequest.chat(ChatFixtures.request(model: "up::ok")))
                let first = try await client.response()
                #expect(first["content-type"] == "text/event-stream" && first.text.hasSuffix("data: [DONE]\n\n"))
                #expect(try await client.response().body == ChatFixtures.answer)
                await client.close()
            }
        }

        @Test("a connection whose last chunk comes late carries the next request")
        func lateEnd() async throws {
            try await LiveGateway.run { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send(LiveRequest.chat(ChatFixtures.request(model: "up::late-end", stream: true)))
                #expect(try await client.response().text.hasSuffix("data: [DONE]\n\n"))
                let script = UpstreamScript.named(upstream.journal.requests[0], attempt: 0, unixSeconds: 0)
                let length = script.steps.reduce(0) { sum, step in
                    if case .write(let bytes) = step { sum + bytes.count } else { sum }
                }
                #expect(await upstream.wait { $0.connections[0].bytesSent == length })
                // A round trip, in which the same loop reads what has come from the upstream.
                try await client.send(LiveRequest.head("GET /live"))
                _ = try await client.response()
                try await client.send(LiveRequest.chat(ChatFixtures.request(model: "up::ok")))
                #expect(try await client.response().body == ChatFixtures.answer)
                #expect(upstream.journal.connections.count == 1)
                await client.close()
            }
        }

        @Test("a large request that is pipelined behind a slow one is not lost", arguments: Transport.allCases)
        func largePipelined(over transport: Transport) async throws {
            try await LiveGateway.run(over: transport) { gateway, upstream in
                let client = try await gateway.connect()
                let slow = LiveRequest.chat(ChatFixtures.request(model: "up::slow-head:100"))
                try await client.send(slow + LiveRequest.chat(ChatFixtures.request(model: "up::ok", padding: 1 << 20)))
                for _ in 0..<2 {
                    let answer = try await client.response()
                    #expect(answer.status == 200 && answer.body == ChatFixtures.answer)
                }
                await client.close()
                #expect(
                    upstream.journal.requests.last?.body
                        == ChatFixtures.forwarded(model: "ok", asked: "up::ok", padding: 1 << 20)
                )
            }
        }

        @Test("HEAD has the head of GET and no body, and the connection goes on", arguments: Transport.allCases)
        func head(over transport: Transport) async throws {
            try await LiveGateway.run(over: transport) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send(LiveRequest.head("HEAD /v1/models") + LiveRequest.head("GET /v1/models"))
                let head = try await client.response(isHead: true)
                let whole = try await client.response()
                #expect(head.status == 200 && whole.status == 200)
                #expect(head["content-length"] == "\(whole.body.count)" && !whole.body.isEmpty)
                await client.close()
            }
        }

        @Test("both sides keep their connections over many requests", arguments: Transport.allCases)
        func keepAlive(over transport: Transport) async throws {
            try await LiveGateway.run(over: transport) { gateway, upstream in
                let client = try await gateway.connect()
                for stream in [false, true, false, true] {
                    try await client.send(LiveRequest.chat(ChatFixtures.request(model: "up::ok", stream: stream)))
                    let answer = try await client.response()
                    #expect(answer.status == 200 && answer["connection"] == nil)
                }
                #expect(upstream.journal.connections.count == 1)
                #expect(upstream.journal.requests.map(\.index) == [0, 1, 2, 3])
                try await client.send(
                    LiveRequest.chat(ChatFixtures.request(model: "up::ok"), fields: ["connection: close"])
                )
                #expect(try await client.response()["connection"] == "close")
                #expect(await client.isClosed())
            }
        }

        @Test("an idle connection that the upstream closes as it is used again is replaced and no attempt is counted")
        func stale() async throws {
            try await LiveGateway.run { gateway, upstream in
                let client = try await gateway.connect()
                for _ in 0..<3 {
                    try await client.send(LiveRequest.chat(ChatFixtures.request(model: "up::stale")))
                    let answer = try await client.response()
                    #expect(answer.status == 200 && answer["x-gateway-attempts"] == "1")
                    #expect(answer.body == ChatFixtures.answer)
                }
                await client.close()
                #expect(upstream.journal.connections.count == 3)
            }
        }

        @Test("an idle connection that was closed is not used again")
        func closedIdle() async throws {
            try await LiveGateway.run { gateway, upstream in
                for index in 0..<3 {
                    let answer = try await gateway.chat("up::close-after")
                    #expect(answer.status == 200 && answer["x-gateway-attempts"] == "1")
                    #expect(await upstream.wait { $0.connections.count == index + 1 && $0.connections[index].isClosed })
                }
            }
        }

        @Test(
            "a client that waits for 100 is told to go on after its key is known, never before",
            arguments: Transport.allCases
        )
        func expectation(over transport: Transport) async throws {
            try await LiveGateway.run(over: transport) { gateway, _ in
                let body = ChatFixtures.request(model: "up::ok")
                let client = try await gateway.connect()
                let fields = ["content-length: \(body.count)", "expect: 100-continue"]
                try await client.send(LiveRequest.head("POST /v1/chat/completions", fields: fields))
                #expect(try await client.response().status == 100)
                try await client.send(body)
                #expect(try await client.response().status == 200)
                await client.close()
                let refused = try await gateway.exchange(
                    LiveRequest.head("POST /v1/chat/completions", key: "wrong", fields: fields)
                )
                #expect(refused.status == 401 && refused["connection"] == "close")
                let odd = LiveRequest.head(
                    "POST /v1/chat/completions",
                    fields: ["content-length: 1", "expect: 200-ok"]
                )
                let answer = try await gateway.exchange(odd)
                #expect(answer.status == 417 && answer.errorCode == "expectation_failed")
            }
        }

        @Test(
            "a request without a valid key is answered before its body is read",
            arguments: [["x-api-key: wrong"], ["authorization: Basic eA=="], []],
            Transport.allCases
        )
        func unauthorized(fields: [String], over transport: Transport) async throws {
            try await LiveGateway.run(over: transport) { gateway, upstream in
                let lines =
                    ["POST /v1/chat/completions HTTP/1.1", "host: localhost", "content-length: 100000"] + fields
                let client = try await gateway.connect()
                try await client.send(lines.map { $0 + "\r\n" }.joined() + "\r\n{\"mo")
                let answer = try await client.response()
                #expect(answer.status == 401 && answer.errorCode == "unauthorized")
                #expect(answer["connection"] == "close" && answer["www-authenticate"] == "Bearer")
                answer.expectCommonFields()
                #expect(await client.isClosed(within: .seconds(5)))
                #expect(upstream.journal.requests.isEmpty)
            }
        }

        @Test(
            "a body over the limit is refused by its length before a byte is read, and by counting",
            arguments: [false, true],
            Transport.allCases
        )
        func tooLarge(chunked: Bool, over transport: Transport) async throws {
            let toml = """
                [server]
                max_body_mb = 1
                """
            try await LiveGateway.run(toml: toml, over: transport) { gateway, upstream in
                let client = try await gateway.connect()
                let path = "POST /v1/chat/completions"
                if chunked {
                    try await client.send(
                        LiveRequest.head(path, fields: ["transfer-encoding: chunked"]) + Array("1\r\n\"\r\n".utf8)
                    )
                    let block =
                        Array("10000\r\n".utf8) + [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 16) + [13, 10]
                    // The gateway may close while this is being sent: that is what is asked for.
                    for _ in 0..<17 { try? await client.send(block) }
                } else {
                    try await client.send(LiveRequest.head(path, fields: ["content-length: 1048577"]))
                }
                let answer = try await client.response()
                #expect(answer.status == 413 && answer.errorCode == "request_too_large")
                #expect(answer["connection"] == "close")
                answer.expectCommonFields()
                #expect(await client.isClosed(within: .seconds(5)))
                #expect(upstream.journal.requests.isEmpty)
            }
        }

        @Test("a body of exactly the limit is taken", arguments: Transport.allCases)
        func justRight(over transport: Transport) async throws {
            let toml = """
                [server]
                max_body_mb = 1
                """
            try await LiveGateway.run(toml: toml, over: transport) { gateway, upstream in
                let empty = ChatFixtures.request(model: "up::ok").count
                let body = ChatFixtures.request(model: "up::ok", padding: (1 << 20) - empty)
                #expect(body.count == 1 << 20)
                let answer = try await gateway.exchange(LiveRequest.chat(body))
                #expect(answer.status == 200)
                #expect(upstream.journal.requests.first?.body.count == (1 << 20) - 4)
            }
        }
    }
}
