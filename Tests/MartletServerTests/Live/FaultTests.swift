import MartletTesting
import Testing

extension Live {
    /// What an upstream may do before the commit point, and what the caller is told.
    @Suite("Faults before the commit point")
    struct Faults {
        struct Case: Sendable, CustomTestStringConvertible {
            var model: String
            var stream = false
            var status: Int
            var code: String?
            var attempts = 1
            /// The value of `x-should-retry`.
            var shouldRetry: String? = "false"
            /// Where `retry-after` must lie; `nil` when there must be none.
            var retryAfter: ClosedRange<Int>?
            /// Whether the upstream's own body is shown, byte for byte.
            var passesBody = false

            var testDescription: String { "\(model)\(stream ? " stream" : "") → \(status)" }

            var asStream: Case {
                var copy = self
                copy.stream = true
                return copy
            }
        }

        private static func failed(_ model: String, _ attempts: Int, _ code: String = "provider_error") -> Case {
            Case(model: model, status: 502, code: code, attempts: attempts)
        }

        private static func overloaded(_ model: String, _ attempts: Int) -> Case {
            Case(
                model: model,
                status: 503,
                code: "overloaded",
                attempts: attempts,
                retryAfter: 5...5
            )
        }

        private static func passed(_ status: Int, _ model: String, _ code: String = "scripted") -> Case {
            Case(model: model, status: status, code: code, passesBody: true)
        }

        private static func limited(_ model: String, _ attempts: Int, wait: ClosedRange<Int>) -> Case {
            Case(
                model: model,
                status: 429,
                code: "rate_limit_exceeded",
                attempts: attempts,
                shouldRetry: nil,
                retryAfter: wait,
                passesBody: true
            )
        }

        /// The same for whole answers and streams.
        static let both: [Case] =
            [500, 502, 503, 504, 408, 425].map { failed("status-\($0)", 2) }
            + [overloaded("status-529", 2)]
            + [401, 403].map { failed("status-\($0)", 1, "provider_auth_error") }
            + [402, 405, 418, 451].map { failed("status-\($0)", 1) }
            + [400, 404, 409, 413, 422].map { passed($0, "status-\($0)") }
            + [
                failed("quota", 1),
                passed(400, "context-length", "context_length_exceeded"),
                passed(400, "content-filter", "content_filter"),
                // No wait was named: ten seconds are assumed.
                limited("rate-limit", 1, wait: 10...10),
                limited("rate-limit-seconds:7", 1, wait: 7...7),
                limited("rate-limit-date:40", 1, wait: 38...40),
                // Short waits are waited for, once.
                limited("rate-limit-ms:20", 2, wait: 1...1),
                limited("rate-limit-seconds:0", 2, wait: 1...1),
                limited("rate-limit-date:-40", 2, wait: 1...1),
                // Beyond an hour is no wait to believe.
                limited("rate-limit-seconds:4000", 1, wait: 3_600...3_600),
                failed("redirect", 1), failed("wrong-type", 1), failed("not-json", 1), failed("empty", 1),
                failed("gzip", 1), failed("switching", 1), failed("double-length", 1), failed("length-and-chunked", 1),
                failed("bad-chunk", 1), failed("big-head", 1),
                failed("cut-early", 2), failed("reset", 2),
            ]

        /// What differs for whole answers.
        static let whole: [Case] = [
            failed("cut", 2), failed("reset-midway", 2), failed("length-long", 2), failed("length-short", 1),
        ]

        /// What differs for streams.
        static let streams: [Case] = [
            failed("role-only", 1).asStream, failed("length-short", 2).asStream,
            failed("error-first:server_error", 2).asStream,
            failed("error-first:invalid_api_key", 1, "provider_auth_error").asStream,
            failed("error-first:insufficient_quota", 1).asStream,
            Case(
                model: "error-first:rate_limit_exceeded",
                stream: true,
                status: 429,
                code: "rate_limit_exceeded",
                shouldRetry: nil,
                retryAfter: 10...10,
                passesBody: true
            ),
            passed(400, "error-first:context_length_exceeded", "context_length_exceeded").asStream,
            passed(400, "error-first:content_filter", "content_filter").asStream,
            passed(404, "error-first:model_not_found", "model_not_found").asStream,
        ]

        static let all = both + both.map(\.asStream) + whole + streams

        @Test("are answered with status, code, fields and attempts of the failure table", arguments: all)
        func table(fault: Case) async throws {
            try await LiveGateway.run { gateway, upstream in
                let answer = try await gateway.chat("up::\(fault.model)", stream: fault.stream)
                #expect(answer.status == fault.status)
                #expect(answer.errorCode == fault.code)
                #expect(answer.isComplete && answer["content-type"] == "application/json")
                answer.expectCommonFields()
                #expect(answer["x-cache"] == "OFF")
                #expect(answer["x-provider"] == "up" && answer["x-model-source"] == "local")
                #expect(answer["x-gateway-model"] == fault.model && answer["x-gateway-route"] == "local")
                #expect(answer["x-gateway-attempts"] == "\(fault.attempts)")
                #expect(answer["x-should-retry"] == fault.shouldRetry)
                if let wait = fault.retryAfter {
                    let seconds = answer["retry-after"].flatMap { Int($0) }
                    #expect(seconds.map(wait.contains) == true, "retry-after \(answer["retry-after"] ?? "missing")")
                } else {
                    #expect(answer["retry-after"] == nil)
                }
                if fault.passesBody {
                    let type = fault.model.hasPrefix("rate-limit") ? "rate_limit_error" : "invalid_request_error"
                    #expect(answer.body == UpstreamScript.errorBody(code: fault.code ?? "", type: type))
                } else {
                    #expect(!answer.text.contains("127.0.0.1") && !answer.text.contains("scripted"))
                    #expect(answer.error["param"] != nil && answer.error["message"] is String)
                }
                #expect(upstream.journal.requests.count == fault.attempts)
            }
        }

        @Test("a provider that cannot be reached is tried twice and answered with 502", arguments: [false, true])
        func refused(stream: Bool) async throws {
            // A port that was free a moment ago.
            let gone = try await ScriptedUpstream.start()
            await gone.stop()
            let toml = """
                [gateway.providers.up]
                type = "openai_compatible"
                base_url = "\(gone.baseURL)"
                """
            try await LiveGateway.run(toml) { gateway in
                let answer = try await gateway.chat("up::ok", stream: stream)
                #expect(answer.status == 502 && answer.errorCode == "provider_error")
                #expect(answer["x-gateway-attempts"] == "2")
            }
        }

        @Test(
            "a silent provider is not asked twice and answered with 504",
            arguments: [
                ("silent", false, "timeout_s = 0.2"), ("half-body", false, "timeout_s = 0.2"),
                ("head-only", false, "timeout_s = 0.2"), ("silent", true, "first_token_timeout_s = 0.2"),
                ("head-only", true, "first_token_timeout_s = 0.2"), ("role-hold", true, "first_token_timeout_s = 0.2"),
                ("role-hold", true, "timeout_s = 0.2"),
            ]
        )
        func silence(model: String, stream: Bool, limit: String) async throws {
            try await LiveGateway.run(account: limit) { gateway, upstream in
                let answer = try await gateway.chat("up::\(model)", stream: stream)
                #expect(answer.status == 504 && answer.errorCode == "provider_timeout")
                #expect(answer["x-should-retry"] == "false" && answer["x-gateway-attempts"] == "1")
                #expect(upstream.journal.requests.count == 1)
                #expect(await upstream.wait { $0.connections[0].closedByPeer != nil })
            }
        }

        @Test("the head of a whole answer has its own limit if one is set")
        func responseHead() async throws {
            let toml = "response_head_timeout_s = 0.2"
            try await LiveGateway.run(toml: toml) { gateway, upstream in
                let answer = try await gateway.chat("up::silent")
                #expect(answer.status == 504 && answer.errorCode == "provider_timeout")
                #expect(upstream.journal.requests.count == 1)
            }
        }

        @Test("a failure that passes is not seen", arguments: [false, true])
        func flaky(stream: Bool) async throws {
            try await LiveGateway.run { gateway, upstream in
                let answer = try await gateway.chat("up::flaky:1", stream: stream)
                #expect(answer.status == 200 && answer["x-gateway-attempts"] == "2")
                #expect(upstream.journal.requests.count == 2)
                // A 500 with a length leaves its connection usable.
                #expect(upstream.journal.connections.count == 1)
            }
        }

        @Test(
            "oddities that are no faults",
            arguments: [("interim", false), ("interim", true), ("trailing", false), ("slow-head:50", false)]
        )
        func harmless(model: String, stream: Bool) async throws {
            try await LiveGateway.run { gateway, upstream in
                for _ in 0..<2 {
                    let answer = try await gateway.chat("up::\(model)", stream: stream)
                    #expect(answer.status == 200 && answer["x-gateway-attempts"] == "1")
                    if !stream { #expect(answer.body == ChatFixtures.answer) }
                }
                // A connection with bytes nobody asked for is not used again.
                if model == "trailing" { #expect(upstream.journal.connections.count == 2) }
            }
        }
    }
}
