extension Usage {
    /// Returns what is believed of a usage: no part is larger than the total it is a part of, whatever an upstream claims.
    public func fitted() -> Usage {
        let parts = UsageParts(self)
        var out = self
        if cacheReadTokens != nil { out.cacheReadTokens = parts.cacheRead }
        if cacheWriteTokens != nil { out.cacheWriteTokens = parts.cacheWrite5m + parts.cacheWrite1h }
        if cacheWrite1hTokens != nil { out.cacheWrite1hTokens = parts.cacheWrite1h }
        if reasoningTokens != nil { out.reasoningTokens = parts.reasoning }
        out.audioInputTokens = min(audioInputTokens, max(0, inputTokens))
        out.imageInputTokens = min(imageInputTokens, max(0, inputTokens))
        out.audioOutputTokens = min(audioOutputTokens, max(0, outputTokens))
        out.imageOutputTokens = min(imageOutputTokens, max(0, outputTokens))
        return out
    }
}
