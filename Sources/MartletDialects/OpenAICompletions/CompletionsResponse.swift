import MartletCore
import MartletWire

extension ChatResponse {
    /// Decodes an answer; what is not understood is kept as it came.
    init(completions reader: consuming JSONObjectReader) {
        var choices: [Choice] = []
        if let list = reader.lenient("choices", .array) {
            for element in list.elements { choices.append(Choice(completions: element, position: choices.count)) }
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

    func completionsBody(_ context: CallerContext?) -> [UInt8] {
        var writer = JSONWriter(reserving: 512)
        writer.object { writer in
            writer.member("id", context.map(CompletionsID.text) ?? id ?? "cmpl-0")
            writer.member("object", "text_completion")
            writer.member("created", context?.created ?? created ?? 0)
            writer.member("model", context?.model ?? model ?? "")
            writer.key("choices")
            writer.array { writer in
                for choice in choices {
                    writer.object { writer in
                        writer.member("text", choice.message.text + (choice.message.refusal ?? ""))
                        CompletionsChoice.write(choice.index, choice.finishReason, choice.extra, to: &writer)
                    }
                }
            }
            if let usage {
                writer.key("usage")
                usage.write(to: &writer)
            }
            writer.members(extra.filter { !CompletionsChoice.own.contains($0.name) })
        }
        return writer.bytes
    }
}

extension ChatResponse.Choice {
    fileprivate init(completions view: JSONView, position: Int) {
        let chunk = ChatChunk.Choice(completions: view, position: position)
        self.init(
            index: chunk.index,
            message: ChatMessage(role: .assistant, text: chunk.content ?? ""),
            finishReason: chunk.finishReason
        )
        extra = chunk.extra
    }
}

extension ChatChunk.Choice {
    /// Decodes a choice, which has the same shape in whole answers and in pieces.
    init(completions view: JSONView, position: Int) {
        guard var reader = try? JSONObjectReader(view) else {
            self.init(index: position)
            return
        }
        self.init(index: reader.lenientInteger("index").flatMap { Int(exactly: $0) } ?? position)
        content = reader.lenientString("text")
        if let name = reader.lenientString("finish_reason"), !name.isEmpty { finishReason = FinishReason(name: name) }
        if reader.peek("logprobs")?.isNull == true { _ = reader.take("logprobs") }
        extra = reader.extra
    }
}

/// What the choices of whole answers and of pieces have in common.
enum CompletionsChoice {
    /// The members that are written from typed fields.
    static let own: Set<String> = ["id", "object", "created", "model", "choices", "usage"]
    private static let ownOfChoice: Set<String> = ["text", "index", "finish_reason", "logprobs", "message", "delta"]

    static func write(_ index: Int, _ reason: FinishReason?, _ extra: [ExtraMember], to writer: inout JSONWriter) {
        writer.member("index", index)
        writer.key("logprobs")
        // Probabilities as a chat tells them have another shape.
        if let value = extra.value("logprobs"), isOfCompletions(value) {
            writer.raw(value.bytes)
        } else {
            writer.null()
        }
        writer.key("finish_reason")
        if let reason {
            // A text cannot ask for tools.
            writer.string(reason == .toolCalls || reason == .functionCall ? FinishReason.stop.name : reason.name)
        } else {
            writer.null()
        }
        writer.members(extra.filter { !ownOfChoice.contains($0.name) })
    }

    private static func isOfCompletions(_ logprobs: JSONText) -> Bool {
        guard let document = try? JSONDocument(logprobs.bytes) else { return false }
        return document.withView { $0.member("tokens") != nil }
    }
}

/// The ids of completions.
enum CompletionsID {
    static func text(_ context: CallerContext) -> String { "cmpl-" + context.id.description }
}
