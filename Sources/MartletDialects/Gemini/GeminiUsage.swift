import MartletCore
import MartletWire

extension ChatUsage {
    /// Reads `usageMetadata`; `nil` when a count is beyond belief.
    ///
    /// Counts of zero are left out on the wire. Thoughts stand beside the answer's tokens; some variants of the API
    /// count them among these too, which is seen by the total. What of the tokens was sound and pictures stands in lists by
    /// modality; video and documents are charged as text is.
    static func gemini(_ view: JSONView) -> ChatUsage? {
        guard var reader = try? JSONObjectReader(view) else { return nil }
        let believed = 0...Usage.largestCount
        func count(_ value: Int64?) -> Int64? { value.flatMap { believed ~= $0 ? $0 : nil } }
        guard let prompt = count(reader.peek("promptTokenCount")?.int64() ?? 0),
            let tools = count(reader.peek("toolUsePromptTokenCount")?.int64() ?? 0),
            let candidates = count(reader.peek("candidatesTokenCount")?.int64() ?? 0),
            let thoughts = count(reader.peek("thoughtsTokenCount")?.int64() ?? 0)
        else { return nil }
        let total = reader.peek("totalTokenCount")?.int64()
        // Each is at most 2^40, so that no sum overflows.
        let isIncluded = thoughts > 0 && candidates >= thoughts && prompt + tools + candidates == total
        var usage = Usage(
            inputTokens: prompt + tools,
            outputTokens: isIncluded ? candidates : candidates + thoughts,
            cacheReadTokens: count(reader.peek("cachedContentTokenCount")?.int64()),
            reasoningTokens: reader.peek("thoughtsTokenCount") == nil ? nil : thoughts
        )
        guard believed ~= usage.inputTokens, believed ~= usage.outputTokens else { return nil }
        if let cached = usage.cacheReadTokens { usage.cacheReadTokens = min(cached, usage.inputTokens) }
        usage.takeModalities(gemini: reader)
        for name: StaticString in [
            "promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "totalTokenCount",
            "cachedContentTokenCount",
        ] { _ = reader.take(name) }
        var told = ChatUsage(usage, dialect: .gemini)
        // The tokens of tools' results stay among them, for those who want to see them apart.
        told.extra = reader.extra.filter { !$0.isNull }
        return told
    }

    /// Writes `usageMetadata`.
    func writeGemini(to writer: inout JSONWriter) {
        let isOwn = dialect == .gemini
        let tools = isOwn ? extra.integer("toolUsePromptTokenCount") : 0
        let thoughts = counts.reasoningTokens ?? 0
        writer.object { writer in
            writer.member("promptTokenCount", max(0, counts.inputTokens &- tools))
            writer.member("cachedContentTokenCount", counts.cacheReadTokens)
            writer.member("candidatesTokenCount", max(0, counts.outputTokens &- thoughts))
            writer.member("thoughtsTokenCount", counts.reasoningTokens)
            writer.member(
                "totalTokenCount",
                counts.inputTokens.addingReportingOverflow(counts.outputTokens).partialValue
            )
            if isOwn { writer.members(extra) }
        }
    }
}

extension Usage {
    /// Reads what the counts by modality tell of sound and pictures; those from the cache are among the cache's.
    fileprivate mutating func takeModalities(gemini reader: JSONObjectReader) {
        func sum(_ modality: StaticString, _ lists: StaticString...) -> Int64 {
            var sum: Int64 = 0
            // There are six modalities, each told once.
            for list in lists {
                for element in reader.peek(list)?.elements.prefix(16).map({ $0 }) ?? []
                where element.member("modality")?.equalsString(modality) == true {
                    guard let count = element.member("tokenCount")?.int64(), 0...Self.largestCount ~= count else {
                        continue
                    }
                    sum += count
                }
            }
            return sum
        }
        func fresh(_ modality: StaticString) -> Int64 {
            let all = sum(modality, "promptTokensDetails", "toolUsePromptTokensDetails")
            return max(0, min(all, inputTokens) - sum(modality, "cacheTokensDetails"))
        }
        audioInputTokens = fresh("AUDIO")
        imageInputTokens = fresh("IMAGE")
        audioOutputTokens = min(sum("AUDIO", "candidatesTokensDetails"), outputTokens)
        imageOutputTokens = min(sum("IMAGE", "candidatesTokensDetails"), outputTokens)
    }
}

extension [ExtraMember] {
    /// The value of a member where it is a count; else 0.
    fileprivate func integer(_ name: String) -> Int64 {
        guard let value = value(name), let document = try? JSONDocument(value.bytes) else { return 0 }
        return Swift.max(0, document.withView { $0.int64() } ?? 0)
    }
}
