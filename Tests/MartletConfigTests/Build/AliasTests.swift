import MartletCore
import MartletGovernance
import MartletRouting
import Testing

@testable import MartletConfig

@Suite("Aliases of a snapshot") struct AliasTests {
    private static let keys = ["OPENAI_API_KEY": "sk-openai-000000", "ANTHROPIC_API_KEY": "sk-ant-000000"]
    private static let engine = LocalProbe(
        kind: ProviderKind("llama_server"),
        endpoint: Endpoint(tls: false, host: "127.0.0.1", port: 8_080, basePath: "/v1"),
        models: [.init(name: "tiny", contextWindow: 4_096)]
    )

    private func snapshot(
        _ text: String?,
        environment: [String: String] = Self.keys,
        local: LocalProbe? = nil
    ) throws -> Snapshot {
        let outcome = Given(text, environment: environment).build(local: local)
        return try #require(outcome.snapshot, "\(outcome.diagnostics)")
    }

    /// Where requests for a name go, in order.
    private func plan(_ model: String?, in snapshot: Snapshot) throws -> [String] {
        try Planner.plan(PlanRequest(model: model), in: snapshot).targets.map(\.upstreamModel)
    }

    @Test("has every key, in every spelling")
    func keys() throws {
        let snapshot = try snapshot(
            """
            [aliases.all]
            strategy = "random"
            sticky = true
            targets = ["gpt-4o", { model = "openai::anything", weight = 2.5 }, { model = "mix" }, "anthropic/x"]
            [aliases.mix]
            strategy = "cheapest"
            expected_tokens = { input = 3000, output = 500 }
            targets = ["gpt-5", "gpt-4o-mini"]
            [aliases.asked]
            strategy = "cheapest"
            expected_tokens = "request"
            targets = ["gpt-5"]
            """
        )
        let alias = try #require(snapshot.models[ModelName("all")]?.alias)
        #expect(alias.strategy == .random && alias.isSticky && alias.isConfigured && alias.expected == .equal)
        #expect(alias.members.map(\.name) == ["gpt-4o", "openai::anything", "mix", "anthropic/x"])
        #expect(alias.members.map(\.weight) == [1, 2.5, 1, 1])
        #expect(alias.members[2].alias?.expected == .fixed(input: 3_000, output: 500))
        #expect(alias.members[2].alias === snapshot.models[ModelName("mix")]?.alias)
        #expect(
            alias.allTargets.map(\.upstreamModel) == ["gpt-4o", "anything", "gpt-5", "gpt-4o-mini", "x"]
        )
        #expect(snapshot.models[ModelName("asked")]?.alias?.expected == .request)
        #expect(snapshot.aliases.enumerated().allSatisfy { $0 == $1.index })
        #expect(snapshot.models[ModelName("mix")]?.targets.map(\.upstreamModel) == ["gpt-4o-mini", "gpt-5"])
    }

    @Test("stands in the list of models, with what its first target has, behind the models")
    func listed() throws {
        let snapshot = try snapshot("[models.gpt-4o]\n[aliases.b]\ntargets = [\"gpt-4o\"]\n")
        #expect(snapshot.listed.map(\.id) == ["gpt-4o", "b", "cloud-balanced", "auto"])
        let line = try #require(snapshot.listed.first { $0.id == "b" })
        #expect(line.ownedBy == "martlet" && line.facts.contextWindow == 128_000 && line.alias?.strategy == .first)
    }

    @Test("may have the name of a registry's model and takes its place, not that of a configured one")
    func shadow() throws {
        let snapshot = try snapshot("[aliases.gpt-4o]\ntargets = [\"gpt-5\"]\n")
        #expect(try plan("gpt-4o", in: snapshot) == ["gpt-5"])
        #expect(snapshot.listed.count { $0.id == "gpt-4o" } == 1)
        let both = Given("[models.gpt-4o]\n[aliases.gpt-4o]\ntargets = [\"gpt-5\"]\n", environment: Self.keys)
        #expect(
            both.findings() == ["martlet.toml:2:10: error: alias gpt-4o is the name of a configured model, too"]
        )
    }

    @Test(
        "of the registry's models it reaches those that are not configured, too; of the engine's, those that are there"
    )
    func reach() throws {
        let text = "[models.gpt-4o]\n[aliases.a]\ntargets = [\"claude-sonnet-5\", \"local:tiny\"]\n"
        #expect(try plan("a", in: snapshot(text)) == ["claude-sonnet-5"])
        #expect(try plan("a", in: snapshot(text, local: Self.engine)) == ["claude-sonnet-5", "tiny"])
        // What comes with the gateway does not open what the operator left out.
        #expect(try snapshot(text).models[ModelName("sonnet")] == nil)
    }

    @Test(
        "that is wrong refuses the configuration, and says where",
        arguments: [
            ("[aliases.a]\ntargets = [\"a\"]", "2:12: error: alias a leads back to itself: a → a"),
            (
                "[aliases.a]\ntargets = [\"b\"]\n[aliases.b]\ntargets = [\"gpt-4o\",\n\"c\"]\n[aliases.c]\ntargets = [\"b\"]",
                "7:12: error: alias c leads back to itself: b → c → b"
            ),
            (
                "[aliases.cloud-balanced]\ntargets = [\"auto\"]",
                "1:10: error: alias auto leads back to itself: cloud-balanced → auto → cloud-balanced"
            ),
            (
                "[aliases.a]\ntargets = [\"gpt-4oo\"]",
                "2:12: error: alias a names \"gpt-4oo\", which is no model and no alias (did you mean gpt-4o?)"
            ),
            ("[aliases.a]\ntargets = []", "1:10: error: alias a needs targets"),
            ("[aliases.a]\nstrategy = \"first\"", "1:10: error: alias a needs targets"),
            ("[aliases.a]\ntargets = [{ weight = 2 }]", "2:12: error: a target of alias a names no model"),
            ("[aliases.a]\ntargets = [{ modle = \"x\" }]", "unknown key modle"),
            ("[aliases.a]\ntargets = [{ model = \"gpt-4o\", weight = 0 }]", "must be between"),
            ("[aliases.a]\ntargets = [1]", "must be a string or a table, not an integer"),
            ("[aliases.a]\nstrategy = \"cheap\"\ntargets = [\"gpt-4o\"]", "\"cheap\" is not one of"),
            ("[aliases.\"a::b\"]\ntargets = [\"gpt-4o\"]", "alias \"a::b\" has a meaning of its own"),
            ("[aliases.default]\ntargets = [\"gpt-4o\"]", "alias default has a meaning of its own"),
            ("[aliases.\"a b\"]\ntargets = [\"gpt-4o\"]", "must have 1 to 256 of the characters"),
            ("[routing]\nfallbacks = [{ model = \"gone\" }]", "routing.fallbacks names \"gone\""),
        ]
    )
    func wrong(text: String, finding: String) {
        let outcome = Given(text, environment: Self.keys).build()
        #expect(outcome.snapshot == nil)
        #expect(outcome.diagnostics.contains { $0.description.contains(finding) }, "\(outcome.diagnostics)")
    }

    @Test("nine aliases in a row are one too many, and so are 65 targets")
    func bounds() {
        func chain(_ length: Int) -> String {
            (1...length).map { index in
                "[aliases.a\(index)]\ntargets = [\"\(index == length ? "gpt-4o" : "a\(index + 1)")\"]\n"
            }.joined()
        }
        #expect(Given(chain(Alias.maxDepth), environment: Self.keys).findings() == [])
        #expect(
            Given(chain(Alias.maxDepth + 1), environment: Self.keys).findings().first?
                .contains("stands behind more than 8 aliases") == true
        )
        // Whichever end is written first.
        let upwards = (1...(Alias.maxDepth + 1)).map { index in
            "[aliases.b\(index)]\ntargets = [\"\(index == 1 ? "gpt-4o" : "b\(index - 1)")\"]\n"
        }.joined()
        #expect(Given(upwards, environment: Self.keys).findings().contains { $0.contains("more than 8 aliases") })
        // What stands there several times is ranked several times.
        let same = "targets = [\(Array(repeating: "\"gpt-4o\"", count: 60).joined(separator: ", "))]\n"
        let twice = "[aliases.a]\n\(same)[aliases.b]\ntargets = [\"a\", \"a\"]\n"
        #expect(Given(twice, environment: Self.keys).findings().contains { $0.contains("more than 64 targets") })
        func wide(_ count: Int) -> String {
            let half = (0..<count / 2).map { "\"openai::m\($0)\"" }.joined(separator: ", ")
            let rest = (count / 2..<count).map { "\"openai::m\($0)\"" }.joined(separator: ", ")
            return "[aliases.a]\ntargets = [\"b\", \(rest)]\n[aliases.b]\ntargets = [\(half)]\n"
        }
        #expect(Given(wide(64), environment: Self.keys).findings() == [])
        #expect(
            Given(wide(65), environment: Self.keys).findings().first?.contains("alias a has more than 64 targets")
                == true
        )
    }

    @Test("none of whose providers is on is left out with a warning; of several the others stay, and the rest is known")
    func off() throws {
        let given = Given("[aliases.a]\ntargets = [\"grok-4.3\", \"xai::new\"]\n", environment: Self.keys)
        #expect(given.findings() == ["martlet.toml:1:10: warning: alias a has no target that is on; it is left out"])
        let some = try snapshot("[aliases.a]\ntargets = [\"grok-4.3\", \"gpt-5\", \"gpt-4\"]\n")
        let alias = try #require(some.models[ModelName("a")]?.alias)
        #expect(alias.members.map(\.name) == ["gpt-5"] && alias.absent == ["grok-4.3", "gpt-4"])
    }

    @Test("an overlay's aliases count, its unquoted names too; those of the file itself win")
    func overlay() throws {
        var given = Given(
            "[gateway]\nregistry_overlay = \"o.toml\"\n[aliases.x]\ntargets = [\"gpt-5\"]\n",
            environment: Self.keys
        )
        given.files["o.toml"] = """
            [aliases.reasoning/cheapest]
            strategy = "cheapest"
            targets = ["gpt-4o-mini", "claude-3-haiku"]
            [aliases.x]
            targets = ["gpt-4o"]
            """
        #expect(given.findings() == ["o.toml:1:10: warning: a name with a slash needs quotes: \"reasoning/cheapest\""])
        let snapshot = try #require(given.build().snapshot)
        #expect(try plan("reasoning/cheapest", in: snapshot) == ["gpt-4o-mini", "claude-3-haiku-20240307"])
        #expect(try plan("x", in: snapshot) == ["gpt-5"])
        given.files["o.toml"] = "[aliases.y]\ntargets = [\"nothing\"]\n"
        #expect(given.findings().first?.hasPrefix("o.toml:2:12: error: alias y names \"nothing\"") == true)
    }

    // MARK: Without a configuration

    @Test("cloud-balanced is the cheapest model of the standard tier that is on, and the next ones after it")
    func balanced() throws {
        let snapshot = try snapshot(nil)
        let alias = try #require(snapshot.models[ModelName("cloud-balanced")]?.alias)
        #expect(alias.strategy == .cheapest && !alias.isConfigured && alias.members.count > 5)
        let prices = alias.usualTargets.compactMap(\.price).map { $0.input.picoUSD + $0.output.picoUSD }
        #expect(prices == prices.sorted() && prices.count == alias.usualTargets.count)
        #expect(alias.usualTargets.first?.upstreamModel == "gpt-6.1-terra")
        #expect(!alias.allTargets.contains { $0.upstreamModel.contains("nano") || $0.upstreamModel.contains("opus") })
        // Who has nothing of that tier gets the cheapest there is.
        let groq = try self.snapshot(nil, environment: ["GROQ_API_KEY": "gsk-0123456789"])
        #expect(groq.models[ModelName("cloud-balanced")]?.targets.count == 1)
    }

    @Test("sonnet, opus, auto and smartroute mean models without a configuration")
    func defaults() throws {
        let snapshot = try snapshot(nil)
        #expect(try plan("sonnet", in: snapshot).first == "claude-sonnet-4-0")
        #expect(try plan("opus", in: snapshot).first == "claude-opus-4-5")
        #expect(try plan("auto", in: snapshot) == plan("smartroute", in: snapshot))
        #expect(try plan(nil, in: snapshot).first == "gpt-6.1-terra")
        #expect(snapshot.listed.suffix(4).map(\.id) == ["sonnet", "opus", "cloud-balanced", "auto"])
        let here = try self.snapshot(nil, local: Self.engine)
        #expect(try plan("auto", in: here).prefix(2) == ["tiny", "gpt-6.1-terra"])
        #expect(try self.snapshot(nil, environment: [:]).listed.map(\.id) == ["mock"])
    }

    @Test("tiers are what sonnet and opus mean, and what auto picks")
    func tiers() throws {
        let text = """
            [routing.smart]
            tiers = { local = "local:tiny", sonnet = "gpt-5", strong = "gpt-5.5" }
            """
        let snapshot = try snapshot(text, local: Self.engine)
        #expect(try plan("sonnet", in: snapshot) == ["gpt-5"] && plan("opus", in: snapshot) == ["gpt-5.5"])
        #expect(try plan("auto", in: snapshot).prefix(3) == ["tiny", "gpt-5", "gpt-6.1-terra"])
        var request = PlanRequest(model: "auto")
        request.quality = .best
        #expect(try Planner.plan(request, in: snapshot).targets.first?.upstreamModel == "gpt-5.5")
        let typo = Given("[routing.smart]\ntiers = { strong = \"gpt-55\" }", environment: Self.keys)
        #expect(
            typo.findings().first?.contains("warning: routing.smart.tiers.strong \"gpt-55\" is no model and no alias")
                == true
        )
    }

    @Test("a configuration's own aliases win over those that come with the gateway")
    func wins() throws {
        let snapshot = try snapshot(
            """
            [aliases.sonnet]
            targets = ["gpt-5"]
            [aliases.cloud-balanced]
            targets = ["gpt-4o"]
            [aliases.smartroute]
            targets = ["gpt-5.5"]
            """
        )
        #expect(try plan("sonnet", in: snapshot) == ["gpt-5"] && plan("smartroute", in: snapshot) == ["gpt-5.5"])
        #expect(try plan("auto", in: snapshot) == ["gpt-4o"])
        let own = try self.snapshot("[aliases.auto]\ntargets = [\"gpt-4o\"]\n")
        #expect(try plan("auto", in: own) == ["gpt-4o"] && plan(nil, in: own) == ["gpt-4o"])
        #expect(own.models[ModelName("auto")]?.alias?.strategy == .first)
    }

    @Test("[routing] says where requests go that do not say it themselves")
    func routing() throws {
        let snapshot = try snapshot(
            """
            [routing]
            default = "cloud"
            allow_request_override = false
            fallbacks = [{ model = "cloud-balanced" }, "gpt-4o", "grok-4.3"]
            auto = { max_prompt_tokens = 100, quality_override = false }
            smart = { enabled = false }
            """
        )
        let routing = snapshot.routing
        #expect(routing.defaultRoute == .cloud && !routing.allowsOverride && !routing.heedsQuality)
        #expect(routing.maxLocalPromptTokens == 100 && !routing.smartRouting)
        #expect(routing.fallbacks.map(\.name.rawValue) == ["cloud-balanced", "gpt-4o"])
        #expect(try self.snapshot(nil).routing.allowsOverride)
    }
}
