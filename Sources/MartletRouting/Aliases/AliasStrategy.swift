/// How an alias orders its targets for a request.
public enum AliasStrategy: UInt8, Sendable, Hashable, CaseIterable {
    /// In the order in which they are listed.
    case first
    /// Drawn by weight for every request.
    case random
    /// In turn, by weight.
    case roundRobin
    /// By price.
    case cheapest
    /// By measured time.
    case fastest
    /// By what `auto` goes by: a model on this device where the rules allow, the others else.
    case auto

    /// The name in configurations, pages and metrics.
    public var name: String {
        switch self {
        case .first: "first"
        case .random: "random"
        case .roundRobin: "round_robin"
        case .cheapest: "cheapest"
        case .fastest: "fastest"
        case .auto: "auto"
        }
    }

    /// The strategies that a configuration may name.
    public static let configurable: [AliasStrategy] = [.first, .random, .roundRobin, .cheapest, .fastest]

    /// Finds a strategy that a configuration may name.
    public init?(name: String) {
        guard let found = Self.configurable.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else { return nil }
        self = found
    }

    /// Why a plan has the order it has.
    var reason: RouteReason {
        switch self {
        case .first: .first
        case .random: .random
        case .roundRobin: .roundRobin
        case .cheapest: .cheapest
        case .fastest: .fastest
        case .auto: .auto
        }
    }

    /// Whether it compares single targets; the others keep the order in which a model names its providers.
    var comparesTargets: Bool { self == .cheapest || self == .fastest }
}
