import MartletCore
import MartletWire

extension ChatMessage {
    /// Writes the message; results of tools become messages of their own, before the rest.
    func write(to writer: inout JSONWriter) {
        var rest: [ChatPart] = []
        for part in parts {
            guard case .toolResult(let result) = part else {
                rest.append(part)
                continue
            }
            writer.object { writer in
                writer.member("role", "tool")
                writer.member("tool_call_id", result.callID)
                ChatPart.writeContent(result.content, to: &writer)
                guard role == .tool else { return }
                writer.member("name", name)
                writer.members(extra)
            }
        }
        if rest.isEmpty, rest.count < parts.count { return }
        writer.object { writer in writeMembers(rest, to: &writer) }
    }

    /// Writes the message of an answer.
    func writeAnswer(to writer: inout JSONWriter) {
        writer.object { writer in
            writeMembers(parts, isAnswer: true, to: &writer)
            // The members official clients expect to be there even when they say nothing.
            guard refusal == nil, !extra.contains(where: { $0.name == "refusal" }) else { return }
            writer.key("refusal")
            writer.null()
        }
    }

    private func writeMembers(_ parts: [ChatPart], isAnswer: Bool = false, to writer: inout JSONWriter) {
        writer.member("role", role.name)
        ChatPart.writeContent(isAnswer ? ChatPart.joined(parts) : parts, to: &writer)
        writer.member("refusal", refusal)
        if let reasoning, !reasoning.isEmpty || !parts.contains(where: \.isSealedReasoning) {
            writer.member("reasoning_content", reasoning)
        }
        writeThinkingBlocks(parts, to: &writer)
        writer.member("name", name)
        let calls = toolCalls
        if !calls.isEmpty {
            writer.key("tool_calls")
            writer.array { writer in
                for call in calls { call.write(to: &writer) }
            }
        }
        if isAnswer, extra.value(URLCitation.name) == nil {
            let texts = parts.compactMap { if case .text(let text) = $0 { text } else { nil } }
            URLCitation.writeChat(texts: texts, to: &writer)
        }
        writer.members(extra)
    }
}

extension ChatPart {
    /// Writes the member `content`: one plain text as a string, which every server takes; anything else as a list.
    static func writeContent(_ parts: [ChatPart], to writer: inout JSONWriter) {
        let content = parts.filter(\.isContent)
        writer.key("content")
        if content.isEmpty { return writer.null() }
        if content.count == 1, case .text(let text) = content[0], text.extra.isEmpty {
            return writer.string(text.text)
        }
        writer.array { writer in
            for part in content { part.write(to: &writer) }
        }
    }

    /// The parts of an answer with all text in one: clients expect a string.
    ///
    /// Parts that only another dialect has are left out where there is text.
    fileprivate static func joined(_ parts: [ChatPart]) -> [ChatPart] {
        var joined: ChatText?
        // Pictures that a model made stand beside the content (`images`).
        let parts = parts.filter { if case .image = $0 { false } else { true } }
        for part in parts {
            if case .text(let text) = part { joined = ChatText((joined?.text ?? "") + text.text) }
        }
        guard let joined else { return parts }
        return [.text(joined)]
            + parts.filter { part in
                switch part {
                case .text, .other: false
                default: true
                }
            }
    }

    fileprivate var isSealedReasoning: Bool {
        if case .reasoning(let reasoning) = self { reasoning.isSealed } else { false }
    }

    /// Whether the part stands in `content`; calls, results and reasoning have places of their own.
    private var isContent: Bool {
        switch self {
        case .text, .image, .audio, .file, .refusal, .other: true
        case .reasoning, .toolCall, .toolResult: false
        }
    }

    private func write(to writer: inout JSONWriter) {
        switch self {
        case .text(let text): Self.writePart("text", text.extra, to: &writer) { $0.member("text", text.text) }
        case .refusal(let text): Self.writePart("refusal", text.extra, to: &writer) { $0.member("refusal", text.text) }
        case .image(let image):
            Self.writePart("image_url", image.extra, to: &writer) { writer in
                writer.key("image_url")
                writer.object { writer in
                    writer.member("url", image.url)
                    writer.member("detail", image.detail)
                    writer.members(image.innerExtra)
                }
            }
        case .audio(let audio):
            Self.writePart("input_audio", audio.extra, to: &writer) { writer in
                writer.key("input_audio")
                writer.object { writer in
                    writer.member("data", audio.base64)
                    writer.member("format", audio.format)
                    writer.members(audio.innerExtra)
                }
            }
        case .file(let file):
            Self.writePart("file", file.extra, to: &writer) { writer in
                writer.key("file")
                writer.object { writer in
                    writer.member("file_id", file.fileID)
                    writer.member("file_data", file.dataURL)
                    writer.member("filename", file.filename)
                    writer.members(file.innerExtra)
                }
            }
        case .other(_, let value): writer.raw(value.bytes)
        case .reasoning, .toolCall, .toolResult: break
        }
    }

    private static func writePart(
        _ type: String,
        _ extra: [ExtraMember],
        to writer: inout JSONWriter,
        _ body: (inout JSONWriter) -> Void
    ) {
        writer.object { writer in
            writer.member("type", type)
            body(&writer)
            writer.members(extra)
        }
    }
}

extension ChatToolCall {
    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", id)
            writer.member("type", kind.name)
            kind == .function ? writer.key("function") : writer.key("custom")
            writer.object { writer in
                writer.member("name", name)
                writer.member(kind == .function ? "arguments" : "input", arguments)
                writer.members(innerExtra)
            }
            writer.members(extra)
        }
    }
}

extension ChatToolCall.Kind {
    /// The name on the wire.
    var name: String {
        switch self {
        case .function: "function"
        case .custom: "custom"
        }
    }
}
