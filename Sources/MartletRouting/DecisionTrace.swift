/// What was decided about a request, by which rule, with which values; codes only, text is made when someone reads it.
public struct DecisionTrace: Sendable {
    /// The entries so far, at most 48.
    public private(set) var entries: [Entry] = []
    /// Whether entries were left out because the trace was full.
    public private(set) var isCut = false

    /// Starts empty.
    public init() {}

    /// One decision.
    public struct Entry: Sendable, Hashable {
        /// What was decided.
        public var code: Code
        /// Up to three values whose meaning the code gives.
        public var values: (Int32, Int32, Int32)

        /// Compares code and values.
        public static func == (left: Self, right: Self) -> Bool {
            left.code == right.code && left.values == right.values
        }

        /// Hashes code and values.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(code)
            hasher.combine(values.0)
            hasher.combine(values.1)
            hasher.combine(values.2)
        }
    }

    /// Kinds of decisions.
    public enum Code: UInt8, Sendable, Hashable, CaseIterable {
        /// The plan was made: number of targets, index of its `RouteReason`.
        case planned
        /// The request waited for a slot: milliseconds.
        case queued
        /// An attempt began: target index, attempt number.
        case attempt
        /// An attempt failed: failure kind, upstream status or 0, target index.
        case failed
        /// The same target is asked again: milliseconds waited.
        case retry
        /// A stale connection was replaced before the attempt counted.
        case redialled
        /// The target did not take sealed reasoning of the history for its own and is asked again without: target index.
        case disowned
        /// A target cannot do what was asked for and is passed over: target index.
        case unfit
        /// A target is passed over because of its health: target index, `TargetStanding.Obstacle`, milliseconds until that
        /// may have passed (0: not known).
        case skipped
        /// The target left out parts of the prompt, which did not fit: prompt tokens it read, whether it was a stream.
        case promptCut
        /// The answer was committed: target index, status.
        case committed
        /// The caller left.
        case clientGone
        /// The stream broke after the commit point.
        case interrupted
        /// The provider's prompt cache was used: tokens read, tokens written, what that saved in micro-dollars (negative
        /// where writing cost more than reading saved).
        case promptCache
        /// The provider said what the answer cost: that in micro-dollars, and what the price list gives.
        case reportedCost
        /// An alias ordered its targets: index of the alias, index of its `AliasStrategy`, number of what it ordered.
        case alias
        /// A place in that order, the best first: index in the alias's own list, value, what the value is (0 pico-dollars
        /// for a token in and one out, 1 and 2 pico-dollars of the expected tokens, 3 measured and 4 usual milliseconds).
        case ranked
        /// How the fastest was picked: index of the kind of choice.
        case speedChoice
        /// Whether `auto` left the request on this device: index of the `RoutingPolicy.LocalRule`, tokens of the prompt,
        /// whether a tier was picked.
        case autoRule
        /// What the request says about its route does not count, by `routing.allow_request_override`.
        case overrideIgnored
        /// A second target is asked beside a slow one: target index, milliseconds that the first was waited for.
        case hedged
        /// Of two attempts the other one answered first: target index.
        case outrun
        /// A stream that broke is continued: target index, bytes of text so far.
        case stitched
        /// A stream that broke is not continued: index of the `StitchObstacle`.
        case notStitched
        /// A policy of the program that runs the gateway restricted or ordered the targets: number before, number after, a
        /// reason of its own (with none left: 0 a quota, 1 a prohibition, 2 for now, or its own).
        case restricted
        /// A quota of the program that runs the gateway refused the request: 0 it is used up, 1 a prohibition, 2 for now.
        case quotaRefused
        /// A quota gave no answer: whether the request went on all the same.
        case quotaFailed
        /// The request was let in at another price: the multiplier in millionths, the surcharge in micro-dollars, what the
        /// answer costs without them in micro-dollars (-1: not known).
        case priced

        /// Whether it is kept with answers that succeeded.
        public var isAboutMoney: Bool { self == .promptCache || self == .reportedCost || self == .priced }
    }

    /// Appends an entry unless the trace is full.
    public mutating func add(_ code: Code, _ first: Int = 0, _ second: Int = 0, _ third: Int = 0) {
        guard entries.count < 48 else {
            isCut = true
            return
        }
        if entries.isEmpty { entries.reserveCapacity(8) }
        entries.append(
            Entry(code: code, values: (Int32(clamping: first), Int32(clamping: second), Int32(clamping: third)))
        )
    }
}
