import MartletCore
import MartletGovernance
import MartletProviders
import MartletRouting
import Testing

@testable import MartletConfig

@Suite("Overlays of the registry") struct OverlayTests {
    private static let keys = ["OPENAI_API_KEY": "sk-1"]

    /// A configuration that names overlay files of these contents.
    private func given(_ overlays: String...) -> Given {
        let names = overlays.indices.map { "\"models/\($0).toml\"" }.joined(separator: ", ")
        var given = Given(nil, environment: Self.keys)
        given.add("/etc/m/martlet.toml", "[gateway]\nregistry_overlay = [\(names)]\n")
        for (index, text) in overlays.enumerated() { given.files["/etc/m/models/\(index).toml"] = text }
        return given
    }

    private func target(_ name: String, _ overlays: String...) throws -> Target {
        var given = given("", "")
        for (index, text) in overlays.enumerated() { given.files["/etc/m/models/\(index).toml"] = text }
        let outcome = given.build()
        #expect(outcome.diagnostics.isEmpty, "\(outcome.diagnostics)")
        return try #require(outcome.snapshot?.models[ModelName(name)]?.targets.first)
    }

    @Test("a row's facts win, each for itself; what is left out stays, and later files win")
    func wins() throws {
        let first = "[models.gpt-4o.openai]\ncontext_window = 7\ninput_price_per_mtok = 1.5\n"
        let target = try target("gpt-4o", first, "[models.gpt-4o.openai]\ncontext_window = 8\n")
        #expect(target.contextWindow == 8)
        #expect(target.price?.input == TokenPrice(picoUSD: 1_500_000))
        #expect(target.price?.output == TokenPrice(picoUSD: 10_000_000))
        #expect(target.capabilities == ModelCapabilities(jsonSchema: true, tools: true, reasoning: false))
    }

    @Test("an own price of tokens cached for minutes leaves that of tokens cached for an hour")
    func hour() throws {
        let row = "[models.\"claude-haiku-5-5\".anthropic]\ncache_write_price_per_mtok = 3\n"
        var given = given(row)
        given.environment["ANTHROPIC_API_KEY"] = "sk-2"
        let target = given.build().snapshot?.models[ModelName("claude-haiku-5-5")]?.targets.first
        let rates = try #require(target?.price?.rates)
        #expect(rates.cacheWrite == TokenPrice(picoUSD: 3_000_000))
        #expect(rates.cacheWrite1h == TokenPrice(picoUSD: 200_000))
    }

    @Test("a row of an engine is a model of it, by its own name and by the engine's, with its prices and window")
    func engine() throws {
        let row = """
            [models.house.vllm]
            model_name = "org/house-7b"
            context_window = 4096
            input_price_per_mtok = 1
            output_price_per_mtok = 2
            """
        var given = given(row)
        given.files["/etc/m/martlet.toml"]? += "[gateway.providers.vllm]\nbase_url = \"http://127.0.0.1:8000/v1\"\n"
        let snapshot = try #require(given.build().snapshot)
        let price = PriceTable(input: TokenPrice(picoUSD: 1_000_000), output: TokenPrice(picoUSD: 2_000_000))
        let named = try #require(snapshot.models[ModelName("house")]?.targets.first)
        let account = try #require(snapshot.accounts[AccountName("vllm")])
        for target in [named, account.makeTarget("house"), account.makeTarget("org/house-7b")] {
            #expect(target.upstreamModel == "org/house-7b" && target.contextWindow == 4_096 && target.price == price)
        }
        #expect(account.registeredName("house") == ModelName("house"))
        let other = account.makeTarget("other")
        #expect(other.upstreamModel == "other" && other.price == .free && account.registeredName("other") == nil)
    }

    @Test("built-in rows say nothing of an engine of one's own until an overlay names them")
    func builtInEngine() throws {
        let id = try #require(ModelRegistry.builtIn.models(at: ProviderKind("ollama")).first).id
        for (overlay, isThere) in [("", false), ("[models.\"\(id)\".ollama]\ncontext_window = 7\n", true)] {
            var given = given(overlay)
            given.files["/etc/m/martlet.toml"]? += "[gateway.providers.ollama]\n"
            let snapshot = try #require(given.build().snapshot)
            let targets = snapshot.models[ModelName(id)]?.targets.filter { $0.kind == ProviderKind("ollama") } ?? []
            #expect(targets.map(\.contextWindow) == (isThere ? [7] : []))
        }
    }

    @Test("an own price leaves the prices of long prompts, which an own table replaces and an empty one removes")
    func longPromptStays() throws {
        func price(_ line: String) throws -> PriceTable {
            try #require(try target("gpt-5.4", "[models.\"gpt-5.4\".openai]\n\(line)\n").price)
        }
        let builtIn = try #require(try price("").longPrompt)
        let own = try price("input_price_per_mtok = 2.0")
        #expect(own.input == TokenPrice(picoUSD: 2_000_000) && own.longPrompt == builtIn)
        let tier = "long_prompt = { above_tokens = 7, input_price_per_mtok = 8, output_price_per_mtok = 9 }"
        #expect(try price(tier).longPrompt?.aboveTokens == 7)
        #expect(try price("long_prompt = {}").longPrompt == nil)
    }

    @Test("a new row is a new model, with every fact it gives")
    func new() throws {
        let row = """
            [models.mine.openai]
            model_name = "ft:mine"
            context_window = 1000
            input_price_per_mtok = 2
            output_price_per_mtok = 4
            cache_read_price_per_mtok = 0.5
            cache_write_price_per_mtok = 2.5
            cache_write_1h_price_per_mtok = 4
            long_prompt = { above_tokens = 10, input_price_per_mtok = 3, output_price_per_mtok = 5, \
            cache_write_1h_price_per_mtok = 6 }
            capabilities = ["tools"]
            as_of = "2026-11-20"
            """
        let target = try target("mine", row)
        #expect(target.upstreamModel == "ft:mine" && target.contextWindow == 1_000)
        #expect(target.capabilities == ModelCapabilities(jsonSchema: false, tools: true, reasoning: false))
        let rates = try #require(target.price?.rates)
        #expect(rates.cacheRead == TokenPrice(picoUSD: 500_000) && rates.cacheWrite1h == TokenPrice(picoUSD: 4_000_000))
        #expect(target.price?.longPrompt?.aboveTokens == 10)
        #expect(target.price?.longPrompt?.rates.cacheWrite1h == TokenPrice(picoUSD: 6_000_000))
    }

    @Test("cached tokens of a long prompt cost the tier's price of them, else the ordinary one raised as the input is")
    func cachedInLongPrompts() throws {
        func rates(_ more: String) throws -> TokenRates {
            let row = """
                [models.mine.openai]
                input_price_per_mtok = 0.10
                output_price_per_mtok = 0.40
                cache_read_price_per_mtok = 0.01
                cache_write_price_per_mtok = 0.125
                cache_write_1h_price_per_mtok = 0.20
                long_prompt = { above_tokens = 200_000, input_price_per_mtok = 0.25, output_price_per_mtok = 0.80\(more) }
                """
            return try #require(try target("mine", row).price?.longPrompt?.rates)
        }
        let raised = try rates("")
        #expect(raised.cacheRead == TokenPrice(picoUSD: 25_000))
        #expect(raised.cacheWrite == TokenPrice(picoUSD: 312_500))
        #expect(raised.cacheWrite1h == TokenPrice(picoUSD: 500_000))
        #expect(try rates(", cache_read_price_per_mtok = 0.03").cacheRead == TokenPrice(picoUSD: 30_000))
    }

    @Test("a row can retire a model, and bring one back")
    func retire() throws {
        let outcome = given(
            "[models.gpt-4o.openai]\nretired = \"2026-01-02\"\n[models.gpt-4.openai]\nretired = \"\"\n"
        ).build()
        let snapshot = try #require(outcome.snapshot)
        #expect(snapshot.models[ModelName("gpt-4o")] == nil && snapshot.models[ModelName("gpt-4")] != nil)
        #expect(snapshot.retired[ModelName("gpt-4o")]?.contains("OpenAI on 2026-01-02") == true)
    }

    @Test(
        "an overlay that is wrong refuses the configuration, and says where",
        arguments: [
            ("[models.m.openai]\ncontext = 1", "/etc/m/models/0.toml:2:1: error: unknown key"),
            (
                "[models.m.opanai]",
                "/etc/m/models/0.toml:1:11: error: unknown provider type \"opanai\" (did you mean openai?)"
            ),
            ("[models.m.openai]\ninput_price_per_mtok = 0.0000001", "more than six decimals"),
            ("[models.m.openai]\ninput_price_per_mtok = -1", "must be between"),
            ("[models.m.openai]\nlong_prompt = { above_tokens = 1 }", "long_prompt needs input_price_per_mtok"),
            ("[models.m.openai]\nretired = \"soon\"", "retired must be a day"),
            ("[models.m.openai]\ncapabilities = [\"toolz\"]", "unknown capability \"toolz\" (did you mean tools?)"),
            ("[models.\"a b\".openai]", "must be 1 to 256 of the characters"),
            ("[models", "/etc/m/models/0.toml:1"),
        ]
    )
    func wrong(text: String, finding: String) {
        let outcome = given(text).build()
        #expect(outcome.snapshot == nil)
        #expect(outcome.diagnostics.contains { $0.description.contains(finding) }, "\(outcome.diagnostics)")
    }

    @Test("an overlay that is missing refuses the configuration")
    func missing() {
        var given = Given(nil, environment: Self.keys)
        given.add("martlet.toml", "[gateway]\nregistry_overlay = \"gone.toml\"\n")
        #expect(
            given.findings() == [
                "martlet.toml:2:1: error: gateway.registry_overlay: gone.toml is missing or cannot be read"
            ]
        )
    }

    private static let url = "https://example.com/models.toml"

    /// A configuration with a copy of a fetched registry in its data directory.
    private func given(copy: RegistryCopy?, overlay: String? = nil) -> Given {
        var given = Given(nil, environment: Self.keys)
        var text = "[storage]\ndata_dir = \"/data\"\n[gateway]\nregistry_url = \"\(Self.url)\"\n"
        if let overlay {
            text += "registry_overlay = \"o.toml\"\n"
            given.files["o.toml"] = overlay
        }
        given.add("martlet.toml", text)
        if let copy { given.files["/data/registry.toml"] = String(decoding: copy.bytes, as: UTF8.self) }
        return given
    }

    private func copy(_ body: String, url: String = Self.url) -> RegistryCopy {
        RegistryCopy(url: url, tag: "\"v1\"", fetchedAt: 5, body: Array(body.utf8))
    }

    @Test("the copy of what was fetched is used at the start, and overlays win over it")
    func fetched() throws {
        func window(_ given: Given) throws -> Int? {
            let outcome = given.build()
            #expect(outcome.diagnostics.isEmpty, "\(outcome.diagnostics)")
            return try #require(outcome.snapshot).models[ModelName("gpt-4o")]?.targets.first?.contextWindow
        }
        let row = "[models.gpt-4o.openai]\ncontext_window = "
        #expect(try window(given(copy: copy(row + "3"))) == 3)
        #expect(try window(given(copy: copy(row + "3"), overlay: row + "4")) == 4)
        #expect(try window(given(copy: nil)) == 128_000)
        #expect(try window(given(copy: copy(row + "3", url: "https://other.example/"))) == 128_000)
    }

    @Test("a copy that cannot be read is left out with a warning")
    func brokenCopy() throws {
        let outcome = given(copy: copy("[models.m.nobody]")).build()
        #expect(outcome.snapshot != nil)
        #expect(
            outcome.diagnostics.map(\.description) == [
                "/data/registry.toml:1:1: warning: the copy of the fetched registry is not used"
            ]
        )
    }

    @Test("an address without TLS is refused unless its host is allowed")
    func plain() {
        let text = "[gateway]\nregistry_url = \"http://models.local/m.toml\"\n"
        #expect(Given(text).findings() == ["martlet.toml:2:1: error: gateway.registry_url must begin with https://"])
        #expect(Given(text + "registry_hosts = [\"models.local\"]\n").findings().isEmpty)
    }

    @Test("a copy is read back as it was written", arguments: ["", "\"v1\"", "W/\"a b\""])
    func roundTrip(tag: String) {
        let copy = RegistryCopy(url: Self.url, tag: tag.isEmpty ? nil : tag, fetchedAt: 12, body: Array("a\nb".utf8))
        #expect(RegistryCopy(copy.bytes) == copy)
        for count in 0..<(copy.bytes.count - 3) { #expect(RegistryCopy(Array(copy.bytes[..<count])) != copy) }
        #expect(RegistryCopy(Array("[models]".utf8)) == nil)
    }
}
