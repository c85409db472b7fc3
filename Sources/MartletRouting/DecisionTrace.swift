public import MartletCore

/// What was decided about a request, when, by which rule, with which values; codes only, text is made when someone reads it.
public struct DecisionTrace: Sendable {
    /// The entries so far, at most 48.
    public private(set) var entries: [Entry] = []
    /// Whether entries were left out because the trace was full.
    public private(set) var isCut = false
    /// What entries are dated by from now on: the time of the event that is handled.
    public var now: Instant
    private let start: Instant

    /// Starts empty.
    ///
    /// - Parameter start: When the request was received; entries count their time from here.
    public init(since start: Instant = Instant(nanoseconds: 0)) {
        self.start = start
        now = start
    }

    /// One decision.
    public struct Entry: Sendable, Hashable {
        /// What was decided.
        public var code: Code
        /// Milliseconds since the request was received; stays at the largest number after 49 days.
        public var milliseconds: UInt32
        /// Up to three values whose meaning the code gives.
        public var values: (Int32, Int32, Int32)

        /// Compares code, time and values.
        public static func == (left: Self, right: Self) -> Bool {
            left.code == right.code && left.milliseconds == right.milliseconds && left.values == right.values
        }

        /// Hashes code, time and values.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(code)
            hasher.combine(milliseconds)
            hasher.combine(values.0)
            hasher.combine(values.1)
            hasher.combine(values.2)
        }
    }

    /// Kinds of decisions.
    ///
    /// The ledger keeps their numbers, and those of all that stands as a number in an entry (``RouteReason``,
    /// ``AttemptFailure/Kind``, ``AliasStrategy``, ``TargetStanding/Obstacle``, …): new cases come last, none is taken out.
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
        /// The request of an attempt went out: whether on a connection that was there already, target index.
        case sent
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
        /// A fallback that the request names is not here now and left out: index in its list.
        case fallbackAway

        /// Which of the values is the index of a target.
        var targetPlace: Int? {
            switch self {
            case .attempt, .committed, .disowned, .unfit, .skipped, .hedged, .outrun, .stitched: 0
            case .sent: 1
            case .failed: 2
            case .planned, .queued, .retry, .redialled, .promptCut, .clientGone, .interrupted, .promptCache,
                .reportedCost, .alias, .ranked, .speedChoice, .autoRule, .overrideIgnored, .notStitched, .restricted,
                .quotaRefused, .quotaFailed, .priced, .fallbackAway:
                nil
            }
        }
    }

    /// Appends an entry unless the trace is full.
    public mutating func add(_ code: Code, _ first: Int = 0, _ second: Int = 0, _ third: Int = 0) {
        guard entries.count < 48 else {
            isCut = true
            return
        }
        if entries.isEmpty { entries.reserveCapacity(8) }
        entries.append(
            Entry(
                code: code,
                milliseconds: UInt32(clamping: (now.nanoseconds &- start.nanoseconds) / 1_000_000),
                values: (Int32(clamping: first), Int32(clamping: second), Int32(clamping: third))
            )
        )
    }
}
