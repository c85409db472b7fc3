import MartletCore
import MartletGovernance
import MartletRouting
import Testing

@testable import MartletConfig

@Suite("Models of a snapshot") struct ModelTests {
    private static let both = ["OPENAI_API_KEY": "sk-openai-000000", "OPENROUTER_API_KEY": "sk-or-00000000"]
    private static let engine = LocalProbe(
        kind: ProviderKind("llama_server"),
        endpoint: Endpoint(tls: false, host: "127.0.0.1", port: 8_080, basePath: "/v1"),
        models: [.init(name: "tiny", contextWindow: 4_096), .init(name: "big")]
    )

    private func listed(_ given: Given, local: LocalProbe? = nil) -> [String] {
        given.build(local: local).snapshot?.listed.map { "\($0.id) by \($0.ownedBy)" } ?? []
    }

    @Test("without models the registry's names of accounts that are on exist, in its order, then auto")
    func registry() throws {
        let snapshot = try #require(Given(nil, environment: Self.both).build().snapshot)
        #expect(snapshot.listed.first.map { [$0.id, $0.ownedBy] } == ["gpt-4o", "openai"])
        #expect(snapshot.listed.last.map { [$0.id, $0.ownedBy] } == ["auto", "martlet"])
        let facts = snapshot.listed.first?.facts
        #expect(facts?.contextWindow == 128_000 && facts?.price?.input == TokenPrice(picoUSD: 2_500_000))
        #expect(facts?.capabilities == ["stream", "tools", "vision", "json_schema"])
        #expect(snapshot.models[ModelName("gpt-4o-mini")]?.targets.map(\.account.rawValue) == ["openai", "openrouter"])
        #expect(
            snapshot.models[ModelName("claude-opus-4-5")]?.targets.map(\.upstreamModel) == ["anthropic/claude-opus-4.5"]
        )
        #expect(snapshot.defaultModel == ModelName("auto"))
        let one = try #require(Given(nil, environment: ["OPENAI_API_KEY": "sk-openai-000000"]).build().snapshot)
        #expect(one.models[ModelName("claude-opus-4-5")] == nil)
    }

    @Test("auto is the cheapest chat model that stays, unless something better is known")
    func auto() {
        func target(_ given: Given, _ local: LocalProbe? = nil) -> String? {
            given.build(local: local).snapshot?.models[ModelName("auto")]?.targets.first?.id.rawValue
        }
        let openAI = ["OPENAI_API_KEY": "sk-openai-000000"]
        // The standard tier: nano models are cheaper, embeddings do not chat, and what is about to go does not count.
        #expect(target(Given(nil, environment: openAI)) == "openai|gpt-6.1-terra|env::OPENAI_API_KEY")
        #expect(
            target(Given(nil, environment: Self.both))
                == "openrouter|deepseek/deepseek-v4-pro|env::OPENROUTER_API_KEY"
        )
        #expect(
            target(Given("routing.cloud_model = \"gpt-4o\"", environment: openAI))
                == "openai|gpt-4o|env::OPENAI_API_KEY"
        )
        #expect(
            target(Given("routing.cloud_model = \"gpt-4o\"", environment: openAI), Self.engine)
                == "llama_server|tiny|none"
        )
        #expect(target(Given("local.default_model = \"big\""), Self.engine) == "llama_server|big|none")
        #expect(target(Given("local.default_model = \"gone\""), Self.engine) == nil)
    }

    @Test("with nothing configured there is the mock model alone")
    func mock() throws {
        let snapshot = try #require(Given().build().snapshot)
        #expect(snapshot.listed.map { [$0.id, $0.ownedBy] } == [["mock", "mock"]])
        #expect(snapshot.defaultModel == ModelName("mock"))
        let target = try #require(snapshot.models[ModelName("mock")]?.targets.first)
        #expect(target.dialect == .mock && target.isLocal && target.source == .local && target.price == .free)
        #expect(snapshot.local == .notConfigured)
    }

    @Test("a mock table gives the mock model beside others, whatever it holds")
    func mockTable() {
        let given = Given("[models.mock]\nrouting = [\"x\"]\n[models.gpt-4o]", environment: Self.both)
        #expect(
            listed(given) == [
                "mock by mock", "gpt-4o by openai", "cloud-balanced by martlet", "auto by martlet",
            ]
        )
        #expect(listed(Given("[models.mock]")) == ["mock by mock", "auto by martlet"])
    }

    @Test("an engine's models are listed with a prefix after the configured ones")
    func local() throws {
        let given = Given("[models.gpt-4o]", environment: Self.both)
        #expect(
            listed(given, local: Self.engine) == [
                "gpt-4o by openai", "local:tiny by llama_server", "local:big by llama_server",
                "cloud-balanced by martlet", "auto by martlet",
            ]
        )
        let snapshot = try #require(given.build(local: Self.engine).snapshot)
        let target = try #require(snapshot.models[ModelName("local:tiny")]?.targets.first)
        #expect(target.isLocal && target.source == .local && target.contextWindow == 4_096 && target.price == .free)
        #expect(target.timeouts.total == .seconds(120))
        #expect(
            snapshot.local
                == .running(
                    .init(
                        kind: ProviderKind("llama_server"),
                        models: ["tiny", "big"],
                        allowed: nil,
                        defaultModel: "tiny"
                    )
                )
        )
    }

    @Test("an allow-list hides the engine's other models and is kept for the error")
    func allowList() throws {
        let given = Given("[local]\nallowed_models = [\"big\", \"absent\"]\nbase_url = \"http://127.0.0.1:8080\"")
        #expect(listed(given, local: Self.engine) == ["local:big by llama_server", "auto by martlet"])
        let snapshot = try #require(given.build(local: Self.engine).snapshot)
        guard case .running(let running) = snapshot.local else {
            Issue.record("not running")
            return
        }
        #expect(running.allowed == ["big", "absent"] && running.models == ["tiny", "big"])
        #expect(given.build().snapshot?.local == .silent)
        #expect(given.load().settings.local.endpoint?.basePath == "/v1")
    }

    @Test("Cloudflare Access fields go to the engine when both are there")
    func cloudflare() {
        let names = ["LOCAL_CF_ACCESS_CLIENT_ID": "id", "LOCAL_CF_ACCESS_CLIENT_SECRET": "secret"]
        let local = Given(nil, environment: names).build(local: Self.engine).snapshot?.models[ModelName("local:tiny")]
        #expect(
            local?.targets.first?.headers == [
                HeaderField(name: "cf-access-client-id", value: "id"),
                HeaderField(name: "cf-access-client-secret", value: "secret"),
            ]
        )
        #expect(
            Given(nil, environment: ["LOCAL_CF_ACCESS_CLIENT_ID": "id"]).findings() == [
                "environment variable LOCAL_CF_ACCESS_CLIENT_ID: warning: has no effect without LOCAL_CF_ACCESS_CLIENT_SECRET"
            ]
        )
    }

    @Test("routing orders the providers; without it the file does")
    func routing() {
        func order(_ routing: String) -> [String]? {
            let text = """
                [models.m]
                \(routing)
                [models.m.providers.b]
                type = "openai"
                [models.m.providers.a]
                type = "openrouter"
                """
            return Given(text, environment: Self.both).build().snapshot?.models[ModelName("m")]?.targets.map(
                \.account.rawValue
            )
        }
        #expect(order("") == ["b", "a"])
        #expect(order("routing = [\"a\", \"b\"]") == ["a", "b"])
        #expect(order("routing = [\"a\"]") == ["a"])
        #expect(order("routing = [\"a\", \"openai\"]") == ["a", "openai"])
    }

    @Test("configured prices and context win over the registry's, each for itself")
    func overrides() throws {
        let text = """
            [models.gpt-4o]
            input_price_per_mtok = 0.003625
            cache_write_price_per_mtok = 4
            """
        let target = try #require(
            Given(text, environment: Self.both).build().snapshot?.models[ModelName("gpt-4o")]?.targets.first
        )
        #expect(
            target.price
                == PriceTable(
                    input: TokenPrice(picoUSD: 3_625),
                    output: TokenPrice(picoUSD: 10_000_000),
                    cacheRead: TokenPrice(picoUSD: 1_250_000),
                    cacheWrite: TokenPrice(picoUSD: 4_000_000)
                )
        )
        #expect(target.contextWindow == 128_000)
    }

    @Test("half a price is none")
    func halfPrice() throws {
        let text = "[models.m]\ninput_price_per_mtok = 1\n[models.m.providers.openai]"
        let target = try #require(
            Given(text, environment: Self.both).build().snapshot?.models[ModelName("m")]?.targets.first
        )
        #expect(target.price == nil)
    }

    @Test("the default model is the configured one, also when it passes through")
    func defaultModel() {
        func name(_ model: String) -> String? {
            Given("routing.default_model = \"\(model)\"", environment: Self.both).build().snapshot?.defaultModel?
                .rawValue
        }
        #expect(name("gpt-4o") == "gpt-4o")
        #expect(name("openai::anything") == "openai::anything")
        #expect(name("nobody::anything") == nil)
        #expect(
            Given("routing.default_model = \"gpt-4x\"", environment: Self.both).findings() == [
                "martlet.toml:1:9: warning: routing.default_model \"gpt-4x\" is no model that is on (did you mean gpt-4o?)"
            ]
        )
    }

    @Test("what a model can do is what its list says, else what the registry knows, else unknown")
    func capabilities() throws {
        func found(_ text: String) throws -> ModelCapabilities {
            let snapshot = Given("[models.m]\nrouting = [\"openai\"]\n" + text, environment: Self.both).build().snapshot
            return try #require(snapshot?.models[ModelName("m")]?.targets.first).capabilities
        }
        #expect(
            try found("capabilities = [\"tools\"]")
                == ModelCapabilities(jsonSchema: false, tools: true, reasoning: false)
        )
        #expect(
            try found("capabilities = [\"json_schema\"]")
                == ModelCapabilities(jsonSchema: true, tools: false, reasoning: false)
        )
        #expect(try found("") == ModelCapabilities())
        let known = "providers.openai.model_name = \"gpt-4o-mini\""
        let mini4o = ModelCapabilities(jsonSchema: true, tools: true, reasoning: false)
        #expect(try found(known) == mini4o)
        let registry = try #require(Given(nil, environment: Self.both).build().snapshot)
        let mini = registry.models[ModelName("gpt-4o-mini")]?.targets.first
        #expect(mini?.capabilities == mini4o)
        #expect(registry.accounts[AccountName("openai")]?.makeTarget("gpt-4o-mini").capabilities.jsonSchema == true)
    }

    @Test("nothing is fetched unless it is allowed; hosts are compared in lower case")
    func media() throws {
        #expect(Given(nil, environment: Self.both).build().snapshot?.media == MediaSettings())
        let text = "[gateway]\nfetch_media = true\nfetch_media_hosts = [\"CDN.example.com:8443\"]"
        let media = try #require(Given(text, environment: Self.both).build().snapshot).media
        #expect(media.isFetched && media.hosts == ["cdn.example.com:8443"])
    }

    @Test("ten thousand models load quickly enough to reload by hand", .timeLimit(.minutes(1)))
    func many() throws {
        var text = ""
        for index in 0..<10_000 { text += "[models.m\(index)]\nproviders.openai.model_name = \"x\(index)\"\n" }
        let snapshot = try #require(Given(text, environment: Self.both).build().snapshot)
        #expect(snapshot.models.count == 10_003)
        #expect(snapshot.models[ModelName("m9999")]?.targets.first?.upstreamModel == "x9999")
    }
}
