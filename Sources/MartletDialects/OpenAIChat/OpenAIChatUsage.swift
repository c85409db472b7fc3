import MartletCore
import MartletWire

extension ChatUsage {
    /// Reads a `usage` object; `nil` when it is none, or its totals are missing or not to be believed.
    ///
    /// Counts outside 0…2^40 are not believed. Where `total_tokens` shows that reasoning was left out of
    /// `completion_tokens` (xAI counts so), it is added.
    init?(_ view: JSONView) {
        guard var reader = try? JSONObjectReader(view),
            let input = reader.lenientInteger("prompt_tokens").flatMap(Self.believed),
            let completion = reader.lenientInteger("completion_tokens").flatMap(Self.believed)
        else { return nil }
        let total = reader.lenientInteger("total_tokens").flatMap(Self.believed)
        var counts = Usage(inputTokens: input, outputTokens: completion)
        self.init(counts)
        if var details = reader.lenientObject("prompt_tokens_details") {
            counts.cacheReadTokens = details.lenientInteger("cached_tokens").flatMap(Self.believed)
            counts.cacheWriteTokens = details.lenientInteger("cache_write_tokens").flatMap(Self.believed)
            counts.audioInputTokens = Self.part("audio_tokens", of: details)
            counts.imageInputTokens = Self.part("image_tokens", of: details)
            inputExtra = details.extra
        }
        if var details = reader.lenientObject("completion_tokens_details") {
            counts.reasoningTokens = details.lenientInteger("reasoning_tokens").flatMap(Self.believed)
            counts.audioOutputTokens = Self.part("audio_tokens", of: details)
            counts.imageOutputTokens = Self.part("image_tokens", of: details)
            outputExtra = details.extra
        }
        if let reasoning = counts.reasoningTokens, reasoning > 0, let total,
            total == input &+ completion &+ reasoning
        {
            counts.outputTokens = Self.believed(completion &+ reasoning) ?? completion
        }
        // DeepSeek's and Mistral's names of the tokens from their caches, and SGLang's place of the reasoning.
        if counts.cacheReadTokens == nil,
            let hits = (reader.peek("prompt_cache_hit_tokens") ?? reader.peek("num_cached_tokens"))?.int64()
        {
            counts.cacheReadTokens = Self.believed(hits)
        }
        if counts.reasoningTokens == nil, let reasoning = reader.peek("reasoning_tokens")?.int64() {
            counts.reasoningTokens = Self.believed(reasoning)
        }
        counts.reportedCost = Usage.reportedCost(view)
        self.counts = counts
        extra = reader.extra
    }

    private static func believed(_ count: Int64) -> Int64? {
        0...Usage.largestCount ~= count ? count : nil
    }

    /// Reads a count that stays among the unknown members, too, from where it is written again.
    static func part(_ name: StaticString, of details: JSONObjectReader) -> Int64 {
        details.peek(name)?.int64().flatMap(believed) ?? 0
    }

    func write(to writer: inout JSONWriter) {
        // Other vendors' members mean nothing here.
        let isOwn = dialect == .openAIChat
        writer.object { writer in
            writer.member("prompt_tokens", counts.inputTokens)
            writer.member("completion_tokens", counts.outputTokens)
            let (total, overflow) = counts.inputTokens.addingReportingOverflow(counts.outputTokens)
            writer.member("total_tokens", overflow ? Int64.max : total)
            let cached = [("cached_tokens", counts.cacheReadTokens), ("cache_write_tokens", counts.cacheWriteTokens)]
            // Where the members came in OpenAI's words, they still stand among the unknown ones.
            let heard = isOwn ? (0, 0) : (counts.audioInputTokens, counts.imageInputTokens)
            let spoken = isOwn ? (0, 0) : (counts.audioOutputTokens, counts.imageOutputTokens)
            let hasInput = cached.contains { $0.1 != nil } || heard != (0, 0) || isOwn && !inputExtra.isEmpty
            if hasInput {
                writer.key("prompt_tokens_details")
                writer.object { writer in
                    writer.member("cached_tokens", counts.cacheReadTokens)
                    writer.member("cache_write_tokens", counts.cacheWriteTokens)
                    writer.media(heard)
                    if isOwn { writer.members(Self.unwritten(inputExtra, beside: cached)) }
                }
            }
            let hasOutput = counts.reasoningTokens != nil || spoken != (0, 0) || isOwn && !outputExtra.isEmpty
            if hasOutput {
                writer.key("completion_tokens_details")
                writer.object { writer in
                    writer.member("reasoning_tokens", counts.reasoningTokens)
                    writer.media(spoken)
                    let counted = [("reasoning_tokens", counts.reasoningTokens)]
                    if isOwn { writer.members(Self.unwritten(outputExtra, beside: counted)) }
                }
            }
            // The gateway's own mark; no provider has it.
            if counts.estimated, !extra.contains(where: { $0.name == "estimated" }) {
                writer.key("estimated")
                writer.bool(true)
            }
            guard isOwn else { return }
            let own = extra.without("prompt_tokens", "completion_tokens", "total_tokens").filter { member in
                !(hasInput && member.name == "prompt_tokens_details"
                    || hasOutput && member.name == "completion_tokens_details")
            }
            writer.members(own)
        }
    }

    /// The members without those of counts that are written: one that was told beyond belief stays among the members.
    private static func unwritten(_ members: [ExtraMember], beside counts: [(String, Int64?)]) -> [ExtraMember] {
        members.filter { member in !counts.contains { $0.1 != nil && $0.0 == member.name } }
    }

    /// Finds the usage of an answer or a chunk: at its usual place, or where Groq used to put it.
    static func find(in answer: JSONView) -> ChatUsage? {
        if let view = answer.member("usage"), let usage = ChatUsage(view) { return usage }
        return answer.member("x_groq")?.member("usage").flatMap(ChatUsage.init)
    }
}

extension JSONWriter {
    /// Writes the tokens of sound and pictures, where there are any.
    fileprivate mutating func media(_ tokens: (audio: Int64, image: Int64)) {
        if tokens.audio > 0 { member("audio_tokens", tokens.audio) }
        if tokens.image > 0 { member("image_tokens", tokens.image) }
    }
}

extension JSONObjectReader {
    /// Takes the usage of an answer or a chunk; one that cannot be believed stays an extra member.
    mutating func takeUsage() -> ChatUsage? {
        if let view = peek("usage") {
            if view.isNull {
                _ = take("usage")
            } else if let usage = ChatUsage(view) {
                _ = take("usage")
                return usage
            }
        }
        return peek("x_groq")?.member("usage").flatMap(ChatUsage.init)
    }
}
