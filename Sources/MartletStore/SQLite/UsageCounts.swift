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

    /// The counts of one ending; an intent counts nothing.
    init(_ record: LedgerRecord) {
        switch record.state {
        case .intent: return
        case .settled: succeeded = 1
        case .failed: failed = 1
        case .cancelled: cancelled = 1
        case .interrupted: interrupted = 1
        }
        requests = 1
        attempts = Int64(record.attempts)
        inputTokens = max(0, record.usage.inputTokens)
        outputTokens = max(0, record.usage.outputTokens)
        cacheReadTokens = max(0, record.usage.cacheReadTokens ?? 0)
        cacheWriteTokens = max(0, record.usage.cacheWriteTokens ?? 0)
        reasoningTokens = max(0, record.usage.reasoningTokens ?? 0)
        estimatedRequests = record.usage.estimated ? 1 : 0
        unpricedRequests = record.cost == nil ? 1 : 0
        cost = NanoUSD(max(0, record.cost?.rawValue ?? 0))
    }

    /// Builds the counts from the columns of `columns`, in that order.
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
        self = UsageCounts(
            values: zip(values, other.values).map { left, right in
                let (sum, overflow) = left.addingReportingOverflow(right)
                return overflow ? Int64.max : sum
            }
        )
    }

    /// The members of the API's object.
    var jsonMembers: [(String, String)] {
        zip(Self.columns, values).map { ($0, String($1)) } + [("cost_usd", JSONText.string(cost.usdText))]
    }
}
