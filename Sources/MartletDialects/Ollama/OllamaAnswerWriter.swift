import MartletCore
import MartletWire

/// Writes one object of an answer.
struct OllamaAnswerWriter {
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

    private static let ownMembers: Set<String> = ["model", "created_at", "message", "done", "done_reason", "logprobs"]
    private static let ownOfMessage: Set<String> = ["role", "content", "thinking", "tool_calls"]
    private static let counts: Set<String> = ["prompt_eval_count", "eval_count"]

    /// Writes the object.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("model", model ?? "")
        writer.member("created_at", OllamaTime.text(created ?? 0))
        writer.key("message")
        writer.beginObject()
        writer.member("role", "assistant")
        writer.member("content", content)
        writer.member("thinking", thinking)
        OllamaCalls.write(calls, to: &writer)
        writer.members(messageExtra.without(Self.ownOfMessage))
        writer.endObject()
        writer.member("logprobs", logprobs)
        writer.member("done", finish != nil)
        writer.member("done_reason", finish.map(Self.doneReason))
        writer.member("prompt_eval_count", usage?.counts.inputTokens)
        writer.member("eval_count", usage?.counts.outputTokens)
        writer.members(
            extra.filter { !Self.ownMembers.contains($0.name) && (usage == nil || !Self.counts.contains($0.name)) }
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
