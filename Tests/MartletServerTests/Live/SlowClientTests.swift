import MartletRouting
import MartletTesting
import Testing

@testable import MartletServer

extension Live {
    /// Clients that take their time, with the limits of time shortened.
    @Suite("Slow clients")
    struct SlowClients {
        private static let limit = Duration.milliseconds(300)

        /// Sends bytes one at a time, with pauses, until the other side has answered or there are no more.
        private func drip(_ bytes: [UInt8], on client: RawClient) async throws {
            for byte in bytes where client.byteCount == 0 {
                try? await client.send([byte])
                if await client.isClosed(within: .milliseconds(10)) { return }
            }
        }

        @Test(
            "a head that drips in is refused when its time is up, however often a byte comes",
            arguments: Transport.allCases
        )
        func head(over transport: Transport) async throws {
            try await LiveGateway.run(over: transport) { gateway, upstream in
                try await gateway.use { $0.clientHead = Self.limit }
                let client = try await gateway.connect()
                let head = LiveRequest.head("POST /v1/chat/completions", fields: ["content-length: 2"])
                let began = ContinuousClock.now
                try await drip(head, on: client)
                let answer = try await client.response()
                #expect(answer.status == 408 && answer.errorCode == "request_timeout")
                #expect(answer["connection"] == "close")
                #expect(await client.isClosed())
                #expect(ContinuousClock.now - began > Self.limit && upstream.journal.requests.isEmpty)
            }
        }

        @Test("a second head on a connection has the same time", arguments: Transport.allCases)
        func laterHead(over transport: Transport) async throws {
            try await LiveGateway.run(over: transport) { gateway, _ in
                try await gateway.use { $0.clientHead = Self.limit }
                let client = try await gateway.connect()
                try await client.send(LiveRequest.chat(ChatFixtures.request(model: "up::ok")))
                #expect(try await client.response().status == 200)
                try await client.send("POST /v1/chat/completions HTTP/1.1\r\nho")
                let answer = try await client.response()
                #expect(answer.status == 408 && answer.errorCode == "request_timeout")
                #expect(await client.isClosed())
            }
        }

        @Test("a connection that asks nothing is closed without a word", arguments: Transport.allCases, [false, true])
        func silent(over transport: Transport, afterAnAnswer: Bool) async throws {
            try await LiveGateway.run(over: transport) { gateway, _ in
                try await gateway.use { times in
                    times.clientHead = Self.limit
                    times.keepAlive = Self.limit
                }
                let client = try await gateway.connect()
                if afterAnAnswer {
                    try await client.send(LiveRequest.head("GET /live"))
                    #expect(try await client.response().status == 200)
                }
                #expect(await client.isClosed())
                await #expect(throws: RawClient.Failure.closed) { try await client.response() }
            }
        }

        @Test(
            "a body that drips in is refused when its time is up, and the upstream never hears of it",
            arguments: Transport.allCases,
            [false, true]
        )
        func body(over transport: Transport, chunked: Bool) async throws {
            try await LiveGateway.run(over: transport) { gateway, upstream in
                try await gateway.use { $0.clientBody = Self.limit }
                let body = ChatFixtures.request(model: "up::ok")
                let client = try await gateway.connect()
                let framing = chunked ? "transfer-encoding: chunked" : "content-length: \(body.count)"
                try await client.send(LiveRequest.head("POST /v1/chat/completions", fields: [framing]))
                try await drip(chunked ? body.flatMap { Array("1\r\n".utf8) + [$0, 13, 10] } : body, on: client)
                let answer = try await client.response()
                #expect(answer.status == 408 && answer.errorCode == "request_timeout")
                #expect(answer["connection"] == "close")
                #expect(await client.isClosed())
                #expect(upstream.journal.requests.isEmpty)
            }
        }

        @Test("a reader that takes nothing for too long is left, and so is its upstream", arguments: Transport.allCases)
        func reader(over transport: Transport) async throws {
            try await LiveGateway.run(over: transport) { gateway, upstream in
                try await gateway.use { $0.writeStall = Self.limit }
                let client = try await gateway.connect(reads: false, receiveBuffer: 64 << 10)
                try await client.send(LiveRequest.chat(ChatFixtures.request(model: "up::flood:64", stream: true)))
                #expect(await upstream.wait { $0.connections.first?.closedByPeer != nil })
                try await client.startReading()
                let answer = try await client.response()
                #expect(answer.status == 200 && !answer.isComplete && !answer.text.contains("[DONE]"))
                let page = LiveRequest.head("GET /admin/usage", key: LiveGateway.adminKey)
                var totals: [String: Any]?
                for _ in 0..<100 where totals?["cancelled"] as? Int != 1 {
                    totals = try await gateway.exchange(page).json["totals"] as? [String: Any]
                }
                #expect(totals?["cancelled"] as? Int == 1 && totals?["succeeded"] as? Int == 0)
            }
        }
    }
}
