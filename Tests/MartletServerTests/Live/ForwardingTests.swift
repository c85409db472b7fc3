import MartletTesting
import Testing

extension Live {
    /// What goes up and what comes back, byte for byte.
    @Suite("Forwarding")
    struct Forwarding {
        @Test(
            "the upstream sees the caller's body with nothing but the touched members changed",
            arguments: [false, true]
        )
        func body(stream: Bool) async throws {
            try await LiveGateway.run { gateway, upstream in
                _ = try await gateway.chat("up::ok", stream: stream)
                let request = try #require(upstream.journal.requests.first)
                #expect(request.body == ChatFixtures.forwarded(model: "ok", asked: "up::ok", stream: stream))
                #expect(request.requestLine == "POST /v1/chat/completions HTTP/1.1")
                #expect(request.values(of: "content-length") == ["\(request.body.count)"])
            }
        }

        @Test("the gateway's own members are taken out, all else stays")
        func gatewayMembers() async throws {
            try await LiveGateway.run { gateway, upstream in
                let body =
                    #"{"route":"auto","messages":[{"role":"user","content":"x"}],"smart_routing":false,"model":"up::ok","#
                    + #""metadata":{"a":"b"},"fallbacks":[],"provider":"up"  }"#
                let answer = try await gateway.exchange(LiveRequest.chat(Array(body.utf8)))
                #expect(answer.status == 200)
                let seen = String(decoding: upstream.journal.requests.first?.body ?? [], as: UTF8.self)
                for member in ["route", "smart_routing", "fallbacks", "provider"] {
                    #expect(!seen.contains("\"\(member)\""))
                }
                #expect(seen.contains(#""messages":[{"role":"user","content":"x"}]"#))
                #expect(seen.contains(#""model":"ok""#) && seen.contains(#""metadata":{"a":"b"}"#))
            }
        }

        @Test("members that an account does not take are left out")
        func dropParams() async throws {
            try await LiveGateway.run(account: #"drop_params = ["temperature", "stream_options"]"#) {
                gateway,
                upstream in
                let answer = try await gateway.chat("up::ok", stream: true)
                #expect(answer.status == 200)
                let seen = String(decoding: upstream.journal.requests.first?.body ?? [], as: UTF8.self)
                #expect(!seen.contains("temperature") && !seen.contains("stream_options"))
                #expect(seen.contains(#""x_unknown":{"a":[1, 2,3e0]}"#))
            }
        }

        @Test("a body in odd pieces and chunks arrives whole", arguments: [UInt64](1...6), Transport.allCases)
        func pieces(seed: UInt64, over transport: Transport) async throws {
            try await LiveGateway.run(over: transport) { gateway, upstream in
                var generator = SeededGenerator(seed: seed)
                let body = ChatFixtures.request(model: "up::ok", padding: 3_000)
                let client = try await gateway.connect()
                let chunks = generator.cut(body, longest: 700).flatMap { piece -> [UInt8] in
                    Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [13, 10]
                }
                let all =
                    LiveRequest.head("POST /v1/chat/completions", fields: ["transfer-encoding: chunked"]) + chunks
                    + Array("0\r\nx-trailer: dropped\r\n\r\n".utf8)
                try await client.send(pieces: generator.cut(all, longest: 90))
                let answer = try await client.response()
                #expect(answer.status == 200 && answer.body == ChatFixtures.answer)
                await client.close()
                let request = try #require(upstream.journal.requests.first)
                #expect(request.body == ChatFixtures.forwarded(model: "ok", asked: "up::ok", padding: 3_000))
            }
        }

        @Test("a whole answer is the upstream's, byte for byte, and none of its fields")
        func answer() async throws {
            try await LiveGateway.run { gateway, _ in
                let answer = try await gateway.chat("up::ok")
                #expect(answer.status == 200 && answer.body == ChatFixtures.answer)
                #expect(answer["content-type"] == "application/json")
                #expect(answer["content-length"] == "\(ChatFixtures.answer.count)")
                answer.expectCommonFields()
                #expect(answer["x-provider"] == "up" && answer["x-model-source"] == "local")
                #expect(answer["x-gateway-model"] == "ok" && answer["x-gateway-route"] == "local")
                #expect(answer["x-gateway-attempts"] == "1" && answer["x-cache"] == "OFF")
                #expect(answer["x-should-retry"] == nil && answer["connection"] == nil)
            }
        }

        @Test("nothing of the caller's head goes up: no credential, no hop-by-hop field, no address")
        func fields() async throws {
            let dropped = [
                "x-api-key: \(LiveGateway.key)", "api-key: \(LiveGateway.key)", "x-goog-api-key: other", "cookie: a=b",
                "connection: x-named", "x-named: secret", "keep-alive: timeout=5", "proxy-authorization: Basic eA==",
                "te: trailers", "trailer: x", "upgrade: h2c", "http2-settings: AAMAAABk", "forwarded: for=1.2.3.4",
                "x-forwarded-for: 1.2.3.4", "x-real-ip: 1.2.3.4", "x-stainless-os: Linux", "x-gateway-route: auto",
                "x-gateway-tag-team: search", "user-agent: secret-client/1", "accept-encoding: gzip", "x-anything: 1",
            ]
            try await LiveGateway.run(
                account: """
                    api_key_location = "env::UP_KEY"
                    headers = { "X-Team" = "search" }
                    """,
                toml: "",
                environment: ["UP_KEY": "upstream-credential-1"]
            ) { gateway, upstream in
                let answer = try await gateway.chat("up::ok", fields: dropped)
                #expect(answer.status == 200)
                let request = try #require(upstream.journal.requests.first)
                let names = request.fields.map { $0.name.lowercased() }.sorted()
                #expect(
                    names == [
                        "accept", "accept-encoding", "authorization", "content-length", "content-type", "host",
                        "user-agent", "x-team",
                    ]
                )
                #expect(request.values(of: "authorization") == ["Bearer upstream-credential-1"])
                #expect(request.values(of: "accept-encoding") == ["identity"])
                #expect(request.values(of: "host") == ["127.0.0.1:\(upstream.port)"])
                let head = String(decoding: request.head, as: UTF8.self)
                #expect(!head.contains(LiveGateway.key) && !head.contains("1.2.3.4") && !head.contains("secret"))
            }
        }

        @Test("an upstream's error body that holds the account's key is not shown")
        func leak() async throws {
            let leaky = try await ScriptedUpstream.start { _, _ in
                let body = Array(#"{"error":{"message":"bad key upstream-credential-1","code":"x"}}"#.utf8)
                let head = "HTTP/1.1 400 No\r\ncontent-type: application/json\r\ncontent-length: \(body.count)\r\n\r\n"
                return UpstreamScript([.write(Array(head.utf8) + body)])
            }
            let toml = """
                [gateway.providers.up]
                type = "openai_compatible"
                base_url = "\(leaky.baseURL)"
                api_key_location = "env::UP_KEY"
                """
            try await LiveGateway.run(toml, environment: ["UP_KEY": "upstream-credential-1"]) { gateway in
                let answer = try await gateway.chat("up::any")
                #expect(answer.status >= 400 && !answer.text.contains("upstream-credential-1"))
                #expect(!answer.head.contains("upstream-credential-1"))
            }
            await leaky.stop()
        }

        @Test("a caller's request id is kept only if it is well formed", arguments: ["abc-DEF_1.2", "a b", "ü", ""])
        func requestID(id: String) async throws {
            try await LiveGateway.run { gateway, upstream in
                let answer = try await gateway.chat("up::ok", fields: ["x-request-id: \(id)"])
                #expect(answer.status == 200 || id == "ü")
                #expect((answer["x-request-id"] == id) == (id == "abc-DEF_1.2"))
                #expect(upstream.journal.requests.allSatisfy { $0.values(of: "x-request-id").isEmpty })
            }
        }

        @Test("every mount leads to the same place", arguments: ["/v1", "/ai/v1", "/openai/v1"])
        func mounts(base: String) async throws {
            try await LiveGateway.run { gateway, _ in
                let body = ChatFixtures.request(model: "up::ok")
                let answer = try await gateway.exchange(LiveRequest.chat(body, path: base + "/chat/completions"))
                #expect(answer.status == 200 && answer.body == ChatFixtures.answer)
            }
        }
    }
}
