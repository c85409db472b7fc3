import MartletCore
import MartletWire

extension ChatUsage {
    /// Decodes the counts of an answer, whose input stands apart from what a cache read or wrote; `nil` when input or
    /// output is not told, or beyond belief.
    static func converse(_ view: JSONView) -> ChatUsage? {
        guard var reader = try? JSONObjectReader(view) else { return nil }
        func count(_ name: StaticString) -> Int64? {
            guard let value = reader.peek(name)?.int64(), 0...Usage.largestCount ~= value else { return nil }
            return value
        }
        guard let input = count("inputTokens"), let output = count("outputTokens") else { return nil }
        let (read, written) = (count("cacheReadInputTokens"), count("cacheWriteInputTokens"))
        // Each is at most 2^40, so the sum cannot overflow.
        let total = input + (read ?? 0) + (written ?? 0)
        guard total <= Usage.largestCount else { return nil }
        var long: Int64?
        for detail in reader.peek("cacheDetails")?.elements ?? view.elements {
            guard detail.member("ttl")?.equalsString("1h") == true, let tokens = detail.member("inputTokens")?.int64()
            else { continue }
            long = min(max(0, tokens), written ?? 0)
        }
        var usage = ChatUsage(
            Usage(
                inputTokens: total,
                outputTokens: output,
                cacheReadTokens: read,
                cacheWriteTokens: written,
                cacheWrite1hTokens: long
            ),
            dialect: .bedrockConverse
        )
        for name in ["inputTokens", "outputTokens", "totalTokens"] as [StaticString] { _ = reader.take(name) }
        if read != nil { _ = reader.take("cacheReadInputTokens") }
        if written != nil { _ = reader.take("cacheWriteInputTokens") }
        usage.extra = reader.extra
        return usage
    }

    /// Writes the counts with the input split; the parts make up the total again.
    func writeConverse(to writer: inout JSONWriter) {
        let isOwn = dialect == .bedrockConverse
        writer.object { writer in
            let cached = (counts.cacheReadTokens ?? 0).addingReportingOverflow(counts.cacheWriteTokens ?? 0)
            let rest = counts.inputTokens.subtractingReportingOverflow(cached.partialValue)
            writer.member("inputTokens", cached.overflow || rest.overflow ? 0 : max(0, rest.partialValue))
            writer.member("outputTokens", counts.outputTokens)
            let total = counts.inputTokens.addingReportingOverflow(counts.outputTokens)
            writer.member("totalTokens", total.overflow ? Int64.max : total.partialValue)
            writer.member("cacheReadInputTokens", counts.cacheReadTokens)
            writer.member("cacheWriteInputTokens", counts.cacheWriteTokens)
            if isOwn {
                writer.members(extra)
            } else if let long = counts.cacheWrite1hTokens {
                writer.key("cacheDetails")
                writer.array { writer in
                    writer.object { writer in
                        writer.member("ttl", "1h")
                        writer.member("inputTokens", long)
                    }
                }
            }
        }
    }
}
