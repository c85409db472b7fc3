import MartletCore
import MartletWire

extension ChatResponse {
    /// Decodes an answer; what is not understood is kept as it came.
    init(openAI reader: consuming JSONObjectReader) {
        var choices: [Choice] = []
        if let list = reader.lenient("choices", .array) {
            for element in list.elements { choices.append(Choice(element, position: choices.count)) }
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

    func openAIBody() -> [UInt8] {
        var writer = JSONWriter(reserving: 512)
        writer.object { writer in
            writer.member("id", id ?? "chatcmpl-0")
            writer.member("object", "chat.completion")
            writer.member("created", created ?? 0)
            writer.member("model", model ?? "")
            writer.key("choices")
            writer.array { writer in
                for choice in choices { choice.write(to: &writer) }
            }
            if let usage {
                writer.key("usage")
                usage.write(to: &writer)
            }
            writer.members(extra)
        }
        return writer.bytes
    }
}

extension ChatResponse.Choice {
    fileprivate init(_ view: JSONView, position: Int) {
        guard var reader = try? JSONObjectReader(view) else {
            self.init(index: position, message: ChatMessage(response: view), finishReason: nil)
            return
        }
        let index = reader.lenientInteger("index").flatMap { Int(exactly: $0) } ?? position
        let message = reader.lenient("message", .object).map(ChatMessage.init(response:))
        let reason = reader.lenientString("finish_reason").map { name in
            // Some servers leave the reason empty; with calls of tools there is only one it can be.
            name.isEmpty && !(message?.toolCalls ?? []).isEmpty ? .toolCalls : FinishReason(name: name)
        }
        self.init(
            index: index,
            message: message ?? ChatMessage(role: .assistant, parts: []),
            finishReason: reason
        )
        // Written on every choice; says nothing when null.
        if reader.peek("logprobs")?.isNull == true { _ = reader.take("logprobs") }
        extra = reader.extra
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("index", index)
            writer.key("message")
            message.writeAnswer(to: &writer)
            writer.key("finish_reason")
            if let finishReason { writer.string(finishReason.name) } else { writer.null() }
            if extra.value("native_finish_reason") == nil { writer.member("native_finish_reason", vendorReason) }
            if !extra.contains(where: { $0.name == "logprobs" }) {
                writer.key("logprobs")
                writer.null()
            }
            writer.members(extra)
        }
    }
}
