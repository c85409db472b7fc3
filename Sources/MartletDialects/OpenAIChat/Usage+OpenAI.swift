import MartletCore
import MartletWire

extension Usage {
    /// Reads the counts of a `usage` object in one pass, without keeping its other members.
    ///
    /// `nil` when the totals are missing or not to be believed, or when the object needs the careful reading of
    /// ``ChatUsage`` (reasoning that stands beside the completion tokens, counters of other names, costs).
    init?(openAI view: JSONView) {
        guard view.kind == .object else { return nil }
        var input: Int64?
        var output: Int64?
        var total: Int64?
        self.init(inputTokens: 0, outputTokens: 0)
        for member in view.members {
            if member.key.equalsString("prompt_tokens") {
                input = Self.believed(member.value)
            } else if member.key.equalsString("completion_tokens") {
                output = Self.believed(member.value)
            } else if member.key.equalsString("total_tokens") {
                total = Self.believed(member.value)
            } else if member.key.equalsString("prompt_tokens_details"), member.value.kind == .object {
                for part in member.value.members {
                    if part.key.equalsString("cached_tokens") { cacheReadTokens = Self.believed(part.value) }
                    if part.key.equalsString("cache_write_tokens") { cacheWriteTokens = Self.believed(part.value) }
                    if part.key.equalsString("audio_tokens") { audioInputTokens = Self.believed(part.value) ?? 0 }
                    if part.key.equalsString("image_tokens") { imageInputTokens = Self.believed(part.value) ?? 0 }
                }
            } else if member.key.equalsString("completion_tokens_details"), member.value.kind == .object {
                for part in member.value.members {
                    if part.key.equalsString("reasoning_tokens") { reasoningTokens = Self.believed(part.value) }
                    if part.key.equalsString("audio_tokens") { audioOutputTokens = Self.believed(part.value) ?? 0 }
                    if part.key.equalsString("image_tokens") { imageOutputTokens = Self.believed(part.value) ?? 0 }
                }
            } else if member.key.equalsString("prompt_cache_hit_tokens")
                || member.key.equalsString("num_cached_tokens") || member.key.equalsString("reasoning_tokens")
                || member.key.equalsString("cost") || member.key.equalsString("cost_in_usd_ticks")
            {
                return nil
            }
        }
        guard let input, let output, total == nil || total == input &+ output else { return nil }
        inputTokens = input
        outputTokens = output
    }

    private static func believed(_ view: JSONView) -> Int64? {
        view.int64().flatMap { 0...largestCount ~= $0 ? $0 : nil }
    }
}
