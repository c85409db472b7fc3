import MartletCore
import MartletWire

extension ChatResponse {
    /// Decodes a response object; items that only this dialect has are kept as they came.
    init(responses reader: consuming JSONObjectReader, origin: String?) {
        var items = ResponsesItems(origin: origin)
        var calls = false
        if let list = reader.lenient("output", .array) {
            for element in list.elements {
                let type = element.member("type")
                if type?.equalsString("function_call") == true || type?.equalsString("custom_tool_call") == true {
                    calls = true
                }
                do throws(JSONFieldError) {
                    try items.append(element)
                } catch {
                    items.appendToTurn(.other(type: "", value: element.text))
                }
            }
        }
        var message = ChatMessage(role: .assistant, parts: items.messages.flatMap(\.parts))
        message.takeRefusals()
        var choice = Choice(index: 0, message: message, finishReason: nil)
        (choice.finishReason, choice.vendorReason) = FinishReason.responses(reader.view, callsTools: calls)
        choice.extra = message.takenLogprobs.map { [$0] } ?? []
        choice.message = message.withoutMarks
        self.init(
            id: reader.lenientString("id"),
            created: reader.peek("created_at")?.double().flatMap { Int64(exactly: $0.rounded(.down)) },
            model: reader.lenientString("model"),
            choices: [choice],
            usage: reader.peek("usage").flatMap { ChatUsage.responses($0) }
        )
        if let tier = reader.lenientString("service_tier") {
            var writer = JSONWriter()
            writer.string(tier)
            extra = [ExtraMember(name: "service_tier", value: JSONText(writer.bytes))]
        }
    }
}

extension FinishReason {
    /// Why a response ended, by its status and what is in it.
    static func responses(_ view: JSONView, callsTools: Bool) -> (reason: FinishReason?, word: String?) {
        guard let status = view.member("status")?.string() else { return (callsTools ? .toolCalls : nil, nil) }
        switch status {
        case "completed": return (callsTools ? .toolCalls : .stop, nil)
        case "incomplete":
            let reason = view.member("incomplete_details")?.member("reason")?.string()
            switch reason {
            case "max_output_tokens": return (.length, nil)
            case "content_filter": return (.contentFilter, nil)
            case let word?: return (.length, word)
            case nil: return (.length, nil)
            }
        default: return (.other(status), nil)
        }
    }
}

extension ChatMessage {
    /// Moves refusals from among the parts to their own member.
    fileprivate mutating func takeRefusals() {
        var kept: [ChatPart] = []
        for part in parts {
            if case .refusal(let text) = part { refusal = (refusal ?? "") + text.text } else { kept.append(part) }
        }
        parts = kept
    }

    /// The log-probabilities of the texts in the form of chat completions.
    fileprivate var takenLogprobs: ExtraMember? {
        var lists: [JSONText] = []
        for case .text(let text) in parts {
            if let list = text.extra.value("logprobs") { lists.append(list) }
        }
        guard !lists.isEmpty else { return nil }
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("content")
            writer.array { writer in
                for list in lists {
                    guard let document = try? JSONDocument(list.bytes) else { continue }
                    document.withView { view in
                        for element in view.elements { writer.raw(element) }
                    }
                }
            }
        }
        return ExtraMember(name: "logprobs", value: JSONText(writer.bytes))
    }

    /// The message without the marks and ids of items, and without what the choice says.
    fileprivate var withoutMarks: ChatMessage {
        var message = self
        message.parts = parts.compactMap { part in
            if case .toolCall(var call) = part {
                call.extra = call.extra.filter { $0.name == "namespace" }
                return .toolCall(call)
            }
            guard case .text(var text) = part else { return part }
            if text.text.isEmpty { return nil }
            text.extra = text.extra.withoutMarks.without("logprobs")
            return .text(text)
        }
        return message
    }
}
