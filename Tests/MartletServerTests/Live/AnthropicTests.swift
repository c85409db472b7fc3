import Foundation
import MartletTesting
import Testing

@testable import MartletServer

extension Live {
    /// What Anthropic's clients call.
    @Suite("Anthropic's clients")
    struct Anthropic {
        private func run<Result>(
            dataDirectory: String? = nil,
            _ upstream: ScriptedUpstream,
            _ body: (LiveGateway) async throws -> Result
        ) async throws -> Result {
            let toml = """
                [reliability]
                retry = { base_delay_s = 0.001 }
                [gateway.providers.claude]
                type = "anthropic"
                base_url = "\(upstream.baseURL)"
                api_key_location = "env::UPSTREAM_KEY"
                [gateway.providers.chat]
                type = "openai_compatible"
                base_url = "\(upstream.baseURL)"
                [models.claude]
                routing = ["claude"]
                [models.claude.providers.claude]
                model_name = "message"
                [models.chat]
                routing = ["chat"]
                [models.chat.providers.chat]
                model_name = "ok"
                """
            return try await LiveGateway.run(
                toml,
                environment: ["UPSTREAM_KEY": "upstream-key"],
                dataDirectory: dataDirectory,
                body
            )
        }

        private func post(
            _ gateway: LiveGateway,
            _ model: String,
            path: String = "/v1/messages",
            extra: String = ""
        ) async throws -> RawResponse {
            let body = #"{"model":"\#(model)","max_tokens":9,"messages":[{"role":"user","content":"hi"}]\#(extra)}"#
            let fields = ["anthropic-version: 2026-10-21", "anthropic-beta: message-threads-2026-08-12"]
            return try await gateway.exchange(LiveRequest.chat(Array(body.utf8), path: path, fields: fields))
        }

        private func details(_ answer: RawResponse) -> String? {
            (answer.error["details"] as? [String: Any])?["error_code"] as? String
        }

        @Test("a thread goes on after a restart, for the key that began it; unknown ones are not found")
        func threads() async throws {
            let upstream = try await ScriptedUpstream.start()
            let resume = #","thread":{"type":"continue","previous_message_id":"msg_scripted"}"#
            let directory = FileManager.default.temporaryDirectory.appending(path: "martlet-live-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: directory) }
            try await run(dataDirectory: directory.path, upstream) { first in
                #expect(try await post(first, "chat", extra: resume).status == 400)
                let unknown = try await post(first, "claude", extra: resume)
                #expect(unknown.status == 404 && details(unknown) == "thread_not_found")
                #expect(try await post(first, "claude", extra: #","thread":{"type":"create"}"#).status == 200)
                #expect(try await post(first, "claude", extra: resume).status == 200)
            }
            try await run(dataDirectory: directory.path, upstream) { second in
                let resumed = try await post(second, "claude", extra: resume)
                #expect(resumed.status == 200)
            }
            #expect(upstream.journal.requests.count == 3)
            for request in upstream.journal.requests {
                #expect(request.requestLine == "POST /v1/messages HTTP/1.1")
                #expect(request.values(of: "anthropic-version") == ["2026-10-21"])
                #expect(request.values(of: "anthropic-beta") == ["message-threads-2026-08-12"])
                #expect(request.values(of: "x-api-key") == ["upstream-key"])
                #expect(request.values(of: "authorization").isEmpty)
            }
            await upstream.stop()
        }

        @Test("lists, greetings, counts and errors have their shape")
        func shapes() async throws {
            let upstream = try await ScriptedUpstream.start()
            try await run(upstream) { gateway in
                let list = try await gateway.exchange(LiveRequest.head("GET /anthropic/v1/models?limit=1000"))
                #expect(list.status == 200 && list.json["has_more"] as? Bool == false)
                let hello = try await gateway.exchange(
                    Array("HEAD /api/hello HTTP/1.1\r\nhost: localhost\r\n\r\n".utf8),
                    isHead: true
                )
                #expect(hello.status == 200 && hello.body.isEmpty)
                let count = try await post(gateway, "chat", path: "/v1/messages/count_tokens")
                #expect(count.status == 200 && count["x-gateway-estimated"] == "1")
                #expect(count.json["input_tokens"] as? Int == 5)
                for head in ["GET /anthropic/v1/none", "GET /v1/messages", "GET /v1/messages/none"] {
                    let answer = try await gateway.exchange(LiveRequest.head(head))
                    #expect(answer.json["type"] as? String == "error" && answer.status >= 404, "\(head)")
                    #expect(answer.json["request_id"] as? String == answer["request-id"], "\(head)")
                }
                let refused = try await gateway.exchange(LiveRequest.head("GET /anthropic/v1/models", key: "wrong"))
                #expect(refused.status == 401 && refused.error["type"] as? String == "authentication_error")
            }
            await upstream.stop()
        }
    }
}
