import MartletCore
import MartletRouting
import Testing

@Suite("Planner") struct PlannerTests {
    private static func target(_ account: String, _ model: String, isLocal: Bool = false) -> Target {
        Target(
            id: TargetID(account: AccountName(account), upstreamModel: model, credentialLocation: "none"),
            account: AccountName(account),
            kind: ProviderKind(account),
            dialect: .openAIChat,
            upstreamModel: model,
            endpoint: Endpoint(tls: true, host: "h", port: 443, basePath: ""),
            source: isLocal ? .local : .cloud,
            isLocal: isLocal
        )
    }

    /// Models: `big` at two clouds, `mixed` at a cloud and here, `local:llama` here, `off` nowhere.
    private static func snapshot(
        local: LocalEngine = .running(.init(kind: ProviderKind("llama_server"), models: ["llama", "phi"])),
        defaultModel: String? = "big"
    ) -> Snapshot {
        let models: [String: [Target]] = [
            "big": [target("one", "big-1"), target("two", "big-2")],
            "mixed": [target("one", "mixed-1"), target("llama_server", "mixed-l", isLocal: true)],
            "local:llama": [target("llama_server", "llama", isLocal: true)],
            "off": [],
        ]
        var entries: [ModelName: ModelEntry] = [:]
        for (name, targets) in models { entries[ModelName(name)] = ModelEntry(name: ModelName(name), targets: targets) }
        let account = Account(name: AccountName("one"), kind: ProviderKind("one")) { target("one", $0) }
        let known = Account(
            name: AccountName("mine"),
            kind: ProviderKind("vendor"),
            registeredName: { $0 == "known" ? ModelName("known") : nil },
            makeTarget: { target("mine", $0) }
        )
        return Snapshot(
            models: entries,
            listed: [ListedModel(id: "mixed", ownedBy: "one"), ListedModel(id: "big", ownedBy: "one")],
            accounts: [account.name: account, known.name: known],
            defaultModel: defaultModel.map { ModelName($0) },
            local: local,
            accountsByType: [AccountName("vendor"): known.name, AccountName("short"): known.name],
            offProviders: [AccountName("other")],
            retired: [ModelName("old"): "The model `old` was retired: Vendor on 2026-01-01."]
        )
    }

    private func plan(
        _ request: PlanRequest,
        in snapshot: Snapshot = Self.snapshot()
    ) -> (names: [String], plan: Plan?, error: GatewayError?) {
        do throws(GatewayError) {
            let plan = try Planner.plan(request, in: snapshot)
            return (plan.targets.map(\.upstreamModel), plan, nil)
        } catch {
            return ([], nil, error)
        }
    }

    @Test("a named model means its targets in order")
    func named() {
        let result = plan(PlanRequest(model: "big"))
        #expect(result.names == ["big-1", "big-2"])
        #expect(result.plan?.reason == .named)
        #expect(result.plan?.label == "big")
        #expect(result.plan?.isNamed == true)
    }

    @Test("no model, an empty one and `default` mean the default", arguments: [nil, "", "default", "auto"])
    func defaults(model: String?) {
        #expect(plan(PlanRequest(model: model)).names == ["big-1", "big-2"])
        #expect(plan(PlanRequest(model: model)).plan?.reason == .defaultModel)
        let without = plan(PlanRequest(model: model), in: Self.snapshot(defaultModel: nil))
        #expect(without.error?.code == .missingRequiredParameter)
        #expect(without.error?.param == "model")
    }

    @Test("a route keeps only the targets that lie on it, and never another model")
    func routes() {
        #expect(plan(PlanRequest(model: "mixed", route: .local)).names == ["mixed-l"])
        #expect(plan(PlanRequest(model: "mixed", route: .cloud)).names == ["mixed-1"])
        #expect(plan(PlanRequest(model: "mixed", route: .auto)).names == ["mixed-l", "mixed-1"])
        #expect(plan(PlanRequest(model: "big", route: .local)).error?.code == .localUnavailable)
        #expect(plan(PlanRequest(model: "local:llama", route: .cloud)).error?.code == .modelNotFound)
        #expect(plan(PlanRequest(model: "mixed", route: .cloud)).plan?.reason == .route)
    }

    @Test("the local route without a model means the engine's own default")
    func localDefault() {
        for model in [nil, "auto", "default"] {
            #expect(plan(PlanRequest(model: model, route: .local)).names == ["llama"])
            #expect(plan(PlanRequest(model: model, provider: "local")).names == ["llama"])
        }
        #expect(plan(PlanRequest(model: "llama", provider: "local")).names == ["llama"])
    }

    @Test("without a local engine the error says what is missing", arguments: [nil, "big", "llama", "local:llama2"])
    func noLocal(model: String?) {
        let absent = plan(PlanRequest(model: model, provider: "local"), in: Self.snapshot(local: .notConfigured))
        if model != "llama" {
            #expect(absent.error?.code == .localNotConfigured)
            #expect(absent.error?.message.contains("LOCAL_LLM_BASE_URL") == true)
            let silent = plan(PlanRequest(model: model, provider: "local"), in: Self.snapshot(local: .silent))
            #expect(silent.error?.code == .localUnavailable)
        }
    }

    @Test("a local model outside the allow-list is refused with the list")
    func allowList() {
        let engine = LocalEngine.Running(kind: ProviderKind("ollama"), models: ["llama", "phi"], allowed: ["llama"])
        let snapshot = Self.snapshot(local: .running(engine))
        let result = plan(PlanRequest(model: "local:phi"), in: snapshot)
        #expect(result.error?.code == .modelNotAllowed)
        #expect(result.error?.message.contains("llama") == true)
        #expect(plan(PlanRequest(model: "phi", provider: "local"), in: snapshot).error?.code == .modelNotAllowed)
        #expect(plan(PlanRequest(model: "big", route: .local), in: snapshot).error?.code == .localUnavailable)
        let unset = plan(PlanRequest(model: "local:gone"))
        #expect(unset.error?.code == .modelNotFound)
    }

    @Test("content that may not leave the device goes only to local targets, whatever the route")
    func privacy() {
        for route in [nil, Route.auto, .cloud, .fallback, .local] {
            #expect(plan(PlanRequest(model: "mixed", route: route, privacy: .localOnly)).names == ["mixed-l"])
        }
        #expect(plan(PlanRequest(model: "mixed", privacy: .localOnly)).plan?.reason == .privacy)
        #expect(plan(PlanRequest(model: "big", privacy: .localOnly)).error?.code == .localUnavailable)
        #expect(plan(PlanRequest(model: "one::x", privacy: .localOnly)).error?.code == .localUnavailable)
        #expect(plan(PlanRequest(model: "big", fallbacks: ["local:llama"], privacy: .localOnly)).names == ["llama"])
    }

    @Test("a model that exists, but not where the request wants it, is said to be elsewhere")
    func elsewhere() throws {
        let route = try #require(plan(PlanRequest(model: "local:llama", route: .cloud)).error)
        #expect(route.code == .modelNotFound && route.message.contains("No target of the route `cloud`"))
        let provider = try #require(plan(PlanRequest(model: "big", provider: "three")).error)
        #expect(provider.code == .modelNotFound && provider.message.contains("No target of the provider `three`"))
        let unknown = try #require(plan(PlanRequest(model: "nowhere", route: .cloud)).error)
        #expect(unknown.message.contains("does not exist"))
    }

    @Test("a provider keeps only its own account's targets")
    func provider() {
        #expect(plan(PlanRequest(model: "big", provider: "two")).names == ["big-2"])
        #expect(plan(PlanRequest(model: "big", provider: "nobody")).error?.code == .modelNotFound)
    }

    @Test("fallbacks follow the model; an unknown one is an error")
    func fallbacks() {
        #expect(
            plan(PlanRequest(model: "mixed", fallbacks: ["big"])).names == ["mixed-1", "mixed-l", "big-1", "big-2"]
        )
        #expect(plan(PlanRequest(model: "mixed", fallbacks: ["gone"])).error?.code == .modelNotFound)
    }

    @Test(
        "an account's name before the model passes any model through, unnamed in metrics",
        arguments: ["one::some/model", "one/some/model"]
    )
    func passthrough(model: String) {
        let result = plan(PlanRequest(model: model))
        #expect(result.names == ["some/model"])
        #expect(result.plan?.reason == .passthrough)
        #expect(result.plan?.isNamed == false)
    }

    @Test("a model that only the caller named is unnamed under every reason")
    func unnamed() {
        let result = plan(PlanRequest(model: "anything", provider: "one"))
        #expect(result.names == ["anything"])
        #expect(result.plan?.isNamed == false)
        #expect(plan(PlanRequest(model: "one::x", route: .cloud)).plan?.isNamed == false)
    }

    @Test(
        "an unknown name is not found, and its text is shown only as visible ASCII",
        arguments: ["gone", "::x", "one::", "/x", "a\u{7}é"]
    )
    func unknown(model: String) {
        let error = plan(PlanRequest(model: model)).error
        #expect(error?.code == .modelNotFound)
        #expect(error?.message.utf8.allSatisfy { $0 >= 32 && $0 < 127 } == true)
    }

    @Test(
        "a provider's type and its short names stand for its account, before two colons or a slash",
        arguments: ["mine::m", "vendor::m", "short::m", "vendor/m", "mine/m"]
    )
    func shorthand(name: String) {
        let result = plan(PlanRequest(model: name))
        #expect(result.names == ["m"])
        #expect(result.plan?.targets.first?.account.rawValue == "mine")
        #expect(result.plan?.isNamed == false && result.plan?.label == name && result.plan?.reason == .passthrough)
    }

    @Test("a provider may be asked for by its type, too", arguments: ["mine", "vendor", "short"])
    func providerType(name: String) {
        let result = plan(PlanRequest(model: "m", provider: name))
        #expect(result.names == ["m"] && result.plan?.targets.first?.account.rawValue == "mine")
    }

    @Test("a model that its provider's list knows has the list's name, also in short hand")
    func knownShorthand() {
        let result = plan(PlanRequest(model: "vendor::known"))
        #expect(result.plan?.label == "known" && result.plan?.isNamed == true && result.plan?.reason == .passthrough)
    }

    @Test("fallbacks may be written in short hand")
    func shorthandFallback() {
        #expect(plan(PlanRequest(model: "big", fallbacks: ["vendor::m"])).names == ["big-1", "big-2", "m"])
    }

    @Test(
        "a name that means no model is told why",
        arguments: [
            ("old", "The model `old` was retired: Vendor on 2026-01-01."),
            ("other::m", "The provider `other` is not on here, so `other::m` cannot be asked."),
            ("other/m", "The provider `other` is not on here, so `other/m` cannot be asked."),
            ("mixd", "The model `mixd` does not exist or this key may not use it. Did you mean `mixed`?"),
            ("nothing-like-it", "The model `nothing-like-it` does not exist or this key may not use it."),
        ]
    )
    func unknown(name: String, message: String) {
        let error = plan(PlanRequest(model: name)).error
        #expect(error?.code == .modelNotFound && error?.param == "model")
        #expect(error?.message == message)
    }

    @Test("a model without targets is not found")
    func noTargets() { #expect(plan(PlanRequest(model: "off")).error?.code == .modelNotFound) }

    @Test("names are compared byte by byte")
    func bytes() {
        #expect(plan(PlanRequest(model: "BIG")).error?.code == .modelNotFound)
        #expect(ModelName("e\u{301}") != ModelName("\u{e9}"))
    }
}
