import MartletCore
import MartletWire

extension ChatChunk {
    /// Decodes a chunk; what is not understood is kept as it came.
    init(openAI reader: consuming JSONObjectReader) {
        var choices: [Choice] = []
        if let list = reader.lenient("choices", .array) {
            for element in list.elements {
                if let choice = Choice(element, position: choices.count) { choices.append(choice) }
            }
        }
        _ = reader.lenientString("object")
        self.init(
            id: reader.lenientString("id"),
            created: reader.lenientInteger("created"),
            model: reader.lenientString("model"),
            choices: choices,
            usage: reader.takeUsage()
        )
        extra = reader.extra
    }

    /// Writes a chunk.
    ///
    /// - Parameter usage: What the member `usage` says: absent, null, or counts.
    func write(to writer: inout JSONWriter, usage: UsageMember) {
        writer.object { writer in
            writer.member("id", id ?? "chatcmpl-0")
            writer.member("object", "chat.completion.chunk")
            writer.member("created", created ?? 0)
            writer.member("model", model ?? "")
            writer.key("choices")
            writer.array { writer in
                for choice in choices { choice.write(to: &writer) }
            }
            switch usage {
            case .absent: break
            case .null:
                writer.key("usage")
                writer.null()
            case .counts(let usage):
                writer.key("usage")
                usage.write(to: &writer)
            }
            writer.members(extra)
        }
    }

    /// What the member `usage` of a chunk says.
    enum UsageMember {
        /// The caller did not ask for usage.
        case absent
        /// The caller asked; the counts come in the last chunk.
        case null
        /// The last chunk.
        case counts(ChatUsage)
    }
}

extension ChatChunk.Choice {
    fileprivate init?(_ view: JSONView, position: Int) {
        guard var reader = try? JSONObjectReader(view) else { return nil }
        self.init(index: reader.lenientInteger("index").flatMap { Int(exactly: $0) } ?? position)
        if var delta = reader.lenientObject("delta") {
            role = delta.lenientString("role").map(ChatRole.init(name:))
            reasoning = delta.lenientString("reasoning_content") ?? delta.lenientString("reasoning")
            if let list = delta.lenient("content", .array) {
                takeParts(ChatPart.parts(response: list))
            } else {
                content = delta.lenientString("content")
            }
            refusal = delta.lenientString("refusal")
            if let list = delta.peek("tool_calls"), let calls = ChatChunk.ToolCallDelta.deltas(list) {
                _ = delta.take("tool_calls")
                toolCalls = calls
            }
            if let blocks = ChatReasoning.blocks(delta.peek("thinking_blocks")) {
                _ = delta.take("thinking_blocks")
                for block in blocks { take(block.reasoning) }
            }
            deltaExtra = delta.extra
        }
        // An empty one is the stream's to judge (``OpenAIChatEnds``).
        finishReason = reader.lenientString("finish_reason").map(FinishReason.init(name:))
        extra = reader.extra
    }

    /// Takes a sealed block; the text of one with a signature came before it.
    private mutating func take(_ block: ChatReasoning) {
        if signature == nil, let sign = block.signature {
            (signature, origin) = (sign, block.origin)
        } else {
            parts.append(.reasoning(block))
        }
    }

    /// Takes the content of servers that send parts in place of text.
    private mutating func takeParts(_ parts: [ChatPart]) {
        for part in parts {
            switch part {
            case .text(let text): content = (content ?? "") + text.text
            case .reasoning(let piece): reasoning = (reasoning ?? "") + piece.text
            default: break
            }
        }
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("index", index)
            writer.key("delta")
            writer.object { writer in
                writer.member("role", role?.name)
                writer.member("content", content)
                writer.member("reasoning_content", reasoning)
                writer.member("refusal", refusal)
                if !toolCalls.isEmpty {
                    writer.key("tool_calls")
                    writer.array { writer in
                        for call in toolCalls { call.write(to: &writer) }
                    }
                }
                if !deltaExtra.isEmpty { URLCitation.writeChat(delta: deltaExtra, to: &writer) }
            }
            writer.key("finish_reason")
            if let finishReason { writer.string(finishReason.name) } else { writer.null() }
            if extra.value("native_finish_reason") == nil { writer.member("native_finish_reason", vendorReason) }
            writer.members(extra)
        }
    }
}

extension ChatChunk.ToolCallDelta {
    /// Decodes pieces of calls; `nil` when one has a shape this codec does not know.
    fileprivate static func deltas(_ view: JSONView) -> [ChatChunk.ToolCallDelta]? {
        if view.isNull { return [] }
        guard view.kind == .array else { return nil }
        var deltas: [ChatChunk.ToolCallDelta] = []
        for element in view.elements {
            guard let delta = Self(element, position: deltas.count) else { return nil }
            deltas.append(delta)
        }
        return deltas
    }

    private init?(_ view: JSONView, position: Int) {
        guard var reader = try? JSONObjectReader(view) else { return nil }
        self.init(index: reader.lenientInteger("index").flatMap { Int(exactly: $0) } ?? position)
        id = reader.lenientString("id")
        if let type = reader.lenientString("type"), !type.isEmpty {
            switch type {
            case "function": kind = .function
            case "custom": kind = .custom
            default: return nil
            }
        }
        let isCustom = kind == .custom || reader.peek("custom")?.kind == .object
        if var inner = reader.lenientObject(isCustom ? "custom" : "function") {
            name = inner.lenientString("name")
            if let value = inner.takeValue(isCustom ? "input" : "arguments") {
                arguments = value.string() ?? String(decoding: value.rawBytes, as: UTF8.self)
            }
            innerExtra = inner.extra
            if isCustom { kind = .custom }
        }
        extra = reader.extra
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("index", index)
            writer.member("id", id)
            writer.member("type", kind?.name)
            if name != nil || arguments != nil || !innerExtra.isEmpty {
                kind == .custom ? writer.key("custom") : writer.key("function")
                writer.object { writer in
                    writer.member("name", name)
                    writer.member(kind == .custom ? "input" : "arguments", arguments)
                    writer.members(innerExtra)
                }
            }
            writer.members(extra)
        }
    }
}
