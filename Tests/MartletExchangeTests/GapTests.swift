import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@Suite("Gaps between two texts, and prompts that were cut") struct GapTests {
    private static let coder = Target.sample("ollama", model: "qwen2.5-coder:7b", dialect: .ollamaChat, isLocal: true)
    private static let claude = Target.sample("claude", model: "claude", dialect: .anthropicMessages)

    private func driver(_ target: Target, path: String) -> Driver {
        Driver(Setup(targets: [target]), head: .chat { $0.path = path })
    }

    private func body(_ driver: Driver) -> String {
        (driver.legs[driver.leg]?.request?.body.buffers ?? []).map { String(buffer: $0) }.joined()
    }

    private static let gap = #"{"model":"gpt-test","prompt":"def f(","suffix":"return x","max_tokens":9}"#
    private static let filled =
        #"{"model":"m","created_at":"2026-01-01T00:00:00Z","response":"x):","done":true,"#
        + #""done_reason":"stop","prompt_eval_count":9,"eval_count":2}"#

    @Test("a local coder is asked with its own tokens around the two texts; each route answers in its own shape")
    func generate() {
        for (path, member) in [("/v1/fim/completions", "\"content\":\"x):\""), ("/v1/completions", "\"text\":\"x):\"")]
        {
            let driver = driver(Self.coder, path: path).send(Self.gap).connect()
            #expect(driver.legs[driver.leg]?.request?.path == "/api/generate")
            #expect(body(driver).contains("<|fim_prefix|>def f(<|fim_suffix|>return x<|fim_middle|>"))
            #expect(body(driver).contains("\"raw\":true"))
            driver.head(200, .json).bytes(Self.filled).end()
            #expect(driver.response?.status == 200)
            #expect(driver.bodyText.contains(member), "\(driver.bodyText)")
            #expect(driver.outcome?.usage == Usage(inputTokens: 9, outputTokens: 2))
            #expect(driver.problems.isEmpty, "\(driver.report)")
        }
    }

    @Test("a stream of completions that passes tells its usage to who asked for it, and ends as it should")
    func usageOfCompletions() {
        let coder = Target.sample("one", model: "starcoder2", otherDialects: [.openAICompletions])
        let text =
            #"data: {"id":"c","object":"text_completion","created":1,"model":"m","choices":[{"index":0,"text":"x","#
        let said = text + #""finish_reason":null}]}"# + "\n\n" + text + #""finish_reason":"stop"}]}"# + "\n\n"
        let usage =
            #"data: {"id":"c","object":"text_completion","created":1,"model":"m","choices":[],"#
            + #""usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}"# + "\n\n"
        for (asked, end) in [(false, Chat.done), (true, Chat.done), (false, ""), (true, "")] {
            let options = asked ? #","stream_options":{"include_usage":true}"# : ""
            let driver = driver(coder, path: "/v1/completions")
                .send(#"{"model":"gpt-test","prompt":"a","stream":true\#(options)}"#).connect()
            #expect(body(driver).contains(#""include_usage":true"#))
            driver.head(200, .eventStream).bytes(said + usage + end)
            if end.isEmpty { driver.end() }
            #expect(driver.bodyText == said + (asked ? usage : "") + Chat.done)
            #expect(driver.outcome?.usage == Usage(inputTokens: 5, outputTokens: 2))
            #expect(driver.problems.isEmpty, "\(driver.report)")
        }
    }

    @Test("a stream of a local coder becomes the chunks of the route")
    func stream() {
        let body = #"{"model":"gpt-test","prompt":"a","stream":true}"#
        let driver = driver(Self.coder, path: "/v1/fim/completions").send(body).connect().head(200, .ndjson)
        driver.bytes(#"{"model":"m","response":"x)","done":false}"# + "\n").bytes(Self.filled + "\n").end()
        #expect(driver.bodyText.contains("\"object\":\"chat.completion.chunk\""))
        #expect(driver.bodyText.hasSuffix("data: [DONE]\n\n"))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a suffix of /api/generate reaches an OpenAI-compatible coder as one prompt")
    func fromOllama() {
        let coder = Target.sample("one", model: "starcoder2", otherDialects: [.openAICompletions])
        let request = #"{"model":"gpt-test","prompt":"a","suffix":"b","stream":false}"#
        let driver = driver(coder, path: "/api/generate").send(request).connect()
        #expect(driver.legs[driver.leg]?.request?.path == "/completions")
        #expect(body(driver).contains("<fim_prefix>a<fim_suffix>b<fim_middle>"))
    }

    @Test("a suffix passes to providers that take it, and is put into the prompt for local servers that do not")
    func suffix() {
        func ask(isLocal: Bool, _ others: [Dialect]) -> String {
            let target = Target.sample("one", model: "starcoder2", isLocal: isLocal, otherDialects: others)
            let driver = driver(target, path: "/v1/completions").send(Self.gap).connect()
            #expect(driver.legs[driver.leg]?.request?.path == "/completions")
            return body(driver)
        }
        let sent = Self.gap.replacing("gpt-test", with: "starcoder2")
        #expect(ask(isLocal: false, [.openAICompletions]) == sent)
        #expect(ask(isLocal: true, [.openAICompletions]).contains("<fim_prefix>def f(<fim_suffix>return x<fim_middle>"))
        #expect(ask(isLocal: false, []).contains("\"suffix\":\"return x\""))
    }

    @Test(
        "a provider's own route is asked where its type declares one, beside the version of its API where it stands there"
    )
    func declared() {
        func ask(_ gap: GapFilling, model: String) -> (path: String?, isUnversioned: Bool?, body: String) {
            let target = Target.sample(
                "one",
                model: model,
                quirks: Quirks(gap: gap),
                otherDialects: [.openAICompletions]
            )
            let driver = driver(target, path: "/v1/completions").send(Self.gap).connect()
            let request = driver.legs[driver.leg]?.request
            return (request?.path, request?.isUnversioned, body(driver))
        }
        let infill = GapFilling(route: .infill, path: "/infill")
        let own = ask(infill, model: "any")
        #expect(own.path == "/infill" && own.isUnversioned == true)
        #expect(own.body.contains(#""input_prefix":"def f(","input_suffix":"return x","n_predict":9"#))
        // Codestral has no token for the middle, which that route needs.
        #expect(ask(infill, model: "codestral-22b").path == "/completions")
        let fim = ask(GapFilling(route: .fim), model: "codestral-latest")
        #expect(fim.path == "/fim/completions" && fim.isUnversioned == false)
        #expect(fim.body.contains(#""prompt":"def f(","suffix":"return x","max_tokens":9"#))
        #expect(Target.sample("one").unversionedPrefix == "")
    }

    @Test("a model of no known family, and a provider that fills no gaps, are clear errors")
    func refused() {
        let server = Target.sample("one", otherDialects: [.openAICompletions])
        let unknown = driver(server, path: "/v1/fim/completions").send(Self.gap)
        #expect(unknown.response?.status == 400 && unknown.errorCode == "unsupported_parameter")
        let claude = driver(Self.claude, path: "/v1/completions").send(Self.gap)
        #expect(claude.response?.status == 400 && claude.bodyText.contains("fills no gaps"))
        for driver in [unknown, claude] { #expect(driver.problems.isEmpty, "\(driver.report)") }
    }

    @Test("a prompt that an Ollama cut is named in a whole answer")
    func promptCut() {
        let text = String(repeating: "word ", count: 8_000)
        func ask(window: Int?, tokens: Int) -> Driver {
            let target = Target.sample(
                "ollama",
                model: "m",
                dialect: .ollamaChat,
                isLocal: true,
                contextWindow: window
            )
            let request =
                "{\"model\":\"gpt-test\",\"messages\":[{\"role\":\"user\",\"content\":\"\(text)\"}]}"
            let driver = driver(target, path: "/v1/chat/completions").send(request).connect()
            return driver.head(200, .json).bytes(
                "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"x\"},\"done\":true,"
                    + "\"done_reason\":\"stop\",\"prompt_eval_count\":\(tokens),\"eval_count\":1}"
            ).end()
        }
        #expect(ask(window: 2_048, tokens: 2_047).field("x-gateway-dropped")?.contains("messages") == true)
        #expect(ask(window: nil, tokens: 8_100).field("x-gateway-dropped") == nil)
    }
}
