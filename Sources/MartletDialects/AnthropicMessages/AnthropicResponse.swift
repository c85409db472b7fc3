import MartletCore
import MartletWire

extension ChatResponse {
    /// Decodes an answer; what is not understood is kept as it came.
    init(anthropic reader: consuming JSONObjectReader, origin: String?) {
        var parts: [ChatPart] = []
        if let list = reader.lenient("content", .array) {
            for element in list.elements {
                let part = try? ChatPart(anthropic: element, origin: origin)
                parts.append(part ?? .other(type: "", value: element.text))
            }
        }
        _ = reader.lenientString("type")
        let role = ChatRole(name: reader.lenientString("role") ?? "assistant")
        var choice = Choice(index: 0, message: ChatMessage(role: role, parts: parts), finishReason: nil)
        if let name = reader.lenientString("stop_reason") {
            (choice.finishReason, choice.vendorReason) = AnthropicStopReason.decode(name)
        }
        choice.stopSequence = reader.lenientString("stop_sequence")
        if let details = reader.peek("stop_details") {
            choice.message.refusal = Self.explanation(details)
            if !details.isNull { choice.extra.append(ExtraMember(name: "stop_details", value: details.text)) }
            _ = reader.take("stop_details")
        }
        var usage = AnthropicUsage()
        if let view = reader.lenient("usage", .object) { usage.merge(view) }
        self.init(
            id: reader.lenientString("id"),
            model: reader.lenientString("model"),
            choices: [choice],
            usage: usage.usage
        )
        dialect = .anthropicMessages
        extra = reader.extra
    }

    /// What a refusal says for itself.
    static func explanation(_ details: JSONView) -> String? {
        guard details.member("type")?.equalsString("refusal") == true else { return nil }
        return details.member("explanation")?.string().flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Encodes the answer; of other vendors' answers what this dialect has.
    ///
    /// - Parameter caller: Whom it is for; `nil` leaves the answer's own id.
    func anthropicBody(for caller: CallerContext?) -> [UInt8] {
        let choice = choices.first
        let message = choice?.message
        let isOwn = dialect == .anthropicMessages
        var names = AnthropicNames()
        var writer = JSONWriter(reserving: 512)
        writer.object { writer in
            writer.member("id", AnthropicAnswerID.message(id, caller))
            writer.member("type", "message")
            writer.member("role", "assistant")
            writer.member("model", model ?? caller?.model ?? "")
            writer.key("content")
            writer.array { writer in
                if isOwn {
                    for part in message?.parts ?? [] { part.writeAnthropicAnswer(to: &writer) }
                } else {
                    message?.writeForeign(for: caller, &names, to: &writer)
                }
            }
            writer.key("stop_reason")
            if let reason = choice?.finishReason {
                let name = AnthropicStopReason.encode(
                    reason,
                    word: choice?.vendorReason,
                    callsTools: !(message?.toolCalls ?? []).isEmpty,
                    refuses: message?.refusal != nil
                )
                writer.string(name)
            } else {
                writer.null()
            }
            writer.key("stop_sequence")
            if let text = choice?.stopSequence { writer.string(text) } else { writer.null() }
            writer.member("stop_details", AnthropicStopReason.details(choice?.extra ?? [], refusal: message?.refusal))
            writer.key("usage")
            let unknown = Usage(inputTokens: caller?.estimatedInputTokens ?? 0, outputTokens: 0)
            (usage ?? ChatUsage(unknown)).writeAnthropic(to: &writer)
            if isOwn { writer.members(extra) }
        }
        return writer.bytes
    }
}

extension ChatMessage {
    /// Writes the content of another vendor's answer: without unknown members, and with ids that Anthropic takes back.
    fileprivate func writeForeign(
        for caller: CallerContext?,
        _ names: inout AnthropicNames,
        to writer: inout JSONWriter
    ) {
        var calls = 0
        for part in parts {
            switch part {
            case .text(let text): ChatPart.text(ChatText(text.text)).writeAnthropicAnswer(to: &writer)
            case .reasoning(var reasoning):
                reasoning.extra = []
                ChatPart.reasoning(reasoning).writeAnthropicAnswer(to: &writer)
            case .toolCall(var call):
                call.id = AnthropicAnswerID.call(call.id, place: calls, caller, &names)
                call.extra = []
                calls += 1
                ChatPart.toolCall(call).writeAnthropicAnswer(to: &writer)
            case .refusal, .image, .audio, .file, .toolResult, .other: break
            }
        }
        // Told in the details too, but few clients look there, and an empty turn cannot be sent back.
        guard text.isEmpty, let said = refusal ?? spokenRefusal else { return }
        ChatPart.text(ChatText(said)).writeAnthropicAnswer(to: &writer)
    }

    /// A refusal that stands among the content.
    private var spokenRefusal: String? {
        for part in parts { if case .refusal(let text) = part { return text.text } }
        return nil
    }
}

/// The ids of answers, for callers of this dialect.
enum AnthropicAnswerID {
    /// The id of a message: the answer's own where it looks like one of this dialect, else made of the request's.
    static func message(_ id: String?, _ caller: CallerContext?) -> String {
        if let id, caller == nil || id.hasPrefix("msg_") { return id }
        return caller.map { "msg_" + digits($0) } ?? "msg_0"
    }

    /// The id of a call: the answer's own in the characters that the API takes back, different from the others.
    static func call(_ id: String, place: Int, _ caller: CallerContext?, _ names: inout AnthropicNames) -> String {
        if !id.isEmpty { return names.id(id) }
        return names.id(caller.map { "toolu_\(digits($0))_\(place)" } ?? "toolu_\(place)")
    }

    private static func digits(_ caller: CallerContext) -> String {
        String(decoding: caller.id.description.utf8.filter { $0 != UInt8(ascii: "-") }, as: UTF8.self)
    }
}

extension AnthropicStopReason {
    /// The member `stop_details`: as it came, or made of a refusal.
    static func details(_ extra: [ExtraMember], refusal: String?) -> JSONText? {
        if let known = extra.value("stop_details") { return known }
        guard let refusal else { return nil }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("type", "refusal")
            writer.member("explanation", refusal)
        }
        return JSONText(writer.bytes)
    }
}

extension ChatPart {
    /// Writes a part of an answer; nothing for what an answer of this dialect cannot hold.
    fileprivate func writeAnthropicAnswer(to writer: inout JSONWriter) {
        switch self {
        case .text(let text), .refusal(let text):
            guard !text.text.isEmpty else { return }
            writer.object { writer in
                writer.member("type", "text")
                writer.member("text", text.text)
                writer.members(text.extra)
            }
        case .reasoning(let reasoning):
            guard reasoning.isSealed || !reasoning.text.isEmpty else { return }
            reasoning.writeAnthropic(to: &writer)
        case .toolCall(let call):
            writer.object { writer in
                writer.member("type", "tool_use")
                writer.member("id", call.id)
                writer.member("name", call.name)
                writer.key("input")
                writer.raw(call.anthropicInput)
                writer.members(call.extra)
            }
        case .other(let type, let value) where !type.isEmpty:
            writer.raw(value.bytes)
        case .image, .audio, .file, .toolResult, .other: break
        }
    }
}

extension ChatReasoning {
    /// Writes thinking; without a signature it has an empty one, and is not taken back by anybody.
    func writeAnthropic(to writer: inout JSONWriter) {
        writer.object { writer in
            writeAnthropicMembers(to: &writer)
            writer.members(extra)
        }
    }

    /// Writes the members that this codec knows.
    func writeAnthropicMembers(to writer: inout JSONWriter) {
        if let redacted {
            writer.member("type", "redacted_thinking")
            writer.member("data", redacted)
        } else {
            writer.member("type", "thinking")
            writer.member("thinking", text)
            writer.member("signature", signature ?? "")
        }
    }
}
