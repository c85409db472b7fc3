import Foundation
import MartletTesting
import Testing

extension Live {
    /// Pictures by address, and answers by a schema, for targets that know neither.
    @Suite("Help for targets")
    struct Help {
        private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

        private static func whole(_ body: [UInt8], _ type: String = "application/json") -> UpstreamScript {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: \(type)\r\ncontent-length: \(body.count)\r\n\r\n"
            return UpstreamScript([.write(Array(head.utf8) + body)])
        }

        /// Runs a gateway with an account `up` of a type at a server that answers by a script.
        private func run(
            _ type: String,
            _ toml: String = "",
            script: @escaping ScriptedUpstream.ScriptSource,
            _ body: (LiveGateway, ScriptedUpstream) async throws -> Void
        ) async throws {
            let upstream = try await ScriptedUpstream.start(script: script)
            let base = type == "ollama" ? String(upstream.baseURL.dropLast(3)) : upstream.baseURL
            let text = """
                [gateway]
                \(toml.replacing("PORT", with: String(upstream.port)))
                [gateway.providers.up]
                type = "\(type)"
                base_url = "\(base)"
                api_key_location = "env::UP_KEY"
                """
            let outcome: Result<Void, any Error>
            do {
                outcome = .success(
                    try await LiveGateway.run(text, environment: ["UP_KEY": "sk-up-0123456789"]) {
                        try await body($0, upstream)
                    }
                )
            } catch { outcome = .failure(error) }
            await upstream.stop()
            try outcome.get()
        }

        private func post(_ gateway: LiveGateway, _ body: String) async throws -> RawResponse {
            try await gateway.exchange(LiveRequest.chat(Array(body.utf8)))
        }

        private func picture(_ port: Int) -> String {
            #"{"model":"up::tiny","messages":[{"role":"user","content":[{"type":"image_url","image_url":"#
                + #"{"url":"http://127.0.0.1:\#(port)/a.png"}}]}]}"#
        }

        private static let ollama = Array(
            (#"{"model":"tiny","created_at":"2026-11-20T10:00:00Z","message":{"role":"assistant","content":"A cat."},"#
                + #""done":true,"done_reason":"stop","prompt_eval_count":4,"eval_count":2}"#).utf8
        )

        @Test("a picture by address reaches Ollama as bytes once the operator allows its host")
        func media() async throws {
            let script: ScriptedUpstream.ScriptSource = { request, _ in
                request.requestLine.hasPrefix("GET") ? Self.whole(Self.png, "image/png") : Self.whole(Self.ollama)
            }
            let toml = "fetch_media = true\nfetch_media_hosts = [\"127.0.0.1:PORT\"]"
            try await run("ollama", toml, script: script) { gateway, upstream in
                let answer = try await post(gateway, picture(upstream.port))
                #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
                let lines = upstream.journal.requests.map(\.requestLine)
                #expect(lines == ["GET /a.png HTTP/1.1", "POST /api/chat HTTP/1.1"])
                let sent = String(decoding: upstream.journal.requests.last?.body ?? [], as: UTF8.self)
                #expect(sent.contains(#""images":["iVBORw0KGgo="]"#))
                let fields = upstream.journal.requests.first?.fields.map { $0.name.lowercased() } ?? []
                #expect(!fields.contains("authorization") && !fields.contains("cookie"))
            }
        }

        @Test("without leave, and without a host's, nothing is fetched", arguments: ["", "fetch_media = true"])
        func refused(toml: String) async throws {
            try await run("ollama", toml, script: { _, _ in Self.whole(Self.ollama) }) { gateway, upstream in
                let answer = try await post(gateway, picture(upstream.port))
                #expect(answer.status == 400 && answer.errorCode == "url_not_allowed")
                #expect(answer.error["param"] as? String == "messages[0].content[0]")
                #expect(upstream.journal.requests.isEmpty)
            }
        }

        @Test("an answer of the wrong shape is asked for once more on the wire")
        func repair() async throws {
            let script: ScriptedUpstream.ScriptSource = { request, _ in
                let again = request.body.firstRange(of: Array("tool_result".utf8)) != nil
                let input = again ? #"{"city":"Rome"}"# : #"{"town":"Rome"}"#
                return Self.whole(
                    Array(
                        (#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-3-haiku","content":[{"type":"#
                            + #""tool_use","id":"t1","name":"place","input":\#(input)}],"stop_reason":"tool_use","#
                            + #""usage":{"input_tokens":10,"output_tokens":5}}"#).utf8
                    )
                )
            }
            try await run("anthropic", script: script) { gateway, upstream in
                let body =
                    #"{"model":"up::claude-3-haiku-20240307","messages":[{"role":"user","content":"Where?"}],"#
                    + #""response_format":{"type":"json_schema","json_schema":{"name":"place","schema":{"type":"object","#
                    + #""properties":{"city":{"type":"string"}},"required":["city"]}}}}"#
                let answer = try await post(gateway, body)
                #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
                let usage = answer.json["usage"] as? [String: Any]
                #expect(usage?["total_tokens"] as? Int == 30)
                let choice = (answer.json["choices"] as? [[String: Any]])?.first?["message"] as? [String: Any]
                #expect(choice?["content"] as? String == #"{"city":"Rome"}"#)
                #expect(upstream.journal.requests.count == 2)
                // The connection of the first answer serves the second.
                #expect(Set(upstream.journal.requests.map(\.connection)).count == 1)
            }
        }

        @Test("a large request is translated off the loop and arrives whole")
        func large() async throws {
            let script: ScriptedUpstream.ScriptSource = { _, _ in Self.whole(Self.ollama) }
            try await run("ollama", script: script) { gateway, upstream in
                let text = String(repeating: "word ", count: 100_000)
                let body = #"{"model":"up::tiny","messages":[{"role":"user","content":"\#(text)"}]}"#
                let answer = try await post(gateway, body)
                #expect(answer.status == 200)
                #expect(upstream.journal.requests.first?.body.count ?? 0 > 500_000)
            }
        }
    }
}
