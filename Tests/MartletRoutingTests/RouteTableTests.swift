import MartletCore
import MartletRouting
import Testing

/// The table of model × route × provider, row by row.
@Suite("Model, route and provider") struct RouteTableTests {
    private static let here = AliasWorld.target("here", isLocal: true, account: "engine")
    private static let one = AliasWorld.target("one", 1, 1, account: "one")
    private static let two = AliasWorld.target("two", 2, 2, account: "two")
    private static let standard = AliasWorld.target("standard", 3, 15, account: "one")
    private static let strong = AliasWorld.target("strong", 5, 25, account: "one")
    private static let cloud = AliasWorld.target("cloud", 1, 5, account: "two")

    /// A model at two clouds and here, one in the cloud alone, one here alone, an alias of all, and `auto`.
    private static func snapshot(
        hasLocal: Bool = true,
        defaultModel: String? = "auto",
        away: Set<ModelName> = [],
        _ edit: (inout RoutingPolicy) -> Void = { _ in }
    ) -> Snapshot {
        let mix = AliasWorld.alias(
            .first,
            [AliasWorld.member(one), AliasWorld.member(here), AliasWorld.member(two)],
            name: "mix"
        )
        var roles = [AliasWorld.member(standard, role: .standard), AliasWorld.member(strong, role: .strong)]
        if hasLocal { roles.insert(AliasWorld.member(here, role: .local), at: 0) }
        let auto = AliasWorld.alias(.auto, roles + [AliasWorld.member(cloud, role: .cloud)], name: "auto")
        return AliasWorld.snapshot(
            [mix, auto],
            models: [
                "both": [one, here, two], "remote": [one, two], "local:here": [here], "backup": [cloud],
            ],
            local: hasLocal
                ? .running(.init(kind: ProviderKind("engine"), models: ["here"], defaultModel: "here"))
                : .notConfigured,
            defaultModel: defaultModel,
            away: away
        ) {
            $0.fallbacks = [ModelEntry(name: ModelName("backup"), targets: [cloud])]
            edit(&$0)
        }
    }

    struct Row: CustomTestStringConvertible, Sendable {
        var model: String?
        var route: Route?
        var provider: String?
        var fallbacks: [String] = []
        var privacy = PrivacyClass.open
        var expected: [String] = []
        var reason = RouteReason.named
        var error: GatewayError.Code?

        var testDescription: String {
            "\(model ?? "none") \(route?.rawValue ?? "-") \(provider ?? "-") \(fallbacks) \(privacy)"
        }
    }

    private func check(_ row: Row, in snapshot: Snapshot) {
        let request = PlanRequest(
            model: row.model,
            route: row.route,
            provider: row.provider,
            fallbacks: row.fallbacks,
            privacy: row.privacy
        )
        do throws(GatewayError) {
            let plan = try Planner.plan(request, in: snapshot)
            #expect(plan.targets.map(\.upstreamModel) == row.expected && row.error == nil)
            #expect(plan.reason == row.reason)
        } catch {
            #expect(error.code == row.error)
        }
    }

    @Test(
        "a model or an alias with a route",
        arguments: [
            // none: that one; the default route does not apply
            Row(model: "both", expected: ["one", "here", "two"]),
            Row(model: "mix", expected: ["one", "here", "two"], reason: .first),
            Row(model: "remote", expected: ["one", "two"]),
            // local and cloud: only its local or remote targets, never another model
            Row(model: "both", route: .local, expected: ["here"], reason: .route),
            Row(model: "mix", route: .local, expected: ["here"], reason: .route),
            Row(model: "remote", route: .local, error: .localUnavailable),
            Row(model: "both", route: .cloud, expected: ["one", "two"], reason: .route),
            Row(model: "mix", route: .cloud, expected: ["one", "two"], reason: .route),
            Row(model: "local:here", route: .cloud, error: .modelNotFound),
            // auto: its targets, local ones first
            Row(model: "both", route: .auto, expected: ["here", "one", "two"]),
            Row(model: "mix", route: .auto, expected: ["here", "one", "two"], reason: .first),
            // fallback: the request's or the configuration's list after it
            Row(model: "remote", route: .fallback, expected: ["one", "two", "cloud"], reason: .route),
            Row(
                model: "remote",
                route: .fallback,
                fallbacks: ["both"],
                expected: ["one", "two", "here"],
                reason: .route
            ),
            Row(model: "mix", route: .fallback, expected: ["one", "here", "two", "cloud"], reason: .route),
            Row(model: "remote", fallbacks: ["backup"], expected: ["one", "two", "cloud"]),
            Row(model: "remote", fallbacks: ["mix"], expected: ["one", "two", "here"]),
            Row(model: "remote", route: .cloud, fallbacks: ["local:here"], expected: ["one", "two"], reason: .route),
            Row(model: "remote", fallbacks: ["gone"], error: .modelNotFound),
        ]
    )
    func named(row: Row) { check(row, in: Self.snapshot { $0.defaultRoute = .local }) }

    @Test(
        "auto, smartroute and no model",
        arguments: [nil, "", "default", "auto"] as [String?]
    )
    func auto(model: String?) {
        let reason = model == "auto" ? RouteReason.auto : .defaultModel
        let snapshot = Self.snapshot()
        let here = ["here", "standard", "cloud"]
        check(Row(model: model, expected: here, reason: reason), in: snapshot)
        check(Row(model: model, route: .auto, expected: here, reason: reason), in: snapshot)
        check(Row(model: model, route: .local, expected: ["here"], reason: .route), in: snapshot)
        check(Row(model: model, provider: "local", expected: ["here"], reason: .route), in: snapshot)
        check(Row(model: model, route: .cloud, expected: ["cloud"], reason: .route), in: snapshot)
        check(Row(model: model, route: .fallback, expected: here, reason: .route), in: snapshot)
        check(Row(model: model, provider: "two", expected: ["cloud"], reason: .provider), in: snapshot)
        let away = Self.snapshot(hasLocal: false)
        check(Row(model: model, route: .local, error: .localNotConfigured), in: away)
        check(Row(model: model, expected: ["standard", "cloud"], reason: reason), in: away)
    }

    @Test("the default route is that of requests that name neither a model nor a route")
    func defaultRoute() {
        let local = Self.snapshot { $0.defaultRoute = .local }
        check(Row(model: nil, expected: ["here"], reason: .route), in: local)
        check(Row(model: "auto", expected: ["here"], reason: .route), in: local)
        check(Row(model: nil, route: .cloud, expected: ["cloud"], reason: .route), in: local)
        let cloud = Self.snapshot { $0.defaultRoute = .cloud }
        check(Row(model: "auto", expected: ["cloud"], reason: .route), in: cloud)
        check(Row(model: "local:here", expected: ["here"]), in: cloud)
        let fallback = Self.snapshot { $0.defaultRoute = .fallback }
        check(Row(model: nil, expected: ["here", "standard", "cloud"], reason: .route), in: fallback)
        let named = Self.snapshot(defaultModel: "remote") { $0.defaultRoute = .local }
        check(Row(model: nil, expected: ["one", "two"], reason: .defaultModel), in: named)
    }

    @Test(
        "a provider is that account alone",
        arguments: [
            Row(model: "both", provider: "local", expected: ["here"], reason: .route),
            Row(model: "both", provider: "two", expected: ["two"], reason: .provider),
            Row(model: "mix", provider: "two", expected: ["two"], reason: .provider),
            Row(model: "mix", provider: "nobody", error: .modelNotFound),
            Row(model: "mix", route: .local, provider: "two", error: .localUnavailable),
            Row(model: "mix", route: .cloud, provider: "engine", error: .modelNotFound),
            Row(
                model: "remote",
                provider: "two",
                fallbacks: ["backup"],
                expected: ["two", "cloud"],
                reason: .provider
            ),
        ]
    )
    func provider(row: Row) { check(row, in: Self.snapshot()) }

    @Test(
        "what may not leave the device goes only to targets here, on every route",
        arguments: [nil, Route.local, .auto, .cloud, .fallback],
        ["both", "mix", "auto", "local:here"]
    )
    func localOnly(route: Route?, model: String) {
        let row = Row(
            model: model,
            route: route,
            fallbacks: ["remote"],
            privacy: .localOnly,
            expected: ["here"],
            reason: route == .local ? .route : .privacy
        )
        check(row, in: Self.snapshot())
        check(
            Row(model: "remote", route: route, privacy: .localOnly, error: .localUnavailable),
            in: Self.snapshot()
        )
    }

    /// The order of `auto` for a request, by names.
    private func auto(
        _ policy: (inout RoutingPolicy) -> Void = { _ in },
        _ edit: (inout PlanRequest) -> Void
    ) throws -> [String] {
        var request = PlanRequest(model: "auto")
        edit(&request)
        return try Planner.plan(request, in: Self.snapshot(policy)).targets.map(\.upstreamModel)
    }

    @Test("auto leaves a short prompt here, and asks the tier and then the cloud model about a long one")
    func autoRules() throws {
        #expect(try auto { $0.inputTokens = 8_192 } == ["here", "standard", "cloud"])
        #expect(try auto { $0.inputTokens = 8_193 } == ["standard", "cloud", "here"])
        #expect(try auto({ $0.maxLocalPromptTokens = 10 }) { $0.inputTokens = 11 }.first == "standard")
        #expect(try auto { ($0.inputTokens, $0.quality) = (50_000, .fast) }.first == "here")
        #expect(try auto { $0.quality = .best } == ["strong", "standard", "cloud", "here"])
        #expect(try auto { $0.quality = .balanced } == ["here", "standard", "cloud"])
        #expect(try auto({ $0.heedsQuality = false }) { $0.quality = .best } == ["here", "standard", "cloud"])
    }

    @Test("without smart routing no tier is picked")
    func smartRouting() throws {
        #expect(try auto { $0.smartRouting = false } == ["here", "cloud"])
        #expect(try auto({ $0.smartRouting = false }) { _ in } == ["here", "cloud"])
        #expect(try auto({ $0.smartRouting = false }) { $0.smartRouting = true } == ["here", "standard", "cloud"])
        #expect(try auto { ($0.smartRouting, $0.quality) = (false, .best) } == ["cloud", "here"])
    }

    @Test("a fallback that is known but not here is left out; one that nobody knows is named by its place")
    func fallbacksAway() throws {
        var trace = DecisionTrace()
        var world = AliasWorld()
        let snapshot = Self.snapshot(away: [ModelName("sonnet")])
        let request = PlanRequest(model: "remote", fallbacks: ["local:gone", "sonnet", "backup"])
        let plan = try Planner.plan(request, in: snapshot, asking: &world, trace: &trace)
        #expect(plan.targets.map(\.upstreamModel) == ["one", "two", "cloud"])
        #expect(String(decoding: trace.text(), as: UTF8.self) == "fallback_away index=0;fallback_away index=1;")
        let unknown = PlanRequest(model: "remote", fallbacks: ["backup", "gone"])
        let error = #expect(throws: GatewayError.self) { try Planner.plan(unknown, in: snapshot) }
        #expect(error?.code == .modelNotFound && error?.param == "fallbacks[1]")
    }

    @Test("a route to local targets says by which rule they come first or not")
    func traced() throws {
        var trace = DecisionTrace()
        var world = AliasWorld()
        var request = PlanRequest(model: "both", route: .auto)
        request.inputTokens = 9_000
        let plan = try Planner.plan(request, in: Self.snapshot(), asking: &world, trace: &trace)
        #expect(plan.targets.map(\.upstreamModel) == ["one", "two", "here"])
        #expect(String(decoding: trace.text(), as: UTF8.self) == "auto_rule rule=prompt_too_long tokens=9000 tier=0;")
    }
}
