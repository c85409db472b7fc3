import MartletCore
import MartletWire

/// Which of Ollama's routes an answer is for.
enum OllamaAnswerForm: Hashable, Sendable {
    /// `/api/chat`: a message.
    case chat
    /// `/api/generate`: a text.
    case generate
}

/// Writes one object of an answer.
struct OllamaAnswerWriter {
    /// Which route is answered.
    var form = OllamaAnswerForm.chat
    var model: String?
    var created: Int64?
    var content = ""
    var thinking: String?
    var calls: [ChatToolCall] = []
    var messageExtra: [ExtraMember] = []
    /// Why the model stopped; `nil` in all but the last object.
    var finish: FinishReason?
    var usage: ChatUsage?
    /// The unknown members of a choice; `logprobs` of OpenAI's form are turned into the dialect's own.
    var choiceExtra: [ExtraMember] = []
    var extra: [ExtraMember] = []
    /// What the gateway measured.
    var durations: AnswerDurations?

    private static let ownMembers: Set<String> = [
        "model", "created_at", "message", "response", "done", "done_reason", "logprobs",
    ]
    private static let ownOfMessage: Set<String> = ["role", "content", "thinking", "tool_calls"]
    private static let counts: Set<String> = ["prompt_eval_count", "eval_count"]

    /// Writes the object.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("model", model ?? "")
        writer.member("created_at", OllamaTime.text(created ?? 0))
        switch form {
        case .chat:
            writer.key("message")
            writer.beginObject()
            writer.member("role", "assistant")
            writer.member("content", content)
            writer.member("thinking", thinking)
            OllamaCalls.write(calls, to: &writer)
            writer.members(messageExtra.without(Self.ownOfMessage))
            writer.endObject()
        case .generate:
            writer.member("response", content)
            writer.member("thinking", thinking)
        }
        writer.member("logprobs", logprobs)
        writer.member("done", finish != nil)
        writer.member("done_reason", finish.map(Self.doneReason))
        if finish != nil, let durations {
            writer.member("total_duration", durations.total)
            writer.member("load_duration", durations.load)
            writer.member("prompt_eval_duration", durations.prompt)
            writer.member("eval_duration", durations.answer)
        }
        writer.member("prompt_eval_count", usage?.counts.inputTokens)
        writer.member("eval_count", usage?.counts.outputTokens)
        writer.members(
            extra.filter { member in
                !Self.ownMembers.contains(member.name) && (usage == nil || !Self.counts.contains(member.name))
                    && (form == .chat || member.name != "thinking")
                    && (durations == nil || !AnswerDurations.names.contains(member.name))
            }
        )
        writer.endObject()
    }

    private static func doneReason(_ reason: FinishReason) -> String {
        switch reason {
        case .stop, .toolCalls, .functionCall: "stop"
        case .length, .contentFilter, .other: reason.name
        }
    }

    private var logprobs: JSONText? {
        guard let given = choiceExtra.first(where: { $0.name == "logprobs" }),
            let document = try? JSONDocument(given.value.bytes)
        else { return nil }
        return document.withView { view in
            guard let content = view.member("content"), content.kind == .array else { return nil }
            return content.text
        }
    }
}
