/// Token counts of one inference.
///
/// `input` and `output` are totals, the way OpenAI reports them; the other fields are parts of these totals.
/// `nil` means not reported, 0 means reported as zero.
public struct Usage: Hashable, Sendable {
    /// All input tokens, cache reads and writes included.
    public var inputTokens: Int64
    /// All output tokens, reasoning included.
    public var outputTokens: Int64
    /// Input tokens served from the provider's prompt cache.
    public var cacheReadTokens: Int64?
    /// Input tokens written to the provider's prompt cache.
    public var cacheWriteTokens: Int64?
    /// The part of ``cacheWriteTokens`` that is kept for an hour instead of minutes, which costs more.
    public var cacheWrite1hTokens: Int64?
    /// Output tokens spent on reasoning.
    public var reasoningTokens: Int64?
    /// Input tokens of sound, without those from the cache where the provider tells them apart; 0 when none were reported.
    public var audioInputTokens: Int64 = 0
    /// Output tokens of sound; 0 when none were reported.
    public var audioOutputTokens: Int64 = 0
    /// Input tokens of pictures, counted as those of sound; 0 when none were reported.
    public var imageInputTokens: Int64 = 0
    /// Output tokens of pictures; 0 when none were reported.
    public var imageOutputTokens: Int64 = 0
    /// What the provider says the inference cost, for providers that say it.
    public var reportedCost: NanoUSD?
    /// Whether the counts were estimated by the gateway (⌈UTF-8 bytes / 4⌉) instead of reported by the provider.
    public var estimated: Bool

    /// The largest count believed from an upstream; larger or negative ones are ignored and estimated instead.
    public static let largestCount: Int64 = 1 << 40

    /// Creates a usage record.
    public init(
        inputTokens: Int64,
        outputTokens: Int64,
        cacheReadTokens: Int64? = nil,
        cacheWriteTokens: Int64? = nil,
        cacheWrite1hTokens: Int64? = nil,
        reasoningTokens: Int64? = nil,
        estimated: Bool = false
    ) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.cacheReadTokens = cacheReadTokens
        self.cacheWriteTokens = cacheWriteTokens
        self.cacheWrite1hTokens = cacheWrite1hTokens
        self.reasoningTokens = reasoningTokens
        self.estimated = estimated
    }

    /// Estimates tokens from text: ⌈bytes / 4⌉.
    public static func estimatedTokens(textBytes: Int) -> Int64 { Int64((max(0, textBytes) &+ 3) / 4) }
}
