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
        /// An attempt failed: failure kind, upstream status or 0.
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

        /// Whether it is kept with answers that succeeded.
        public var isAboutMoney: Bool { self == .promptCache || self == .reportedCost }
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

    /// The text kept with the record: `planned 2 0;attempt 0 1;…`, at most 512 bytes.
    public func text(only isKept: (Code) -> Bool = { _ in true }) -> [UInt8] {
        var out: [UInt8] = []
        for entry in entries where isKept(entry.code) {
            let part = "\(entry.code) \(entry.values.0) \(entry.values.1) \(entry.values.2);"
            if out.count + part.utf8.count > 512 { break }
            out += part.utf8
        }
        return out
    }
}
