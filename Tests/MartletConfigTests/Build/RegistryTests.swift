import MartletCore
import MartletGovernance
import MartletRouting
import Testing

@testable import MartletConfig

@Suite("Models of the registry") struct RegistryTests {
    private static let keys = ["OPENAI_API_KEY": "sk-1", "ANTHROPIC_API_KEY": "sk-2"]

    private func snapshot(_ text: String? = nil) throws -> Snapshot {
        try #require(Given(text, environment: Self.keys).build().snapshot)
    }

    @Test("a target has every price of its row: cache writes of both kinds, and those of long prompts")
    func prices() throws {
        let target = try #require(try snapshot().models[ModelName("claude-haiku-5-5")]?.targets.first)
        let price = try #require(target.price)
        #expect(price.rates.cacheWrite == TokenPrice(picoUSD: 125_000))
        #expect(price.rates.cacheWrite1h == TokenPrice(picoUSD: 200_000))
        #expect(price.longPrompt?.aboveTokens == 100_000)
        #expect(price.longPrompt?.rates.cacheWrite1h == TokenPrice(picoUSD: 1_000_000))
        // By hand: 100,001 tokens at 0.50 and 1,000 at 2.50 dollars a million.
        #expect(price.cost(of: Usage(inputTokens: 100_001, outputTokens: 1_000)) == NanoUSD(50_000_500 + 2_500_000))
        #expect(price.cost(of: Usage(inputTokens: 100_000, outputTokens: 1_000)) == NanoUSD(10_000_000 + 500_000))
    }

    @Test("an own main price holds for every request; an own cache price leaves the tier")
    func overrides() throws {
        func price(_ line: String) throws -> PriceTable {
            let text = "[models.claude-haiku-5-5]\n\(line)\n"
            return try #require(try snapshot(text).models[ModelName("claude-haiku-5-5")]?.targets.first?.price)
        }
        #expect(try price("input_price_per_mtok = 1").longPrompt == nil)
        // 0.10 and 0.50 dollars for fresh input: five times as much for long prompts, cached tokens as the rest.
        let read = try price("cache_read_price_per_mtok = 1")
        #expect(read.cacheRead == TokenPrice(picoUSD: 1_000_000))
        #expect(read.longPrompt?.rates.cacheRead == TokenPrice(picoUSD: 5_000_000))
        #expect(read.longPrompt?.rates.cacheWrite1h == TokenPrice(picoUSD: 1_000_000), "the registry's own")
        let write = try price("cache_write_price_per_mtok = 3")
        #expect(write.longPrompt?.rates.cacheWrite == TokenPrice(picoUSD: 15_000_000))
        #expect(write.longPrompt?.rates.cacheWrite1h == TokenPrice(picoUSD: 1_000_000), "the registry's own")
        let hour = try price("cache_write_1h_price_per_mtok = 3").longPrompt
        #expect(hour?.rates.cacheWrite1h == TokenPrice(picoUSD: 15_000_000))
        #expect(try price("cache_write_1h_price_per_mtok = 3").rates.cacheWrite1h == TokenPrice(picoUSD: 3_000_000))
        #expect(write.rates.cacheWrite == TokenPrice(picoUSD: 3_000_000))
        #expect(write.rates.cacheWrite1h == TokenPrice(picoUSD: 200_000), "the registry's own")
    }

    @Test("a name that several providers have goes to its maker first, whatever order they stand in")
    func several() throws {
        let variables = ["OPENROUTER_API_KEY": "a", "GOOGLE_API_KEY": "b", "GROQ_API_KEY": "c"]
        let texts = [nil, "[gateway.providers.openrouter]\n[gateway.providers.gemini]\n[gateway.providers.groq]\n"]
        for text in texts {
            let snapshot = try #require(Given(text, environment: variables).build().snapshot)
            func accounts(_ name: String) -> [String] {
                (snapshot.models[ModelName(name)]?.targets ?? []).map(\.kind.rawValue)
            }
            #expect(accounts("gemini-3.5-flash") == ["google_ai_studio_gemini", "openrouter"])
            #expect(accounts("gpt-oss-120b") == ["groq", "openrouter"])
        }
    }

    @Test(
        "a provider is on by the variable that its maker's own library reads, too; Martlet's own name wins",
        arguments: ["GOOGLE_AI_STUDIO_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY"]
    )
    func variables(name: String) throws {
        let snapshot = try #require(Given(nil, environment: [name: "k"]).build().snapshot)
        let account = try #require(snapshot.accounts[AccountName("google_ai_studio_gemini")])
        #expect(account.makeTarget("m").headers.contains { $0.name == "x-goog-api-key" && $0.value == "k" })
        var environment = [name: "k"]
        environment["GOOGLE_AI_STUDIO_API_KEY"] = "own"
        let both = Given(nil, environment: environment).build().snapshot
        let target = both?.accounts[AccountName("google_ai_studio_gemini")]?.makeTarget("m")
        #expect(target?.headers.contains { $0.value == "own" } == true)
    }

    @Test("a retired model is neither listed nor asked, and its name says when it went")
    func retired() throws {
        let snapshot = try snapshot()
        #expect(snapshot.models[ModelName("gpt-4")] == nil)
        #expect(!snapshot.listed.contains { $0.id == "gpt-4" })
        #expect(throws: GatewayError.self) {
            try Planner.plan(PlanRequest(model: "gpt-4"), in: snapshot)
        }
        let told = try #require(snapshot.retired[ModelName("gpt-4")])
        #expect(told.hasPrefix("The model `gpt-4` was retired: OpenAI on 2026-10-23"))
        #expect(snapshot.retired[ModelName("gpt-4o")] == nil)
    }

    @Test("a configured model that its provider retired is asked all the same, with a warning")
    func retiredButConfigured() throws {
        let outcome = Given("[models.old]\nproviders.openai.model_name = \"gpt-4\"", environment: Self.keys).build()
        #expect(outcome.snapshot?.models[ModelName("old")]?.targets.first?.upstreamModel == "gpt-4")
        #expect(outcome.diagnostics.map(\.message) == ["openai retired the model gpt-4 on 2026-10-23"])
    }

    @Test("in short hand a known name means its row, and `responses::` the Responses API")
    func shorthand() throws {
        let snapshot = try snapshot()
        func target(_ name: String) throws -> Target {
            try #require(try Planner.plan(PlanRequest(model: name), in: snapshot).targets.first)
        }
        #expect(try target("anthropic::claude-3-5-sonnet").upstreamModel == "claude-3-5-sonnet-20241022")
        #expect(try target("openai/gpt-4o").price != nil)
        let unknown = try Planner.plan(PlanRequest(model: "openai::ft:mine"), in: snapshot)
        #expect(unknown.targets.first?.price == nil && !unknown.isNamed)
        #expect(try Planner.plan(PlanRequest(model: "openai::gpt-4o"), in: snapshot).label == "gpt-4o")
        let responses = try target("openai::responses::gpt-5.4")
        #expect(responses.dialect == .openAIResponses && responses.upstreamModel == "gpt-5.4" && responses.price != nil)
        #expect(responses.otherDialects == [.openAIChat])
        #expect(try target("anthropic::responses::x").upstreamModel == "responses::x")
    }

    @Test("a provider without its key is said to be off")
    func off() throws {
        let snapshot = try snapshot()
        do {
            _ = try Planner.plan(PlanRequest(model: "openrouter::x/y"), in: snapshot)
            Issue.record("planned")
        } catch {
            #expect(error.code == .modelNotFound && error.message.contains("`openrouter` is not on here"))
        }
    }
}
