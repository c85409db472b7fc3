import MartletCore
import MartletExchange
import MartletRouting

/// What of an ending counts.
struct MetricsSample: Sendable {
    var key: SeriesKey
    var attempts: [Outcome.AttemptOutcome]
    var duration: Duration
    var firstToken: Duration?
    var overhead: Outcome.StageTimes
    var usage: Usage?
    var cost: NanoUSD?

    init(_ outcome: Outcome) {
        key = SeriesKey(
            provider: outcome.provider,
            model: outcome.model,
            status: outcome.status,
            route: outcome.route
        )
        attempts = outcome.attempts
        duration = outcome.duration
        firstToken = outcome.firstToken
        overhead = outcome.overhead
        usage = outcome.usage
        cost = outcome.cost
    }
}

/// The labels that one ending's counts stand under.
struct SeriesKey: Hashable, Sendable {
    var provider: String
    var model: String
    var status: Int
    var route: Outcome.RouteOutcome?

    /// The labels of models that are not told apart.
    var withoutModel: SeriesKey {
        var key = self
        key.model = "other"
        return key
    }
}

extension Outcome.AttemptOutcome {
    /// The labels of accounts that are not told apart.
    fileprivate var withoutProvider: Self {
        var label = self
        label.provider = "other"
        return label
    }
}

/// The counts of endings with the same labels.
struct SeriesCounts: Sendable {
    var requests: UInt64 = 0
    var tokens = TokenCounts()
    /// Nano-dollars; `nil` until an ending had a cost.
    var cost: Int128?
}

/// Tokens by direction; a direction that was never reported is `nil`.
struct TokenCounts: Hashable, Sendable {
    var input: UInt64?
    var output: UInt64?
    var cacheRead: UInt64?
    var cacheWrite: UInt64?
    var reasoning: UInt64?

    mutating func add(_ usage: Usage) {
        Self.add(usage.inputTokens, to: &input)
        Self.add(usage.outputTokens, to: &output)
        Self.add(usage.cacheReadTokens, to: &cacheRead)
        Self.add(usage.cacheWriteTokens, to: &cacheWrite)
        Self.add(usage.reasoningTokens, to: &reasoning)
    }

    mutating func add(_ other: TokenCounts) {
        Self.add(other.input, to: &input)
        Self.add(other.output, to: &output)
        Self.add(other.cacheRead, to: &cacheRead)
        Self.add(other.cacheWrite, to: &cacheWrite)
        Self.add(other.reasoning, to: &reasoning)
    }

    private static func add(_ tokens: (some BinaryInteger)?, to sum: inout UInt64?) {
        guard let tokens else { return }
        sum = (sum ?? 0) &+ UInt64(clamping: tokens)
    }
}

/// All counts of one event loop.
struct MetricsCounters: Sendable {
    /// Broken invariants.
    var defects: UInt64 = 0
    private(set) var latency = Histogram(.seconds)
    private(set) var firstToken = Histogram(.seconds)
    private(set) var attemptOverhead = Histogram(.microseconds)
    private(set) var relayOverhead = Histogram(.microseconds)
    private var outcomes = LabelledCounts<SeriesKey, SeriesCounts>(empty: SeriesCounts())
    private var tries = LabelledCounts<Outcome.AttemptOutcome, UInt64>(empty: 0)

    /// Counts by provider, model, status and route.
    var series: [(key: SeriesKey, value: SeriesCounts)] { outcomes.entries }
    /// Attempts by provider and outcome.
    var attempts: [(key: Outcome.AttemptOutcome, value: UInt64)] { tries.entries }

    /// Counts one ending.
    mutating func count(_ sample: MetricsSample) {
        latency.add(sample.duration)
        if let duration = sample.firstToken { firstToken.add(duration) }
        if let duration = sample.overhead.attempt { attemptOverhead.add(duration) }
        if let duration = sample.overhead.relay { relayOverhead.add(duration) }
        for attempt in sample.attempts {
            tries.update(attempt, whenFull: attempt.withoutProvider) { $0 &+= 1 }
        }
        outcomes.update(sample.key, whenFull: sample.key.withoutModel) { counts in
            counts.requests &+= 1
            if let usage = sample.usage { counts.tokens.add(usage) }
            if let cost = sample.cost { counts.cost = (counts.cost ?? 0) + Int128(max(0, cost.rawValue)) }
        }
    }
}

/// Counts by label, found without hashing when the label is the last one again.
struct LabelledCounts<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// Labels told apart in one shard; later ones are counted together, so that names cannot fill the memory.
    static var capacity: Int { 50_000 }

    // Two arrays: an array of pairs would be copied pair by pair to compare a key.
    private var keys: [Key] = []
    private var values: [Value] = []
    private var places: [Key: Int] = [:]
    private var last = 0
    private let empty: Value

    init(empty: Value) { self.empty = empty }

    /// All labels with their counts, in order of their first use.
    var entries: [(key: Key, value: Value)] { zip(keys, values).map { ($0, $1) } }

    /// Changes the counts of a label; of `other` when there is no room for one more label.
    @inline(__always)
    mutating func update(_ key: Key, whenFull other: @autoclosure () -> Key, _ change: (inout Value) -> Void) {
        if last >= keys.count || keys[last] != key {
            last = place(of: key) ?? place(of: other()) ?? insert(other())
        }
        change(&values[last])
    }

    private mutating func place(of key: Key) -> Int? {
        if let place = places[key] { return place }
        return keys.count < Self.capacity ? insert(key) : nil
    }

    private mutating func insert(_ key: Key) -> Int {
        keys.append(key)
        values.append(empty)
        places[key] = keys.count - 1
        return keys.count - 1
    }
}
