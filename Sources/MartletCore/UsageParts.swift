/// Token counts of one inference as disjoint parts: each token stands in exactly one of them.
///
/// Made from ``Usage``, whose input and output are totals with "of which" counts beside them. A part is never negative, and
/// the parts of the input add up to the input, those of the output to the output, whatever an upstream claims: what does
/// not fit into the total is cut, in the order cache reads, cache writes, sound, pictures.
public struct UsageParts: Hashable, Sendable {
    /// Input tokens of text that were neither read from the cache nor written to it.
    public var freshInput: Int64
    /// Input tokens read from the provider's prompt cache.
    public var cacheRead: Int64
    /// Input tokens written to the cache for minutes.
    public var cacheWrite5m: Int64
    /// Input tokens written to the cache for an hour.
    public var cacheWrite1h: Int64
    /// Fresh input tokens of sound.
    public var audioInput: Int64
    /// Fresh input tokens of pictures.
    public var imageInput: Int64
    /// Output tokens of text, reasoning left out.
    public var output: Int64
    /// Output tokens of reasoning.
    public var reasoning: Int64
    /// Output tokens of sound.
    public var audioOutput: Int64
    /// Output tokens of pictures.
    public var imageOutput: Int64

    /// Splits totals.
    public init(_ usage: Usage) {
        var input = max(0, usage.inputTokens)
        var output = max(0, usage.outputTokens)
        func take(_ count: Int64?, of rest: inout Int64) -> Int64 {
            let part = min(max(0, count ?? 0), rest)
            rest -= part
            return part
        }
        cacheRead = take(usage.cacheReadTokens, of: &input)
        var write = take(usage.cacheWriteTokens, of: &input)
        cacheWrite1h = take(usage.cacheWrite1hTokens, of: &write)
        cacheWrite5m = write
        audioInput = take(usage.audioInputTokens, of: &input)
        imageInput = take(usage.imageInputTokens, of: &input)
        freshInput = input
        reasoning = take(usage.reasoningTokens, of: &output)
        audioOutput = take(usage.audioOutputTokens, of: &output)
        imageOutput = take(usage.imageOutputTokens, of: &output)
        self.output = output
    }

    /// All parts of the input; the total that ``Usage`` reports.
    public var inputTotal: Int64 { freshInput + cacheRead + cacheWrite5m + cacheWrite1h + audioInput + imageInput }

    /// All parts of the output; the total that ``Usage`` reports.
    public var outputTotal: Int64 { output + reasoning + audioOutput + imageOutput }
}
