import MartletCore
import MartletWire

/// Token counts as Anthropic splits them: cache reads and writes stand beside `input_tokens`, not in it.
///
/// A stream tells them in pieces, at its start and its end; of each count the last one holds.
struct AnthropicUsage: Hashable, Sendable {
    var input: Int64?
    var cacheRead: Int64?
    var cacheWrite: Int64?
    var cacheWrite1h: Int64?
    var output: Int64?
    var thinking: Int64?
    var outputExtra: [ExtraMember] = []
    /// Unknown members of the object that splits the cache writes.
    var cacheExtra: [ExtraMember] = []
    var extra: [ExtraMember] = []

    /// Makes counts of nothing.
    init() {}

    /// Takes what a `usage` object says; counts outside 0…2^40 are not believed.
    mutating func merge(_ view: JSONView) {
        guard var reader = try? JSONObjectReader(view) else { return }
        Self.take("input_tokens", &reader, &input)
        Self.take("cache_read_input_tokens", &reader, &cacheRead)
        Self.take("cache_creation_input_tokens", &reader, &cacheWrite)
        Self.take("output_tokens", &reader, &output)
        if var parts = reader.lenientObject("cache_creation") {
            Self.take("ephemeral_1h_input_tokens", &parts, &cacheWrite1h)
            var short: Int64?
            Self.take("ephemeral_5m_input_tokens", &parts, &short)
            // Some servers tell the parts alone.
            if cacheWrite == nil, let short, let cacheWrite1h { cacheWrite = short + cacheWrite1h }
            Self.merge(parts.extra, into: &cacheExtra)
        }
        if var details = reader.lenientObject("output_tokens_details") {
            Self.take("thinking_tokens", &details, &thinking)
            Self.merge(details.extra, into: &outputExtra)
        }
        Self.merge(reader.extra, into: &extra)
    }

    /// The counts with all input in one; `nil` when input or output is not known.
    var usage: ChatUsage? {
        guard let input, let output else { return nil }
        // Each is at most 2^40, so the sum cannot overflow.
        let total = input + (cacheRead ?? 0) + (cacheWrite ?? 0)
        guard total <= Usage.largestCount else { return nil }
        var usage = ChatUsage(
            Usage(
                inputTokens: total,
                outputTokens: output,
                cacheReadTokens: cacheRead,
                cacheWriteTokens: cacheWrite,
                cacheWrite1hTokens: cacheWrite1h.map { min($0, cacheWrite ?? 0) },
                reasoningTokens: thinking
            ),
            dialect: .anthropicMessages
        )
        // A count that was told twice, once beyond belief, must not be written twice.
        let hasDetails = thinking != nil || !outputExtra.isEmpty
        let known: [(name: String, isKnown: Bool)] = [
            ("input_tokens", true), ("output_tokens", true), ("cache_read_input_tokens", cacheRead != nil),
            ("cache_creation_input_tokens", cacheWrite != nil), ("output_tokens_details", hasDetails),
            ("cache_creation", cacheWrite1h != nil),
        ]
        usage.extra = extra.filter { member in !known.contains { $0.isKnown && $0.name == member.name } }
        usage.outputExtra = outputExtra.filter { thinking == nil || $0.name != "thinking_tokens" }
        usage.inputExtra = cacheExtra
        return usage
    }

    private static func take(_ name: StaticString, _ reader: inout JSONObjectReader, _ count: inout Int64?) {
        guard let value = reader.lenientInteger(name), 0...Usage.largestCount ~= value else { return }
        count = value
    }

    private static func merge(_ members: [ExtraMember], into extra: inout [ExtraMember]) {
        for member in members where !member.isNull {
            if let place = extra.firstIndex(where: { $0.name.utf8.elementsEqual(member.name.utf8) }) {
                extra[place] = member
            } else {
                extra.append(member)
            }
        }
    }
}

extension ChatUsage {
    /// Writes the counts with the input split; the parts make up the total again.
    func writeAnthropic(to writer: inout JSONWriter) {
        // Other vendors' members mean nothing here.
        let isOwn = dialect == .anthropicMessages
        writer.object { writer in
            let cached = (counts.cacheReadTokens ?? 0).addingReportingOverflow(counts.cacheWriteTokens ?? 0)
            let rest = counts.inputTokens.subtractingReportingOverflow(cached.partialValue)
            writer.member("input_tokens", cached.overflow || rest.overflow ? 0 : max(0, rest.partialValue))
            writer.member("cache_creation_input_tokens", counts.cacheWriteTokens)
            writer.member("cache_read_input_tokens", counts.cacheReadTokens)
            if let long = counts.cacheWrite1hTokens {
                writer.key("cache_creation")
                writer.object { writer in
                    writer.member("ephemeral_5m_input_tokens", max(0, (counts.cacheWriteTokens ?? 0) &- long))
                    writer.member("ephemeral_1h_input_tokens", long)
                    if isOwn { writer.members(inputExtra) }
                }
            }
            writer.member("output_tokens", counts.outputTokens)
            if counts.reasoningTokens != nil || isOwn && !outputExtra.isEmpty {
                writer.key("output_tokens_details")
                writer.object { writer in
                    writer.member("thinking_tokens", counts.reasoningTokens)
                    if isOwn { writer.members(outputExtra) }
                }
            }
            if isOwn { writer.members(extra) }
        }
    }
}
