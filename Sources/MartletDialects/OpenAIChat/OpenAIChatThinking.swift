import MartletCore
import MartletWire

// Chat completions have no place for reasoning that its maker must get back unchanged. Many clients and servers use the
// member `thinking_blocks` for it: a list of `{"type":"thinking","thinking","signature"}` and
// `{"type":"redacted_thinking","data"}`. This codec adds `index`, where the block stood among the parts of the message,
// and `origin`, the account it must go back to.

extension ChatReasoning {
    /// Decodes a sealed block; `nil` for any other shape.
    fileprivate init?(thinkingBlock view: JSONView) {
        guard var reader = try? JSONObjectReader(view), let type = reader.lenientString("type") else { return nil }
        switch type {
        case "thinking":
            guard let text = reader.lenientString("thinking"), let signature = reader.lenientString("signature") else {
                return nil
            }
            self.init(text, signature: signature)
        case "redacted_thinking":
            guard let data = reader.lenientString("data") else { return nil }
            self.init("", redacted: data)
        default: return nil
        }
        origin = reader.lenientString("origin")
        _ = reader.lenientInteger("index")
        extra = reader.extra
    }

    /// Decodes a list of sealed blocks with their places; `nil` when it is none, or one of them is not sealed.
    static func blocks(_ view: JSONView?) -> [(reasoning: ChatReasoning, index: Int?)]? {
        guard let view, view.kind == .array else { return nil }
        var blocks: [(reasoning: ChatReasoning, index: Int?)] = []
        for element in view.elements {
            guard let reasoning = ChatReasoning(thinkingBlock: element) else { return nil }
            blocks.append((reasoning, element.member("index")?.int64().flatMap { Int(exactly: $0) }))
        }
        return blocks.isEmpty ? nil : blocks
    }

    /// Writes a sealed block.
    ///
    /// - Parameter index: Where it stands among the parts of the message.
    func writeThinkingBlock(index: Int, to writer: inout JSONWriter) {
        writer.object { writer in
            if let redacted {
                writer.member("type", "redacted_thinking")
                writer.member("data", redacted)
            } else {
                writer.member("type", "thinking")
                writer.member("thinking", text)
                writer.member("signature", signature)
            }
            writer.member("index", index)
            writer.member("origin", origin)
            writer.members(extra)
        }
    }
}

extension ChatMessage {
    /// Puts reasoning among the parts, where it stood when it was written.
    mutating func insert(_ blocks: [(reasoning: ChatReasoning, index: Int?)]) {
        var rest = parts[...]
        var joined: [ChatPart] = []
        joined.reserveCapacity(parts.count + blocks.count)
        for block in blocks {
            let between = rest.prefix(max(0, max(0, block.index ?? 0) - joined.count))
            joined.append(contentsOf: between)
            rest = rest.dropFirst(between.count)
            joined.append(.reasoning(block.reasoning))
        }
        parts = joined + rest
    }

    /// Writes the sealed reasoning of a message, if there is any.
    func writeThinkingBlocks(_ parts: [ChatPart], to writer: inout JSONWriter) {
        let sealed = parts.enumerated().compactMap { index, part in
            if case .reasoning(let reasoning) = part, reasoning.isSealed { (index, reasoning) } else { nil }
        }
        guard !sealed.isEmpty else { return }
        writer.key("thinking_blocks")
        writer.array { writer in
            for (index, reasoning) in sealed { reasoning.writeThinkingBlock(index: index, to: &writer) }
        }
    }
}

/// Gathers the reasoning of one streamed answer, so that its signature can be passed on together with the text it is for.
struct OpenAIChatThinking: Sendable {
    private var text = ""
    private var partCount = 0
    private var last = Kind.other
    private var calls: Set<Int> = []

    /// Whether text would go on a part of text, so that nothing changes with more of it.
    var isInText: Bool { last == .text }

    private enum Kind { case text, reasoning, other }

    /// Looks at a piece of the answer and answers what the delta's member `thinking_blocks` says, if anything.
    mutating func watch(_ choice: ChatChunk.Choice) -> ExtraMember? {
        var sealed: [(index: Int, reasoning: ChatReasoning)] = []
        if let piece = choice.reasoning, !piece.isEmpty {
            enter(.reasoning, opensPart: choice.opensPart)
            text += piece
        }
        if let signature = choice.signature {
            enter(.reasoning, opensPart: choice.opensPart && (choice.reasoning ?? "").isEmpty)
            sealed.append((partCount - 1, ChatReasoning(text, signature: signature, origin: choice.origin)))
            last = .other
        }
        if let piece = choice.content, !piece.isEmpty { enter(.text, opensPart: choice.opensPart) }
        for call in choice.toolCalls where calls.count < 1_024 && calls.insert(call.index).inserted {
            enter(.other, opensPart: true)
        }
        for part in choice.parts {
            enter(.other, opensPart: true)
            if case .reasoning(let reasoning) = part, reasoning.isSealed { sealed.append((partCount - 1, reasoning)) }
        }
        guard !sealed.isEmpty else { return nil }
        var writer = JSONWriter()
        writer.array { writer in
            for (index, reasoning) in sealed { reasoning.writeThinkingBlock(index: index, to: &writer) }
        }
        return ExtraMember(name: "thinking_blocks", value: JSONText(writer.bytes))
    }

    private mutating func enter(_ kind: Kind, opensPart: Bool) {
        guard kind != last || opensPart else { return }
        last = kind
        partCount += 1
        text = ""
    }
}
