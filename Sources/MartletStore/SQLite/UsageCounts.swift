public import MartletCore
import MartletGovernance

/// Sums over ended requests.
///
/// Sums that would overflow stay at the largest number.
public struct UsageCounts: Hashable, Sendable {
    /// Ended requests.
    public var requests: Int64 = 0
    /// Those answered in full.
    public var succeeded: Int64 = 0
    /// Those that got no answer.
    public var failed: Int64 = 0
    /// Those whose caller left first.
    public var cancelled: Int64 = 0
    /// Those that the process or the stream ended before the answer did.
    public var interrupted: Int64 = 0
    /// Upstream attempts.
    public var attempts: Int64 = 0
    /// Input tokens, cache reads and writes included.
    public var inputTokens: Int64 = 0
    /// Output tokens, reasoning included.
    public var outputTokens: Int64 = 0
    /// Input tokens read from the provider's cache.
    public var cacheReadTokens: Int64 = 0
    /// Input tokens written to the provider's cache.
    public var cacheWriteTokens: Int64 = 0
    /// Output tokens spent on reasoning.
    public var reasoningTokens: Int64 = 0
    /// Requests whose token counts were estimated.
    public var estimatedRequests: Int64 = 0
    /// Requests whose model has no price.
    public var unpricedRequests: Int64 = 0
    /// The cost of the priced ones.
    public var cost = NanoUSD.zero

    /// Creates sums of nothing.
    public init() {}

    /// Adds one ending; an intent adds nothing.
    mutating func add(_ ending: RecordOutline) {
        switch ending.state {
        case .intent: return
        case .settled: Self.add(1, to: &succeeded)
        case .failed: Self.add(1, to: &failed)
        case .cancelled: Self.add(1, to: &cancelled)
        case .interrupted: Self.add(1, to: &interrupted)
        }
        Self.add(1, to: &requests)
        Self.add(Int64(ending.attempts), to: &attempts)
        Self.add(max(0, ending.usage.inputTokens), to: &inputTokens)
        Self.add(max(0, ending.usage.outputTokens), to: &outputTokens)
        Self.add(max(0, ending.usage.cacheReadTokens ?? 0), to: &cacheReadTokens)
        Self.add(max(0, ending.usage.cacheWriteTokens ?? 0), to: &cacheWriteTokens)
        Self.add(max(0, ending.usage.reasoningTokens ?? 0), to: &reasoningTokens)
        if ending.usage.estimated { Self.add(1, to: &estimatedRequests) }
        if let cost = ending.cost { addCost(max(0, cost.rawValue)) } else { Self.add(1, to: &unpricedRequests) }
    }

    /// Builds the counts from the columns of `columns`, in that order; nothing from any other number of values.
    init(values: [Int64]) {
        guard values.count == Self.columns.count else { return }
        (requests, succeeded, failed, cancelled, interrupted) = (values[0], values[1], values[2], values[3], values[4])
        (attempts, inputTokens, outputTokens) = (values[5], values[6], values[7])
        (cacheReadTokens, cacheWriteTokens, reasoningTokens) = (values[8], values[9], values[10])
        (estimatedRequests, unpricedRequests, cost) = (values[11], values[12], NanoUSD(values[13]))
    }

    /// The columns of the daily table, also the names in the API.
    static let columns = [
        "requests", "succeeded", "failed", "cancelled", "interrupted", "attempts", "input_tokens", "output_tokens",
        "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "estimated_requests", "unpriced_requests",
        "cost_nano_usd",
    ]

    /// The numbers in the order of `columns`.
    var values: [Int64] {
        [
            requests, succeeded, failed, cancelled, interrupted, attempts, inputTokens, outputTokens, cacheReadTokens,
            cacheWriteTokens, reasoningTokens, estimatedRequests, unpricedRequests, cost.rawValue,
        ]
    }

    /// Adds other sums.
    public mutating func add(_ other: UsageCounts) {
        Self.add(other.requests, to: &requests)
        Self.add(other.succeeded, to: &succeeded)
        Self.add(other.failed, to: &failed)
        Self.add(other.cancelled, to: &cancelled)
        Self.add(other.interrupted, to: &interrupted)
        Self.add(other.attempts, to: &attempts)
        Self.add(other.inputTokens, to: &inputTokens)
        Self.add(other.outputTokens, to: &outputTokens)
        Self.add(other.cacheReadTokens, to: &cacheReadTokens)
        Self.add(other.cacheWriteTokens, to: &cacheWriteTokens)
        Self.add(other.reasoningTokens, to: &reasoningTokens)
        Self.add(other.estimatedRequests, to: &estimatedRequests)
        Self.add(other.unpricedRequests, to: &unpricedRequests)
        addCost(other.cost.rawValue)
    }

    private mutating func addCost(_ value: Int64) {
        var sum = cost.rawValue
        Self.add(value, to: &sum)
        cost = NanoUSD(sum)
    }

    private static func add(_ value: Int64, to sum: inout Int64) {
        let (result, overflow) = sum.addingReportingOverflow(value)
        sum = overflow ? .max : result
    }

    /// The members of the API's object.
    var jsonMembers: [(String, String)] {
        zip(Self.columns, values).map { ($0, String($1)) } + [("cost_usd", JSONText.string(cost.usdText))]
    }
}
