import MartletCore
import MartletWire

extension ChatUsage {
    /// Reads the usage of a response; `nil` when its totals are missing or not to be believed.
    static func responses(_ view: JSONView) -> ChatUsage? {
        guard var reader = try? JSONObjectReader(view),
            let input = reader.lenientInteger("input_tokens").flatMap(Self.believedCount),
            let output = reader.lenientInteger("output_tokens").flatMap(Self.believedCount)
        else { return nil }
        _ = reader.lenientInteger("total_tokens")
        var usage = ChatUsage(Usage(inputTokens: input, outputTokens: output))
        if var details = reader.lenientObject("input_tokens_details") {
            usage.counts.cacheReadTokens = details.lenientInteger("cached_tokens").flatMap(Self.believedCount)
            usage.counts.cacheWriteTokens = details.lenientInteger("cache_write_tokens").flatMap(Self.believedCount)
            usage.counts.audioInputTokens = part("audio_tokens", of: details)
            usage.counts.imageInputTokens = part("image_tokens", of: details)
            usage.inputExtra = details.extra
        }
        if var details = reader.lenientObject("output_tokens_details") {
            usage.counts.reasoningTokens = details.lenientInteger("reasoning_tokens").flatMap(Self.believedCount)
            usage.counts.audioOutputTokens = part("audio_tokens", of: details)
            usage.counts.imageOutputTokens = part("image_tokens", of: details)
            usage.outputExtra = details.extra
        }
        usage.counts.reportedCost = Usage.reportedCost(view)
        usage.extra = reader.extra
        return usage
    }

    private static func believedCount(_ count: Int64) -> Int64? {
        0...Usage.largestCount ~= count ? count : nil
    }

    /// Writes the usage of a response; official clients expect every count.
    func writeResponses(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("input_tokens", counts.inputTokens)
            writer.key("input_tokens_details")
            writer.object { writer in
                writer.member("cached_tokens", counts.cacheReadTokens ?? 0)
                writer.member("cache_write_tokens", counts.cacheWriteTokens ?? 0)
                writer.members(inputExtra)
            }
            writer.member("output_tokens", counts.outputTokens)
            writer.key("output_tokens_details")
            writer.object { writer in
                writer.member("reasoning_tokens", counts.reasoningTokens ?? 0)
                writer.members(outputExtra)
            }
            let (total, overflow) = counts.inputTokens.addingReportingOverflow(counts.outputTokens)
            writer.member("total_tokens", overflow ? Int64.max : total)
            // The gateway's own mark; no provider has it.
            if counts.estimated, extra.value("estimated") == nil {
                writer.key("estimated")
                writer.bool(true)
            }
            writer.members(extra)
        }
    }
}
