extension Usage {
    /// Returns the sum of two usages; what one of them does not report counts as nothing.
    public func adding(_ other: Usage) -> Usage {
        func sum(_ left: Int64?, _ right: Int64?) -> Int64? {
            left == nil && right == nil ? nil : sum(left ?? 0, right ?? 0)
        }
        func sum(_ left: Int64, _ right: Int64) -> Int64 {
            let (sum, overflow) = left.addingReportingOverflow(right)
            return overflow ? .max : sum
        }
        var out = Usage(
            inputTokens: sum(inputTokens, other.inputTokens),
            outputTokens: sum(outputTokens, other.outputTokens),
            cacheReadTokens: sum(cacheReadTokens, other.cacheReadTokens),
            cacheWriteTokens: sum(cacheWriteTokens, other.cacheWriteTokens),
            cacheWrite1hTokens: sum(cacheWrite1hTokens, other.cacheWrite1hTokens),
            reasoningTokens: sum(reasoningTokens, other.reasoningTokens),
            estimated: estimated || other.estimated
        )
        out.audioInputTokens = sum(audioInputTokens, other.audioInputTokens)
        out.audioOutputTokens = sum(audioOutputTokens, other.audioOutputTokens)
        out.imageInputTokens = sum(imageInputTokens, other.imageInputTokens)
        out.imageOutputTokens = sum(imageOutputTokens, other.imageOutputTokens)
        out.reportedCost = sum(reportedCost?.rawValue, other.reportedCost?.rawValue).map(NanoUSD.init)
        return out
    }
}
