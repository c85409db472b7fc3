import MartletCore
import MartletProviders
import Testing

@Suite("Built-in registry and catalog") struct BuiltInTests {
    private let registry = ModelRegistry.builtIn
    private let catalog = ProviderCatalog.builtIn

    @Test("prices are whole pico-dollars a token and exact")
    func prices() throws {
        let mini = try #require(registry.model("gpt-4o-mini", at: ProviderKind("openai")))
        #expect(mini.input == TokenPrice(picoUSD: 150_000))
        #expect(mini.output == TokenPrice(picoUSD: 600_000))
        #expect(mini.cacheRead == TokenPrice(picoUSD: 75_000))
        #expect(mini.cacheWrite == nil)
        #expect(mini.contextWindow == 128_000)
        #expect(mini.maxOutputTokens == 16_384)
        #expect(mini.capabilities == ["stream", "tools", "vision", "json_schema"])
        let smallest = try #require(registry.model("deepseek-v4-pro", at: ProviderKind("openrouter")))
        #expect(smallest.cacheRead == TokenPrice(picoUSD: 3_625))
        #expect(smallest.vision == false)
    }

    @Test("an upstream's own name finds the row, too")
    func upstream() throws {
        let row = try #require(registry.model(upstream: "x-ai/grok-4.3", at: ProviderKind("openrouter")))
        #expect(row.id == "grok-4.3")
        #expect(row.longPrompt?.aboveTokens == 200_000)
        #expect(row.longPrompt?.input == TokenPrice(picoUSD: 2_500_000))
        #expect(row.longPrompt?.cacheRead == nil)
        #expect(row.maxOutputTokens == nil)
    }

    @Test("retirement is data: past and announced days are apart")
    func retirement() throws {
        let old = try #require(registry.model("gpt-4", at: ProviderKind("openai")))
        #expect(old.retired == "2026-10-23")
        let leaving = try #require(registry.model("gpt-5", at: ProviderKind("openai")))
        #expect(leaving.retired == nil)
        #expect(leaving.retires == "2026-12-11")
    }

    @Test("embeddings have dimensions and no streaming")
    func embeddings() throws {
        let model = try #require(registry.model("text-embedding-3-small", at: ProviderKind("openai")))
        #expect(model.kind == .embedding)
        #expect(model.dimensions == 1_536)
        #expect(model.output == TokenPrice(picoUSD: 0))
        #expect(model.capabilities.isEmpty)
    }

    @Test("every row belongs to a provider that is known, and no key stands twice")
    func rows() {
        #expect(registry.models.count == 230)
        #expect(registry.asOf == "2026-11-20")
        let lists = Set(catalog.providers.map(\.priceList.rawValue) + catalog.typeNames)
        var keys: Set<String> = []
        for model in registry.models {
            #expect(lists.contains(model.provider.rawValue), "\(model.id)")
            #expect(keys.insert("\(model.provider)|\(model.id)").inserted, "\(model.id)")
            #expect((model.input?.picoUSD ?? 0) >= 0 && (model.output?.picoUSD ?? 0) >= 0)
        }
        #expect(
            registry.models(named: "gpt-4o-mini").map(\.provider.rawValue) == ["openai", "azure_openai", "openrouter"]
        )
        #expect(registry.models(at: ProviderKind("openrouter")).count == 18)
        #expect(registry.model("gpt-4o-mini", at: ProviderKind("vllm")) == nil)
    }

    @Test("a type is found by its canonical and by its short names")
    func names() {
        #expect(catalog.descriptor(named: "lmstudio")?.kind == ProviderKind("lm_studio"))
        #expect(catalog.descriptor(named: "openrouter")?.credentialVariables == ["OPENROUTER_API_KEY"])
        #expect(catalog.descriptor(.mock)?.dialect == .mock)
        #expect(catalog.descriptor(named: "anthropic")?.dialect == .anthropicMessages)
        #expect(catalog.descriptor(named: "ollama")?.dialect == .ollamaChat)
        #expect(catalog.descriptor(named: "gemini")?.authHeader == "x-goog-api-key")
        #expect(catalog.descriptor(named: "vertex")?.families.map(\.prefix) == ["claude-"])
        #expect(catalog.lookup("opanai") == .unknown)
    }

    @Test(
        "the address of a cloud account is made of its location and project",
        arguments: [
            ("europe-west4", "europe-west4-aiplatform.googleapis.com"), ("global", "aiplatform.googleapis.com"),
            ("eu", "aiplatform.eu.rep.googleapis.com"),
        ]
    )
    func places(_ location: String, _ host: String) {
        for name in ["gcp_vertex_gemini", "gcp_vertex_anthropic"] {
            let url = catalog.descriptor(named: name)?.place?.baseURL(["project_id": "p-1", "location": location])
            #expect(url == "https://\(host)/v1/projects/p-1/locations/\(location)")
        }
        for value in ["", "a/b", "..", "a?b", "é", "a.b/", String(repeating: "a", count: 129)] {
            #expect(!ProviderPlace.isPlain(value))
        }
    }

    @Test("no name means two types")
    func uniqueNames() {
        #expect(Set(catalog.typeNames).count == catalog.typeNames.count)
    }

    @Test(
        "of the providers of a model its maker comes first, and who passes requests on to others comes last",
        arguments: [
            ("gpt-", "openai"), ("claude-", "anthropic"), ("gemini-", "google_ai_studio_gemini"), ("grok-", "xai"),
            ("deepseek-", "deepseek"), ("mistral-", "mistral"), ("llama-", "groq"),
        ]
    )
    func order(prefix: String, first: String) {
        for name in Set(registry.models.map(\.id)) where name.hasPrefix(prefix) {
            let sellers = registry.models(named: name).map(\.provider)
                .sorted { catalog.preference(of: $0) < catalog.preference(of: $1) }
            #expect(sellers.first == ProviderKind(first) || !sellers.contains(ProviderKind(first)), "\(name)")
            let reseller = ProviderKind("openrouter")
            #expect(sellers.last == reseller || !sellers.contains(reseller), "\(name)")
        }
    }

    @Test("the preferred provider of a model that several offer is the first of the presets")
    func preference() {
        #expect(catalog.preference(of: ProviderKind("openai")) < catalog.preference(of: ProviderKind("openrouter")))
        #expect(catalog.preference(of: ProviderKind("nobody")) == catalog.providers.count)
    }
}
