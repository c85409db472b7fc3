import MartletTesting
import Testing

extension Live {
    /// Routes beside chats, over sockets.
    @Suite("Vectors, gaps and Ollama's pages")
    struct Surfaces {
        @Test("a request for vectors reaches the upstream as it came; what is no vector is not passed on")
        func vectors() async throws {
            try await LiveGateway.run { gateway, upstream in
                // The scripted server answers with a chat, which is no vector: its answer is refused, not passed on.
                let body = Array(#"{"model":"up::ok","input":["a","b"]}"#.utf8)
                let answer = try await gateway.exchange(LiveRequest.chat(body, path: "/v1/embeddings"))
                #expect(answer.status == 502 || answer.status == 503)
                let request = try #require(upstream.journal.requests.first)
                #expect(request.requestLine == "POST /v1/embeddings HTTP/1.1")
                #expect(request.body == Array(#"{"model":"ok","input":["a","b"]}"#.utf8))
            }
        }

        @Test("the built-in model gives vectors on every route", arguments: Transport.allCases)
        func mock(over transport: Transport) async throws {
            try await LiveGateway.run("", over: transport) { gateway in
                for mount in ["/v1", "/ai/v1", "/openai/v1"] {
                    let body = Array(#"{"model":"mock","input":["a","b"]}"#.utf8)
                    let answer = try await gateway.exchange(LiveRequest.chat(body, path: mount + "/embeddings"))
                    #expect(answer.status == 200)
                    #expect((answer.json["data"] as? [Any])?.count == 2)
                    answer.expectCommonFields()
                }
                let body = Array(#"{"model":"mock:latest","input":"a"}"#.utf8)
                let answer = try await gateway.exchange(LiveRequest.chat(body, path: "/api/embed"))
                #expect(((answer.json["embeddings"] as? [[Any]])?.first)?.count == 8)
            }
        }

        @Test("Ollama's clients find a server, its version and its models")
        func pages() async throws {
            try await LiveGateway.run("") { gateway in
                let head = try await gateway.exchange(LiveRequest.head("HEAD /"), isHead: true)
                #expect(head.status == 200 && head.body.isEmpty)
                let tags = try await gateway.exchange(LiveRequest.head("GET /api/tags"))
                #expect((tags.json["models"] as? [[String: Any]])?.contains { $0["name"] as? String == "mock" } == true)
                let show = Array(#"{"model":"mock"}"#.utf8)
                let shown = try await gateway.exchange(LiveRequest.chat(show, path: "/api/show"))
                #expect(shown.status == 200 && shown.json["details"] != nil)
                let none = Array("POST /api/show HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\n\r\n".utf8)
                let refused = try await gateway.exchange(none)
                #expect(refused.status == 401 && refused.json["error"] is String)
            }
        }

        @Test("a gap is filled on each mount")
        func gap() async throws {
            try await LiveGateway.run("") { gateway in
                let body = Array(#"{"model":"mock","prompt":"def f(","suffix":"return"}"#.utf8)
                for mount in ["/v1", "/ai/v1", "/openai/v1"] {
                    let answer = try await gateway.exchange(LiveRequest.chat(body, path: mount + "/fim/completions"))
                    #expect(answer.status == 200)
                    #expect(answer.json["object"] as? String == "chat.completion")
                }
            }
        }
    }
}
