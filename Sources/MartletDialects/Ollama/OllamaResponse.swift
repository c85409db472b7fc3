import MartletCore
import MartletWire

extension ChatResponse {
    /// Makes the answer of its one object; what is not understood is kept as it came.
    init(ollama answer: OllamaAnswer) {
        var parts: [ChatPart] = []
        if let thinking = answer.thinking, !thinking.isEmpty { parts.append(.reasoning(ChatReasoning(thinking))) }
        if let content = answer.content, !content.isEmpty || answer.calls.isEmpty {
            parts.append(.text(ChatText(content)))
        }
        parts.append(contentsOf: answer.calls.map(ChatPart.toolCall))
        var message = ChatMessage(role: answer.role ?? .assistant, parts: parts)
        message.extra = answer.messageExtra
        // Without `done` the answer says itself that it is not complete.
        let reason = answer.isDone ? answer.finishReason(hasCalls: !answer.calls.isEmpty) : nil
        var choice = Choice(index: 0, message: message, finishReason: reason)
        choice.extra = answer.choiceExtra
        self.init(created: answer.created, model: answer.model, choices: [choice], usage: answer.usage)
        extra = answer.extra
    }

    func ollamaBody(
        _ form: OllamaAnswerForm = .chat,
        _ context: CallerContext? = nil,
        _ durations: AnswerDurations? = nil
    ) -> [UInt8] {
        let choice = choices.first
        var answer = OllamaAnswerWriter(
            form: form,
            model: context?.model ?? model,
            created: context?.created ?? created
        )
        answer.durations = durations
        for part in choice?.message.parts ?? [] {
            switch part {
            case .text(let text), .refusal(let text): answer.content += text.text
            default: break
            }
        }
        answer.content += choice?.message.refusal ?? ""
        answer.thinking = choice?.message.reasoning
        answer.calls = choice?.message.toolCalls ?? []
        answer.messageExtra = choice?.message.extra ?? []
        answer.finish = choice?.finishReason ?? .stop
        answer.usage = usage
        answer.choiceExtra = choice?.extra ?? []
        answer.extra = extra
        var writer = JSONWriter(reserving: 512)
        answer.write(to: &writer)
        return writer.bytes
    }
}
