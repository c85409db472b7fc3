import Foundation
import Testing

@testable import MartletCommand

@Suite struct AIRespondTests {
    private let answer = ScriptedGateway.Answer(
        headers: ["content-type": "application/json"],
        parts: [
            #"{"id":"resp_1","object":"response","status":"completed","error":null,"output":[{"type":"reasoning","#,
            #""summary":[{"type":"summary_text","text":"hm"}]},{"type":"message","role":"assistant","content":["#,
            #"{"type":"output_text","text":"yes"}]}],"usage":{"input_tokens":3,"output_tokens":1}}"#,
        ]
    )

    private static func event(_ json: String) -> String { "data: \(json)\n\n" }
    private let stream = ScriptedGateway.Answer(
        headers: ["content-type": "text/event-stream"],
        parts: [
            event(
                #"{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","status":"in_progress"}}"#
            ),
            event(#"{"type":"response.reasoning_summary_text.delta","delta":"hm"}"#),
            event(#"{"type":"response.output_text.delta","delta":"one "}"#),
            event(#"{"type":"response.output_text.delta","delta":"two"}"#),
            event(#"{"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[]}}"#),
        ]
    )

    /// Runs a command line against a gateway that gives this answer.
    private func run(
        _ answer: ScriptedGateway.Answer,
        _ more: [String] = []
    ) async throws -> (code: Int32, captured: CapturedConsole, request: ScriptedGateway.Request?) {
        let seen = SeenRequest()
        return try await ScriptedGateway.serving { request in
            seen.set(request)
            return answer
        } _: { url in
            let captured = CapturedConsole(environment: ["MARTLET_BASE_URL": url, "MARTLET_API_KEY": "sk-mt-own"])
            let arguments = ["ai", "respond", "m", "--prompt", "q"] + more
            let code = await CommandLineRun.run(arguments, console: captured.console)
            return (code, captured, seen.get())
        }
    }

    @Test func `a response prints its text alone`() async throws {
        let (code, captured, request) = try await run(answer)
        #expect(code == 0)
        #expect(captured.output == "yes\n" && captured.error == "")
        #expect(request?.method == "POST" && request?.path == "/v1/responses")
        #expect(request?.body == #"{"model":"m","input":"q","stream":false}"#)
    }

    @Test func `what is asked for stands in the request`() async throws {
        let more = ["--system", "s", "--previous", "resp_0", "--max-tokens", "5", "--no-store"]
        let (_, _, request) = try await run(answer, more)
        #expect(
            request?.body == #"{"model":"m","input":"q","instructions":"s","previous_response_id":"resp_0","#
                + #""max_output_tokens":5,"store":false,"stream":false}"#
        )
    }

    @Test func `with --json it is the gateway's own document`() async throws {
        let (code, captured, _) = try await run(answer, ["--json"])
        #expect(code == 0)
        #expect(captured.output == answer.parts.joined() + "\n")
    }

    @Test func `a stream prints its text as it comes, and thinking where it is asked for`() async throws {
        let (code, captured, _) = try await run(stream, ["--stream", "--show-reasoning"])
        #expect(code == 0)
        #expect(captured.output == "one two\n" && captured.error == "hm\n")
        let (_, lines, _) = try await run(stream, ["--stream", "--json"])
        #expect(lines.output.split(separator: "\n").count == stream.parts.count)
    }

    @Test func `a stream without its end broke off`() async throws {
        var cut = stream
        cut.parts.removeLast()
        let (code, captured, _) = try await run(cut, ["--stream"])
        #expect(code == 6)
        #expect(captured.output == "one two\n" && captured.error.hasPrefix("error: the stream broke off"))
    }

    @Test func `a failed response is the provider's failure, whole or streamed`() async throws {
        let failed = #"{"status":"failed","error":{"code":"server_error","message":"gone"},"output":[]}"#
        var broken = stream
        broken.parts[4] = Self.event(#"{"type":"response.failed","response":\#(failed)}"#)
        for (answer, more) in [(broken, ["--stream"]), (ScriptedGateway.Answer(parts: [failed]), [])] {
            let (code, captured, _) = try await run(answer, more)
            #expect(code == 6)
            #expect(captured.error.contains("gone"))
        }
    }

    @Test func `an answer at its limit is printed with a warning`() async throws {
        var short = stream
        short.parts[4] = Self.event(
            #"{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}}"#
        )
        let (code, captured, _) = try await run(short, ["--stream"])
        #expect(code == 0)
        #expect(captured.output == "one two\n" && captured.error.contains("limit of tokens"))
    }
}
