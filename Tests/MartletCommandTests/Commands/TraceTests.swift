import Synchronization
import Testing

@testable import MartletCommand

@Suite struct TraceTests {
    private static let found = ScriptedGateway.Answer(parts: [
        #"{"object":"request","id":"019a9e1c-5b3e-7d61-9c1e-6a0f3f2f4b10","client_request_id":"order-7","matches":3,"#,
        #""other_ids":["019a0000-0000-7000-8000-000000000002","019a0000-0000-7000-8000-000000000001"],"#,
        #""state":"settled","received_at":"2026-11-20T12:00:00.007Z","key":"static","endpoint":"chat_completions","#,
        #""model":"pair","stream":true,"provider":"two","model_name":"ok","route":"cloud","status":200,"#,
        #""duration_ms":893,"first_token_ms":40,"usage":{"input_tokens":11,"output_tokens":7,"estimated":false},"#,
        #""cost_usd":"0.000138","attempt_count":2,"attempts":[{"number":1,"provider":"one","model_name":"bad\u001b[2J","#,
        #""began_ms":1,"sent_ms":3,"ended_ms":21,"outcome":"server_error","status":503},{"number":2,"provider":"two","#,
        #""model_name":"ok","began_ms":21,"sent_ms":22,"answered_ms":62,"ended_ms":893,"outcome":"answered","#,
        #""status":200}],"trace":[{"at_ms":0,"code":"planned","text":"planned 2 targets; reason: named"},"#,
        #"{"at_ms":893,"code":"ended","text":"answered in full, status 200"}],"trace_cut":false}"#,
    ])

    /// Runs a command line against a gateway that gives this answer; tells what was asked, too.
    private func run(
        _ answer: ScriptedGateway.Answer,
        _ arguments: [String]
    ) async throws -> (code: Int32, output: String, error: String, path: String, key: String?) {
        let seen = Mutex<(path: String, key: String?)>(("", nil))
        return try await ScriptedGateway.serving { request in
            seen.withLock { $0 = (request.path, request.headers["authorization"]) }
            return answer
        } _: { url in
            let captured = CapturedConsole(environment: ["MARTLET_BASE_URL": url, "ADMIN_KEY": "operator"])
            let code = await CommandLineRun.run(["trace"] + arguments, console: captured.console)
            let (path, key) = seen.withLock { $0 }
            return (code, captured.output, captured.error, path, key)
        }
    }

    @Test func `tells the request, its attempts and each decision on a line of its own`() async throws {
        let told = try await run(Self.found, ["order-7"])
        #expect(told.code == 0 && told.path == "/admin/requests/order-7" && told.key == "Bearer operator")
        #expect(
            told.output == """
                request   019a9e1c-5b3e-7d61-9c1e-6a0f3f2f4b10 (x-request-id order-7)
                received  2026-11-20T12:00:00.007Z
                asked     pair (chat_completions, stream) by key static
                state     settled, status 200, after 893 ms (first content 40 ms after sending)
                target    two (ok), cloud
                usage     11 tokens in, 7 out, $0.000138

                #  PROVIDER  MODEL   BEGAN   SENT    ANSWERED  ENDED    OUTCOME
                1  one       bad[2J  +1 ms   +3 ms             +21 ms   server_error (503)
                2  two       ok      +21 ms  +22 ms  +62 ms    +893 ms  answered (200)

                  +0 ms  planned 2 targets; reason: named
                +893 ms  answered in full, status 200

                3 requests have this id; this is the newest. The others:
                019a0000-0000-7000-8000-000000000002
                019a0000-0000-7000-8000-000000000001

                """
        )
    }

    @Test func `prints the document as it came`() async throws {
        let told = try await run(Self.found, ["order-7", "--json"])
        #expect(told.code == 0 && told.output == Self.found.parts.joined() + "\n")
    }

    @Test func `an id that the gateway does not know is not found`() async throws {
        let error = #"{"error":{"message":"There is no record.","type":"invalid_request_error","code":"not_found"}}"#
        let told = try await run(ScriptedGateway.Answer(status: 404, parts: [error]), ["nobody"])
        #expect(told.code == 5 && told.output.isEmpty && told.error.contains("There is no record."))
        #expect(!told.error.contains("models list"))
        let refused = try await run(ScriptedGateway.Answer(status: 401, parts: [error]), ["nobody"])
        #expect(refused.code == 4)
    }

    @Test(arguments: ["", "a b", "../keys", "a/b", "..", String(repeating: "x", count: 129)])
    func `what no id can be is a usage error, and nothing is asked`(id: String) async throws {
        let told = try await run(Self.found, [id])
        #expect(told.code == 64 && told.path.isEmpty)
    }

    @Test func `what is no gateway's answer is a failure`() async throws {
        #expect(try await run(ScriptedGateway.Answer(parts: ["[]"]), ["x"]).code == 1)
        #expect(try await run(ScriptedGateway.Answer(parts: [#"{"object":"request"}"#]), ["x"]).code == 1)
    }
}
