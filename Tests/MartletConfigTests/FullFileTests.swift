import MartletCore
import MartletGovernance
import MartletRouting
import Testing

@testable import MartletConfig

@Suite("The file with every key") struct FullFileTests {
    private func given() throws -> Given {
        var given = Given(try Fixture.text("full.toml"), environment: ["OPENROUTER_API_KEY": "sk-or-0123456789"])
        given.files["./ai-models.toml"] = "[models.own.openrouter]\nretires = \"2030-01-01\"\n"
        return given
    }

    @Test("loads with nothing but warnings about parts that are not there yet, and keys that are not")
    func warnings() throws {
        let diagnostics = try given().build().diagnostics
        #expect(!diagnostics.hasErrors)
        let parts = diagnostics.map { String($0.message.prefix { $0 != ";" }) }
        let suffix = " is known, not yet available in this version"
        // Its provider is off here, and the alias has no other.
        #expect(
            parts.filter { !$0.hasSuffix(suffix) } == [
                "account anthropic has no key: environment variable ANTHROPIC_API_KEY is not set",
                "account xai has no key: environment variable XAI_API_KEY is not set",
                "alias sonnet has no target that is on",
            ]
        )
        #expect(
            parts.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) } == [
                "local.warm", "routing.auto.safety", "routing.cascade", "[functions]", "[tools]", "[metrics]",
                "[skills]", "[prompts]", "[sessions]",
                "[token_reduction]", "[cache]", "[rate_limiting]", "[projects]",
                "[console]",
            ]
        )
    }

    @Test("an account is probed only where its table asks for it, by a path that can be one")
    func healthCheck() throws {
        func account(_ line: String) -> Given {
            Given("[gateway.providers.up]\ntype = \"openai_compatible\"\nbase_url = \"http://127.0.0.1:1/v1\"\n" + line)
        }
        func check(_ line: String) throws -> HealthCheckPolicy? {
            try #require(account(line).build().snapshot).accounts[AccountName("up")]?.healthCheck
        }
        for none in ["", "health_check = { interval_s = 9 }"] {
            let found = try check(none)
            #expect(found == nil)
        }
        let usual = try check("health_check = { enabled = true }")
        #expect(usual == HealthCheckPolicy())
        let own = try check("health_check = { enabled = true, interval_s = 9, timeout_s = 0.5, path = \"/health\" }")
        #expect(own?.interval == .seconds(9) && own?.timeout == .milliseconds(500) && own?.path == "/health")
        let wrong = account("health_check = { enabled = true, path = \"models\" }").build().diagnostics
        #expect(wrong.contains { $0.severity == .error && $0.message.contains("health_check.path") })
    }

    @Test("its model has the configured price and context on the provider that is on")
    func model() throws {
        let snapshot = try #require(try given().build().snapshot)
        let entry = try #require(snapshot.models[ModelName("grok-4p3")])
        let target = try #require(entry.targets.first)
        #expect(entry.targets.count == 1)
        #expect(target.id.rawValue == "openrouter|x-ai/grok-4.3|env::OPENROUTER_API_KEY")
        #expect(target.contextWindow == 262_144)
        #expect(target.price?.input == TokenPrice(picoUSD: 3_000_000))
        #expect(target.price?.output == TokenPrice(picoUSD: 15_000_000))
        #expect(target.price?.cacheRead == TokenPrice(picoUSD: 200_000))
        #expect(target.headers == [HeaderField(name: "authorization", value: "Bearer sk-or-0123456789")])
        #expect(target.endpoint == Endpoint(tls: true, host: "openrouter.ai", port: 443, basePath: "/api/v1"))
        #expect(target.source == .cloud && !target.isLocal)
    }

    @Test("its account for another server carries every setting")
    func account() throws {
        let snapshot = try #require(try given().build().snapshot)
        let account = try #require(snapshot.accounts[AccountName("my_vllm")])
        let target = account.makeTarget("qwen")
        #expect(target.endpoint == Endpoint(tls: false, host: "10.0.0.5", port: 8_000, basePath: "/v1"))
        #expect(target.headers == [HeaderField(name: "x-team", value: "search")])
        #expect(target.quirks.dropParams == ["stream_options"])
        #expect(target.maxConcurrency == 16)
        #expect(target.source == .custom && !target.isLocal)
        #expect(target.price == nil)
    }

    @Test("the unquoted slash in an alias header is accepted with a warning")
    func unquotedSlash() throws {
        let text = try Fixture.text("full.toml")
        let unquoted = text.replacing("[aliases.\"reasoning/cheapest\"]", with: "[aliases.reasoning/cheapest]")
        try #require(unquoted != text)
        var given = Given(unquoted)
        given.files["./ai-models.toml"] = ""
        let config = given.load()
        #expect(!config.diagnostics.hasErrors)
        #expect(
            config.diagnostics.map(\.message).filter { $0.contains("slash") }
                == ["a name with a slash needs quotes: \"reasoning/cheapest\""]
        )
        #expect(
            config.values.contains { $0.key == "aliases.\"reasoning/cheapest\".strategy" && $0.text == "\"cheapest\"" }
        )
    }
}
