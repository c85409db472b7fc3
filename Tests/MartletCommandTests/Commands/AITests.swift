import Foundation
import Synchronization
import Testing

@testable import MartletCommand

@Suite struct AITests {
    private let answer = ScriptedGateway.Answer(
        headers: [
            "content-type": "application/json", "x-provider": "mock", "x-gateway-model": "m-1",
            "x-gateway-cost-usd": "0.000012", "x-request-id": "r1",
        ],
        parts: [
            #"{"choices":[{"message":{"content":"yes"},"finish_reason":"stop"}],"#,
            #""usage":{"prompt_tokens":3,"completion_tokens":1}}"#,
        ]
    )
    private let stream = ScriptedGateway.Answer(
        headers: ["content-type": "text/event-stream"],
        parts: [
            "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"reasoning_content\":\"hm\"}}]}\n\n",
            "data: {\"choices\":[{\"delta\":{\"content\":\"one \"}}]}\n\n",
            "data: {\"choices\":[{\"delta\":{\"content\":\"two\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        ]
    )

    /// Runs a command line against a gateway that gives this answer.
    private func run(
        _ answer: ScriptedGateway.Answer,
        _ arguments: [String],
        isTerminal: Bool = false,
        input: String? = nil,
        outputCloses: Int = .max
    ) async throws -> (code: Int32, captured: CapturedConsole, request: ScriptedGateway.Request?) {
        let seen = SeenRequest()
        return try await ScriptedGateway.serving { request in
            seen.set(request)
            return answer
        } _: { url in
            let captured = CapturedConsole(
                environment: ["MARTLET_BASE_URL": url, "MARTLET_API_KEY": "sk-mt-own", "TERM": "xterm"],
                isTerminal: isTerminal,
                input: input,
                outputCloses: outputCloses
            )
            let code = await CommandLineRun.run(arguments, console: captured.console)
            return (code, captured, seen.get())
        }
    }

    @Test func `a text becomes a vector: its dimensions, then its numbers as they came`() async throws {
        let body = #"{"object":"list","data":[{"index":0,"embedding":[0.5, -1e-3]}],"usage":{"prompt_tokens":1}}"#
        let vector = ScriptedGateway.Answer(parts: [body])
        let (code, captured, request) = try await run(vector, ["ai", "embed", "m", "hi", "--dimensions", "2"])
        #expect(code == 0)
        #expect(captured.output == "dimensions: 2\n[0.5, -1e-3]\n" && captured.error == "")
        #expect(request?.path == "/v1/embeddings")
        #expect(request?.body == #"{"model":"m","input":"hi","dimensions":2}"#)
        let piped = try await run(vector, ["ai", "embed", "m", "--json"], input: "more\n")
        #expect(piped.captured.output == body + "\n")
        #expect(piped.request?.body == #"{"model":"m","input":"more"}"#)
        #expect(try await run(vector, ["ai", "embed", "m"]).code == 64)
        #expect(try await run(answer, ["ai", "embed", "m", "hi"]).code == 1, "a chat is no vector")
    }

    @Test func `a chat prints the answer alone`() async throws {
        let (code, captured, request) = try await run(answer, ["ai", "chat", "m", "--prompt", "q"], input: "more\n")
        #expect(code == 0)
        #expect(captured.output == "yes\n" && captured.error == "")
        #expect(request?.method == "POST" && request?.path == "/v1/chat/completions")
        #expect(request?.headers["authorization"] == "Bearer sk-mt-own")
        #expect(request?.headers["content-type"] == "application/json")
        #expect(request?.body == #"{"model":"m","messages":[{"role":"user","content":"q\nmore"}],"stream":false}"#)
    }

    @Test func `with --json a chat prints the gateway's own document`() async throws {
        let (code, captured, _) = try await run(answer, ["ai", "chat", "m", "--prompt", "q", "--json"])
        #expect(code == 0)
        #expect(captured.output == answer.parts.joined() + "\n")
    }

    @Test func `a stream prints its text and ends the line`() async throws {
        let (code, captured, _) = try await run(stream, ["ai", "chat", "m", "--prompt", "q", "--stream"])
        #expect(code == 0)
        #expect(captured.output == "one two\n" && captured.error == "")
    }

    @Test func `thinking goes to stderr when it is asked for`() async throws {
        let arguments = ["ai", "chat", "m", "--prompt", "q", "--stream", "--show-reasoning"]
        let (code, captured, _) = try await run(stream, arguments)
        #expect(code == 0)
        #expect(captured.output == "one two\n" && captured.error == "hm\n")
    }

    @Test func `with --json a stream is one event a line`() async throws {
        let (code, captured, _) = try await run(stream, ["ai", "chat", "m", "--prompt", "q", "--stream", "--json"])
        #expect(code == 0)
        let lines = captured.output.split(separator: "\n")
        #expect(lines.count == 3)
        for line in lines {
            let event = try json(String(line))
            #expect(event["choices"] != nil)
        }
    }

    @Test func `a terminal sees progress that is wiped, and no foreign escapes`() async throws {
        let hostile = ScriptedGateway.Answer(parts: [#"{"choices":[{"message":{"content":"\u001b[2Jyes"}}]}"#])
        let (code, captured, _) = try await run(hostile, ["ai", "chat", "m", "--prompt", "q"], isTerminal: true)
        #expect(code == 0)
        #expect(captured.output == "[2Jyes\n")
        #expect(captured.error == "\u{1b}[2masking m …\u{1b}[0m\r\u{1b}[K")
        let (_, plain, _) = try await run(
            hostile,
            ["ai", "chat", "m", "--prompt", "q", "--no-color"],
            isTerminal: true
        )
        #expect(plain.error == "asking m …\r\u{1b}[K")
    }

    @Test func `a stream that breaks off is exit code 3 or 6`() async throws {
        var cut = stream
        cut.parts.removeLast()
        let arguments = ["ai", "chat", "m", "--prompt", "q", "--stream"]
        let (ended, quiet, _) = try await run(cut, arguments)
        #expect(ended == 6)
        #expect(quiet.output == "one \n" && quiet.error.hasPrefix("error: the stream broke off"))
        cut.breaksOff = true
        let (reset, captured, _) = try await run(cut, arguments)
        #expect(reset == 3)
        // The client library may drop what it had not handed over when the connection breaks.
        #expect(["", "one \n"].contains(captured.output))
        #expect(captured.error.hasPrefix("error: the answer was cut off"))
    }

    @Test func `an error within a stream is the provider's`() async throws {
        var failing = stream
        failing.parts[2] = "data: {\"error\":{\"message\":\"gone\",\"code\":\"stream_interrupted\"}}\n\n"
        let (code, captured, _) = try await run(failing, ["ai", "chat", "m", "--prompt", "q", "--stream", "--json"])
        #expect(code == 6)
        let last = try #require(captured.output.split(separator: "\n").last)
        let error = try json(String(last))["error"] as? NSDictionary
        #expect(error?["code"] as? String == "stream_interrupted")
    }

    @Test(arguments: [
        (401, "unauthorized", 4), (404, "model_not_found", 5), (502, "provider_error", 6),
        (429, "rate_limit_exceeded", 7),
        (400, "invalid_value", 1),
    ])
    func `an error answer has its exit code, its words and its document`(
        status: Int,
        code: String,
        expected: Int32
    ) async throws {
        let refusal = ScriptedGateway.Answer(
            status: status,
            headers: ["content-type": "application/json", "x-request-id": "r1"],
            parts: [#"{"error":{"message":"so it is","type":"t","param":"p","code":"\#(code)"}}"#]
        )
        for arguments in [["ai", "chat", "m", "--prompt", "q"], ["ai", "chat", "m", "--prompt", "q", "--stream"]] {
            let (exit, captured, _) = try await run(refusal, arguments)
            #expect(exit == expected)
            #expect(captured.error.hasPrefix("error: so it is\n") && captured.error.contains("request id: r1"))
            #expect(captured.output == "")
        }
        let (exit, captured, _) = try await run(refusal, ["ai", "test", "m", "--prompt", "q", "--json"])
        #expect(exit == expected)
        let document = try json(captured.output)
        let error = try #require(document["error"] as? NSDictionary)
        #expect(error == ["message": "so it is", "type": "t", "param": "p", "code": code])
        #expect(document["status"] as? Int == status && document["request_id"] as? String == "r1")
    }

    @Test func `a test tells who answered and what it cost`() async throws {
        let (code, captured, _) = try await run(answer, ["ai", "test", "m", "--prompt", "ping"])
        #expect(code == 0)
        let lines = captured.output.split(separator: "\n").map(String.init)
        #expect(lines.first == "yes")
        #expect(lines.contains("provider\tmock") && lines.contains("model\tm-1") && lines.contains("cost\t$0.000012"))
        #expect(lines.contains("tokens\t3 in, 1 out") && lines.contains { $0.hasPrefix("latency\t") })
        let (_, document, _) = try await run(answer, ["ai", "test", "m", "--prompt", "ping", "--json"])
        let report = try json(document.output)
        #expect(report["text"] as? String == "yes" && report["provider"] as? String == "mock")
        #expect(report["input_tokens"] as? Int == 3 && report["cost_usd"] as? String == "0.000012")
    }

    @Test func `a reader that leaves ends the stream in silence`() async throws {
        let (code, captured, _) = try await run(
            stream,
            ["ai", "chat", "m", "--prompt", "q", "--stream"],
            outputCloses: 1
        )
        #expect(code == 141)
        #expect(captured.output == "one " && captured.error == "")
    }

    @Test func `models are listed one a line`() async throws {
        let list = ScriptedGateway.Answer(parts: [
            #"{"object":"list","data":[{"id":"mock","owned_by":"mock"},{"id":"a/b","context_window":8,"#
                + #""pricing":{"input_usd_per_mtok":"0.15","output_usd_per_mtok":"2","cache_read_usd_per_mtok":"0"},"#
                + #""capabilities":["stream","tools"],"retires":"2027-01-01"}]}"#
        ])
        let (code, captured, request) = try await run(list, ["ai", "models", "list"])
        #expect(code == 0)
        #expect(
            captured.output == "mock\tmock\ton\t\t\t\t\t\na/b\t\ton until 2027-01-01\t8\t0.15\t2\t0\tstream,tools\n"
        )
        #expect(request?.path == "/v1/models")
        let (_, document, _) = try await run(list, ["ai", "models", "list", "--json"])
        #expect(document.output == list.parts.joined() + "\n")
    }

    @Test func `with --all the registry is listed, also what cannot be asked`() async throws {
        let list = ScriptedGateway.Answer(parts: [
            #"{"object":"list","data":[{"id":"m","provider":"p","state":"off"},"#
                + #"{"id":"n","provider":"p","state":"retired","retired":"2026-01-01"}]}"#
        ])
        let (code, captured, request) = try await run(list, ["ai", "models", "list", "--all"])
        #expect(code == 0 && request?.path == "/admin/models")
        #expect(captured.output == "m\tp\toff\t\t\t\t\t\nn\tp\tretired 2026-01-01\t\t\t\t\t\n")
    }

    @Test func `the key can come from stdin, and then the prompt cannot`() async throws {
        let arguments = ["ai", "chat", "m", "--prompt", "q", "--key-stdin"]
        let (code, _, request) = try await run(answer, arguments, input: "sk-mt-piped\n")
        #expect(code == 0)
        #expect(request?.headers["authorization"] == "Bearer sk-mt-piped")
        #expect(request?.body.contains("piped") == false)
    }

    @Test(arguments: [("ok", 0), ("degraded", 0), ("draining", 1), ("unavailable", 1)] as [(String, Int32)])
    func `status shows the page, sends no key, and fails when requests are not taken`(
        status: String,
        expected: Int32
    ) async throws {
        let page = ScriptedGateway.Answer(
            status: expected == 0 ? 200 : 503,
            parts: [
                #"{"status":"\#(status)","version":"0.1.0","uptime_s":61,"components":{"#,
                #""spool":{"status":"ok","pending_records":2},"local":{"status":"absent","engine":null},"#,
                #""providers":{"main":{"status":"unknown"}}}}"#,
            ]
        )
        let (code, captured, request) = try await run(page, ["status"])
        #expect(code == expected)
        #expect(
            captured.output == "status\t\(status)\nversion\t0.1.0\nuptime\t1 min 1 s\nspool\tok, pending records 2\n"
                + "local\tabsent\nprovider main\tunknown\n"
        )
        #expect(request?.path == "/status" && request?.headers["authorization"] == nil)
        let (_, document, _) = try await run(page, ["status", "--json"])
        #expect(document.output == page.parts.joined() + "\n")
    }
}

extension AITests {
    @Test func `status shows which circuits are open and when they are tried next`() async throws {
        let page = ScriptedGateway.Answer(
            status: 200,
            parts: [
                #"{"status":"degraded","components":{"providers":{"main":{"status":"degraded","circuits":["#,
                #"{"model":"gpt-x","state":"open","next_try_s":75},{"model":"gpt-y","state":"half_open"},"#,
                #"{"model":"other","state":"open","cause":"quota","next_try_s":299}]},"#,
                #""spare":{"status":"ok"}}}}"#,
            ]
        )
        let (code, captured, _) = try await run(page, ["status"])
        #expect(code == 0)
        #expect(
            captured.output == "status\tdegraded\nprovider main\tdegraded\n"
                + "circuit main/gpt-x\topen, next try in 1 min 15 s\ncircuit main/gpt-y\thalf open\n"
                + "circuit main/other\topen, quota used up, next try in 4 min 59 s\nprovider spare\tok\n"
        )
    }
}

/// The last request that a test's server saw.
final class SeenRequest: Sendable {
    private let request = Mutex<ScriptedGateway.Request?>(nil)
    func set(_ new: ScriptedGateway.Request) { request.withLock { $0 = new } }
    func get() -> ScriptedGateway.Request? { request.withLock { $0 } }
}
