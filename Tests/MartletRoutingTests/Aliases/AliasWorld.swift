import MartletCore
import MartletGovernance
import MartletRouting

/// Targets, aliases and what is known of them, for one test.
struct AliasWorld: PlanningEnvironment {
    var now = Instant(nanoseconds: 1_000_000_000)
    /// What is known of a target, by its model.
    var standings: [String: TargetStanding] = [:]
    var rotations: [ModelName: SmoothRotation] = [:]
    private var state: UInt64
    /// Questions about targets so far.
    private(set) var asked = 0

    init(seed: UInt64 = 1) { state = seed }

    mutating func random() -> UInt64 {
        // SplitMix64 (Steele, Lea, Flood 2014).
        state &+= 0x9E37_79B9_7F4A_7C15
        return StableHash.mixed(state)
    }

    mutating func standing(of target: Target) -> TargetStanding {
        asked += 1
        return standings[target.upstreamModel] ?? TargetStanding()
    }

    mutating func turn(of alias: ModelName, weights: [Int32], counts: Bool) -> Int {
        var rotation = rotations[alias] ?? SmoothRotation()
        let turn = rotation.next(weights)
        if counts { rotations[alias] = rotation }
        return turn
    }

    /// A target whose prices are dollars a million tokens.
    static func target(
        _ model: String,
        _ input: Double? = nil,
        _ output: Double? = nil,
        isLocal: Bool = false,
        account: String? = nil,
        contextWindow: Int? = nil,
        maxConcurrency: Int = 0,
        longPrompt: PriceTable.LongPrompt? = nil
    ) -> Target {
        let price = input.map {
            PriceTable(
                TokenRates(
                    input: TokenPrice(picoUSD: Int64($0 * 1_000_000)),
                    output: TokenPrice(picoUSD: Int64((output ?? 0) * 1_000_000))
                ),
                longPrompt: longPrompt
            )
        }
        let account = AccountName(account ?? (isLocal ? "engine" : "cloud"))
        return Target(
            id: TargetID(account: account, upstreamModel: model, credentialLocation: "none"),
            account: account,
            kind: ProviderKind("kind"),
            dialect: .openAIChat,
            upstreamModel: model,
            endpoint: Endpoint(tls: true, host: "h", port: 443, basePath: ""),
            source: isLocal ? .local : .cloud,
            isLocal: isLocal,
            price: price,
            contextWindow: contextWindow,
            maxConcurrency: maxConcurrency
        )
    }

    static func member(_ target: Target, weight: Double = 1, role: Alias.Role = .cloud) -> Alias.Member {
        Alias.Member(target.upstreamModel, targets: [target], weight: weight, role: role)
    }

    static func alias(
        _ strategy: AliasStrategy,
        _ members: [Alias.Member],
        name: String = "a",
        isSticky: Bool = false,
        expected: ExpectedTokens = .equal
    ) -> Alias {
        Alias(
            name: ModelName(name),
            index: 0,
            strategy: strategy,
            members: members,
            isSticky: isSticky,
            expected: expected
        )
    }

    /// A configuration with these aliases and models.
    static func snapshot(
        _ aliases: [Alias],
        models: [String: [Target]] = [:],
        local: LocalEngine = .running(.init(kind: ProviderKind("engine"), models: ["here"])),
        defaultModel: String? = nil,
        away: Set<ModelName> = [],
        _ edit: (inout RoutingPolicy) -> Void = { _ in }
    ) -> Snapshot {
        var entries: [ModelName: ModelEntry] = [:]
        for (name, targets) in models { entries[ModelName(name)] = ModelEntry(name: ModelName(name), targets: targets) }
        for alias in aliases { entries[alias.name] = ModelEntry(alias) }
        var routing = RoutingPolicy()
        edit(&routing)
        return Snapshot(
            models: entries,
            listed: [],
            accounts: [:],
            defaultModel: defaultModel.map { ModelName($0) },
            local: local,
            away: away,
            routing: routing,
            aliases: aliases
        )
    }

    /// The order of an alias for a request, by model names.
    mutating func order(_ alias: Alias, _ edit: (inout PlanRequest) -> Void = { _ in }) throws -> [String] {
        var request = PlanRequest(model: alias.name.rawValue)
        edit(&request)
        var trace = DecisionTrace()
        let plan = try Planner.plan(request, in: Self.snapshot([alias]), asking: &self, trace: &trace)
        return plan.targets.map(\.upstreamModel)
    }
}
