import Synchronization
import Testing

@testable import MartletCommand

@Suite struct AIAliasesTests {
    private static let models = ScriptedGateway.Answer(parts: [
        #"{"object":"list","data":[{"id":"gpt-4o","owned_by":"openai"},"#,
        #"{"id":"reasoning/cheapest","owned_by":"martlet","alias":{"strategy":"cheapest","sticky":false,"#,
        #""configured":true,"expected_tokens":{"input":3,"output":1},"targets":[{"model":"gpt-4o-mini"},"#,
        #"{"model":"claude-3-haiku","weight":2},{"model":"gone","state":"off"}]}},"#,
        #"{"id":"auto","owned_by":"martlet","alias":{"strategy":"auto","targets":[{"model":"cloud-balanced"}]}}]}"#,
    ])
    private static let plan = ScriptedGateway.Answer(parts: [
        #"{"object":"plan","model":"a/b","strategy":"cheapest","reason":"cheapest","targets":["#,
        #"{"provider":"two","model_name":"m","route":"cloud","pricing":{"input_usd_per_mtok":"0.1","#,
        #""output_usd_per_mtok":"0.4"},"speed":{"basis":"measured","expected_ms":900},"in_flight":3},"#,
        #"{"provider":"one","model_name":"n","route":"local","speed":{"basis":"usual","expected_ms":2206},"#,
        #""in_flight":0,"obstacle":"circuit_open","for_ms":4001}],"trace":"ranked place=0 pico_usd=5;"}"#,
    ])

    /// Runs a command line against a gateway that gives this answer; tells what was asked, too.
    private func run(
        _ answer: ScriptedGateway.Answer,
        _ arguments: [String],
        isTerminal: Bool = false
    ) async throws -> (code: Int32, output: String, error: String, path: String) {
        let path = Mutex("")
        return try await ScriptedGateway.serving { request in
            path.withLock { $0 = request.path }
            return answer
        } _: { url in
            let captured = CapturedConsole(
                environment: ["MARTLET_BASE_URL": url, "MARTLET_API_KEY": "sk-mt-own", "TERM": "dumb"],
                isTerminal: isTerminal
            )
            let code = await CommandLineRun.run(arguments, console: captured.console)
            return (code, captured.output, captured.error, path.withLock { $0 })
        }
    }

    @Test func `the list names strategies and what they order, without the models`() async throws {
        let found = try await run(Self.models, ["ai", "aliases", "list"])
        #expect(found.code == 0 && found.path == "/v1/models")
        #expect(
            found.output
                == "reasoning/cheapest\tcheapest\tgpt-4o-mini, claude-3-haiku ×2, gone (off)\nauto\tauto\tcloud-balanced\n"
        )
        let json = try await run(Self.models, ["ai", "aliases", "list", "--json"])
        #expect(json.output.hasPrefix(#"{"object":"list","data":[{"id":"reasoning/cheapest","#))
        #expect(!json.output.contains("gpt-4o\""))
    }

    @Test func `one alias is shown as it is configured`() async throws {
        let found = try await run(Self.models, ["ai", "aliases", "show", "reasoning/cheapest"])
        #expect(found.code == 0)
        #expect(found.output.contains("expected tokens\t3 in, 1 out\n"))
        #expect(found.output.contains("target\tgone (off)\n"))
        let missing = try await run(Self.models, ["ai", "aliases", "show", "gpt-4o"])
        #expect(missing.code == 5 && missing.error.contains("there is no alias gpt-4o"))
        let json = try await run(Self.models, ["ai", "aliases", "show", "auto", "--json"])
        #expect(json.output.hasPrefix(#"{"id":"auto","#) && json.output.hasSuffix("}\n"))
    }

    @Test func `a name is resolved to its targets in order, each with price, time and obstacle`() async throws {
        let found = try await run(
            Self.plan,
            ["ai", "aliases", "resolve", "a/b", "--route", "cloud", "--prompt-tokens", "9"]
        )
        #expect(found.code == 0 && found.path == "/admin/aliases/resolve?model=a%2Fb&route=cloud&prompt_tokens=9")
        #expect(
            found.output
                == "1\ttwo\tm\tcloud\t0.1\t0.4\t900 ms\t3\tok\n2\tone\tn\tlocal\t\t\t~2206 ms\t0\tcircuit open for 5 s\n"
        )
        let terminal = try await run(Self.plan, ["ai", "aliases", "resolve", "a/b"], isTerminal: true)
        #expect(terminal.output.hasSuffix("why: cheapest: ranked place=0 pico_usd=5;\n"))
        let json = try await run(Self.plan, ["ai", "aliases", "resolve", "a/b", "--json"])
        #expect(json.output == Self.plan.parts.joined() + "\n")
    }

    @Test func `what is no gateway's answer is a failure`() async throws {
        let other = ScriptedGateway.Answer(parts: ["[]"])
        for command in [["list"], ["show", "a"], ["resolve", "a"]] {
            #expect(try await run(other, ["ai", "aliases"] + command).code == 1)
        }
    }
}
