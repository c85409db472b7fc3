public import MartletCore

/// A name that stands for several models, in an order that is made anew for every request.
///
/// Immutable, and free of loops: what it is built of exists before it.
public final class Alias: Sendable {
    /// The name that requests ask for.
    public let name: ModelName
    /// Its place among the aliases of its snapshot, by which decision traces name it.
    public let index: Int
    /// How its targets are ordered.
    public let strategy: AliasStrategy
    /// What it stands for, in the order of the configuration.
    public let members: [Member]
    /// Whether requests that begin alike go to the same target while it is well.
    public let isSticky: Bool
    /// What "cheapest" reckons with.
    public let expected: ExpectedTokens
    /// Names of the configuration none of whose providers is on, so that they are no members now.
    public let absent: [String]
    /// Whether the configuration has it; others come with the gateway.
    public let isConfigured: Bool
    /// Whether it, or an alias it stands for, is sticky.
    public let readsPrefix: Bool

    /// The largest number of targets, counted through other aliases.
    public static let maxTargets = 64
    /// How many aliases may stand for each other in a row.
    public static let maxDepth = 8

    /// How many aliases stand for each other in a row here, this one included.
    public let depth: Int
    /// How many targets a plan ranks for it, those counted again that several members have.
    public let breadth: Int

    /// Creates an alias.
    public init(
        name: ModelName,
        index: Int,
        strategy: AliasStrategy,
        members: [Member],
        isSticky: Bool = false,
        expected: ExpectedTokens = .equal,
        isConfigured: Bool = true,
        absent: [String] = []
    ) {
        self.absent = absent
        self.name = name
        self.index = index
        self.strategy = strategy
        self.members = members
        self.isSticky = isSticky
        self.expected = expected
        self.isConfigured = isConfigured
        depth = 1 + (members.compactMap { $0.alias?.depth }.max() ?? 0)
        breadth = members.reduce(0) { $0 + ($1.alias?.breadth ?? $1.targets.count) }
        readsPrefix = isSticky || members.contains { $0.alias?.readsPrefix ?? false }
    }

    /// One of the things an alias stands for.
    public struct Member: Sendable {
        /// As the configuration writes it.
        public let name: String
        /// Its share of the requests where they are shared out; above 0.
        public let weight: Double
        /// The alias it is, if it is one.
        public let alias: Alias?
        /// Its own targets, best first; empty while none of its providers is on.
        public let targets: [Target]
        /// What it is to `auto`; of no meaning elsewhere.
        public let role: Role
        /// The same for the same name, in every process.
        let key: UInt64

        /// Names a model with its targets.
        public init(_ name: String, targets: [Target], weight: Double = 1, role: Role = .cloud) {
            self.init(name, alias: nil, targets: targets, weight: weight, role: role)
        }

        /// Names another alias.
        public init(_ name: String, alias: Alias, weight: Double = 1, role: Role = .cloud) {
            self.init(name, alias: alias, targets: [], weight: weight, role: role)
        }

        private init(_ name: String, alias: Alias?, targets: [Target], weight: Double, role: Role) {
            self.name = name
            self.alias = alias
            self.targets = targets
            self.weight = weight
            self.role = role
            key = StableHash.of(name)
        }

        /// All its targets, through other aliases, in the order of the configuration.
        public var allTargets: [Target] { alias?.allTargets ?? targets }
    }

    /// What a member is to `auto`.
    public enum Role: UInt8, Sendable, Hashable {
        /// The model on this device.
        case local
        /// The tier of most requests.
        case standard
        /// The tier of hard requests.
        case strong
        /// Where requests go beyond this device when no tier is picked.
        case cloud
    }

    /// All targets, in the order of the configuration, each once.
    public var allTargets: [Target] { Self.unique(members.flatMap(\.allTargets)) }

    /// All targets in the order they have as long as nothing is known of them, each once; for pages that describe.
    public var usualTargets: [Target] {
        // Where the order is drawn no one is more usual than another.
        guard strategy != .random else { return allTargets }
        var ranker = AliasRanker(
            request: PlanRequest(model: nil),
            filter: TargetFilter(),
            routing: RoutingPolicy(),
            random: 0
        )
        var (env, trace) = (QuietPlanning(), DecisionTrace())
        return Self.unique(ranker.ranked(self, countsTurn: false, &env, &trace).map(\.target))
    }

    private static func unique(_ targets: [Target]) -> [Target] {
        var seen: Set<TargetID> = []
        return targets.filter { seen.insert($0.id).inserted }
    }
}

/// How many tokens "cheapest" expects of a request.
public enum ExpectedTokens: Sendable, Hashable {
    /// As many in as out: the sum of both prices counts.
    case equal
    /// What the request itself lets expect: its prompt by the estimate rule, its limit of output.
    case request
    /// A fixed mix.
    case fixed(input: Int64, output: Int64)
}
