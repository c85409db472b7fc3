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
    /// Input tokens written to the cache for an hour; a part of ``cacheWriteTokens``.
    public var cacheWrite1hTokens: Int64 = 0
    /// Input tokens of sound.
    public var audioInputTokens: Int64 = 0
    /// Output tokens of sound.
    public var audioOutputTokens: Int64 = 0
    /// Input tokens of pictures.
    public var imageInputTokens: Int64 = 0
    /// Output tokens of pictures.
    public var imageOutputTokens: Int64 = 0
    /// Requests whose provider said what they cost.
    public var reportedRequests: Int64 = 0
    /// What providers said more than the price list gives, over the requests where both are known; negative when less.
    public var reportedDifference = NanoUSD.zero

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
        Self.add(max(0, ending.usage.cacheWrite1hTokens ?? 0), to: &cacheWrite1hTokens)
        Self.add(max(0, ending.usage.audioInputTokens), to: &audioInputTokens)
        Self.add(max(0, ending.usage.audioOutputTokens), to: &audioOutputTokens)
        Self.add(max(0, ending.usage.imageInputTokens), to: &imageInputTokens)
        Self.add(max(0, ending.usage.imageOutputTokens), to: &imageOutputTokens)
        if let reported = ending.usage.reportedCost {
            Self.add(1, to: &reportedRequests)
            if let listed = ending.listedCost {
                let (difference, overflow) = reported.rawValue.subtractingReportingOverflow(listed.rawValue)
                if !overflow { Self.add(difference, to: &reportedDifference) }
            }
        }
        if let cost = ending.cost { addCost(max(0, cost.rawValue)) } else { Self.add(1, to: &unpricedRequests) }
    }

    /// Builds the counts from the columns of `columns`, in that order; nothing from any other number of values.
    init(values: [Int64]) {
        guard values.count == Self.columns.count else { return }
        (requests, succeeded, failed, cancelled, interrupted) = (values[0], values[1], values[2], values[3], values[4])
        (attempts, inputTokens, outputTokens) = (values[5], values[6], values[7])
        (cacheReadTokens, cacheWriteTokens, reasoningTokens) = (values[8], values[9], values[10])
        (estimatedRequests, unpricedRequests, cost) = (values[11], values[12], NanoUSD(values[13]))
        (cacheWrite1hTokens, audioInputTokens, audioOutputTokens) = (values[14], values[15], values[16])
        (imageInputTokens, imageOutputTokens, reportedRequests) = (values[17], values[18], values[19])
        reportedDifference = NanoUSD(values[20])
    }

    /// The columns of the daily table, also the names in the API.
    static let columns = [
        "requests", "succeeded", "failed", "cancelled", "interrupted", "attempts", "input_tokens", "output_tokens",
        "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "estimated_requests", "unpriced_requests",
        "cost_nano_usd", "cache_write_1h_tokens", "audio_input_tokens", "audio_output_tokens", "image_input_tokens",
        "image_output_tokens", "reported_requests", "reported_difference_nano_usd",
    ]

    /// The numbers in the order of `columns`.
    var values: [Int64] {
        [
            requests, succeeded, failed, cancelled, interrupted, attempts, inputTokens, outputTokens, cacheReadTokens,
            cacheWriteTokens, reasoningTokens, estimatedRequests, unpricedRequests, cost.rawValue,
            cacheWrite1hTokens, audioInputTokens, audioOutputTokens, imageInputTokens, imageOutputTokens,
            reportedRequests, reportedDifference.rawValue,
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
        Self.add(other.cacheWrite1hTokens, to: &cacheWrite1hTokens)
        Self.add(other.audioInputTokens, to: &audioInputTokens)
        Self.add(other.audioOutputTokens, to: &audioOutputTokens)
        Self.add(other.imageInputTokens, to: &imageInputTokens)
        Self.add(other.imageOutputTokens, to: &imageOutputTokens)
        Self.add(other.reportedRequests, to: &reportedRequests)
        Self.add(other.reportedDifference.rawValue, to: &reportedDifference)
    }

    private mutating func addCost(_ value: Int64) { Self.add(value, to: &cost) }

    private static func add(_ value: Int64, to sum: inout NanoUSD) {
        var amount = sum.rawValue
        add(value, to: &amount)
        sum = NanoUSD(amount)
    }

    private static func add(_ value: Int64, to sum: inout Int64) {
        let (result, overflow) = sum.addingReportingOverflow(value)
        sum = overflow ? (value < 0 ? .min : .max) : result
    }

    /// The members of the API's object.
    var jsonMembers: [(String, String)] {
        zip(Self.columns, values).map { ($0, String($1)) } + [("cost_usd", JSONText.string(cost.usdText))]
    }
}
