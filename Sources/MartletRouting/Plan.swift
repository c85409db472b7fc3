public import MartletCore

/// Ordered targets for one call, with the reason for them.
public struct Plan: Sendable {
    /// The name in records and metrics.
    public var label: String
    /// Targets, best first; never empty.
    public var targets: [Target]
    /// Why these targets, as `gateway_route_total` names it.
    public var reason: RouteReason
    /// Whether the name comes from configuration or the registry; others are labelled `other` in metrics.
    public var isNamed: Bool

    /// Creates a plan.
    public init(label: String, targets: [Target], reason: RouteReason, isNamed: Bool = true) {
        self.label = label
        self.targets = targets
        self.reason = reason
        self.isNamed = isNamed
    }
}

/// Why a plan has the targets it has.
public enum RouteReason: String, Sendable, Hashable, CaseIterable {
    /// The model was named.
    case named
    /// No model was named; the default applies.
    case defaultModel = "default"
    /// The caller asked for a route.
    case route
    /// The caller asked for one provider.
    case provider
    /// The request may not leave this device.
    case privacy
    /// An unknown model passed through to a named provider.
    case passthrough
    /// An alias: in the order of its list.
    case first
    /// An alias: drawn by weight.
    case random
    /// An alias: in turn.
    case roundRobin = "round_robin"
    /// An alias: by price.
    case cheapest
    /// An alias: by time.
    case fastest
    /// `auto` was asked for.
    case auto
}

/// What a request says about where it wants to go.
public struct PlanRequest: Sendable {
    /// The model asked for; `nil`, empty or `default` means the default.
    public var model: String?
    /// The route asked for.
    public var route: Route?
    /// The account asked for; `local` means the local route.
    public var provider: String?
    /// Models tried after the model's own targets.
    public var fallbacks: [String]
    /// Where the content may go.
    public var privacy: PrivacyClass
    /// Whether the gateway may pick a tier; `nil` leaves it to the configuration.
    public var smartRouting: Bool?
    /// What the caller cares for most.
    public var quality: Quality?
    /// Tokens of the prompt by the estimate rule.
    public var inputTokens: Int64 = 0
    /// Whether it takes a turn where targets are asked in turns; one that only counts tokens does not.
    public var countsTurns = true
    /// The caller's limit on tokens of output.
    public var outputLimit: Int?
    /// A hash of the beginning of the prompt and of who asks; `nil` when no alias of the request is sticky.
    public var prefixHash: UInt64?

    /// Creates a request.
    public init(
        model: String?,
        route: Route? = nil,
        provider: String? = nil,
        fallbacks: [String] = [],
        privacy: PrivacyClass = .open
    ) {
        self.model = model
        self.route = route
        self.provider = provider
        self.fallbacks = fallbacks
        self.privacy = privacy
    }
}

/// What a caller cares for most.
public enum Quality: String, Sendable, Hashable, CaseIterable {
    /// The answer.
    case best
    /// Both.
    case balanced
    /// The time.
    case fast
}
