import MartletCore
import MartletWire

/// One object of an answer: a line of a stream, or the whole of an answer that is not streamed.
struct OllamaAnswer {
    var model: String?
    var created: Int64?
    var role: ChatRole?
    var content: String?
    var thinking: String?
    var calls: [ChatToolCall] = []
    /// Whether it is the last object.
    var isDone = false
    private var doneReason: String?
    var usage: ChatUsage?
    /// Log-probabilities of the tokens, a list.
    var logprobs: JSONText?
    /// Unknown members of the message.
    var messageExtra: [ExtraMember] = []
    /// Unknown members, the durations (in nanoseconds) among them.
    var extra: [ExtraMember] = []

    /// Reads an object.
    ///
    /// - Parameters:
    ///   - view: The object.
    ///   - firstCall: The number of calls in the objects before it.
    /// - Throws: ``ChatFailure``: `upstream` for an error, `malformed` for what is no answer.
    init(_ view: JSONView, firstCall: Int = 0) throws(ChatFailure) {
        if readPlain(view) { return }
        self = OllamaAnswer()
        if let error = view.member("error"), !error.isNull { throw .upstream(UpstreamFailure(ollama: view)) }
        guard var reader = try? JSONObjectReader(view) else { throw .malformed("the answer is no object") }
        guard
            view.member("message")?.kind == .object || view.member("response")?.kind == .string
                || view.member("done")?.bool() == true
        else {
            throw .malformed("the answer has no message")
        }
        model = reader.lenientString("model")
        let createdAt = reader.peek("created_at")
        if let seconds = createdAt?.withStringBytes(OllamaTime.seconds) ?? nil {
            created = seconds
            _ = reader.take("created_at")
        }
        if var message = reader.lenientObject("message") {
            role = message.lenientString("role").map(ChatRole.init(name:))
            content = message.lenientString("content")
            thinking = message.lenientString("thinking")
            if let value = message.peek("tool_calls") {
                // The time stands for the answer in made-up ids: two answers to one conversation differ in it.
                let seed = "\(createdAt?.string() ?? "") \(model ?? "")"
                if let list = value.isNull ? [] : OllamaCalls.calls(value, seed: seed, first: firstCall) {
                    calls = list
                    _ = message.take("tool_calls")
                }
            }
            messageExtra = message.extra.without(OllamaExtra.message)
        } else if let text = reader.lenientString("response") {
            // `/api/generate` has no message.
            content = text
            thinking = reader.lenientString("thinking")
            _ = reader.take("context")
        }
        if reader.peek("done")?.bool() != nil { isDone = reader.take("done")?.bool() ?? false }
        doneReason = reader.lenientString("done_reason")
        logprobs = reader.lenient("logprobs", .array)?.text
        usage = Self.usage(&reader)
        extra = reader.extra.without(OllamaExtra.answer)
    }

    private init() {}

    /// Reads an object that holds nothing but a piece of text, in one pass; `false` for all others.
    ///
    /// Nearly all lines of a stream are such.
    private mutating func readPlain(_ view: JSONView) -> Bool {
        var hasMessage = false
        for member in view.members {
            let (key, value) = (member.key, member.value)
            if key.equalsString("model"), value.kind == .string {
                model = value.string()
            } else if key.equalsString("created_at") {
                guard let seconds = value.withStringBytes(OllamaTime.seconds) ?? nil else { return false }
                created = seconds
            } else if key.equalsString("message"), value.kind == .object {
                hasMessage = true
                for part in value.members {
                    guard part.value.kind == .string else { return false }
                    if part.key.equalsString("content") {
                        content = part.value.string()
                    } else if part.key.equalsString("role") {
                        role = part.value.equalsString("assistant") ? .assistant : nil
                        if role == nil { return false }
                    } else if part.key.equalsString("thinking") {
                        thinking = part.value.string()
                    } else {
                        return false
                    }
                }
            } else if !key.equalsString("done") || value.kind != .false {
                return false
            }
        }
        return hasMessage
    }

    /// Takes the counts of the last object.
    ///
    /// `eval_count` is left out when it is 0. `prompt_eval_count` is too, which a prompt never is: then it is not
    /// known (old versions, when all of the prompt was cached), the count of the answer stays an extra member, and the
    /// whole usage is left to be estimated.
    private static func usage(_ reader: inout JSONObjectReader) -> ChatUsage? {
        let believed = 0...Usage.largestCount
        guard let prompt = reader.peek("prompt_eval_count")?.int64(), prompt > 0, believed ~= prompt else { return nil }
        let answer = reader.peek("eval_count")
        guard let count = answer == nil ? 0 : answer?.int64(), believed ~= count else { return nil }
        _ = reader.take("prompt_eval_count")
        _ = reader.take("eval_count")
        return ChatUsage(Usage(inputTokens: prompt, outputTokens: count))
    }

    /// Why the model stopped.
    ///
    /// Ollama says `stop` where the model asks for tools, and nothing in old versions.
    ///
    /// - Parameter hasCalls: Whether the answer has calls of tools.
    func finishReason(hasCalls: Bool) -> FinishReason {
        switch doneReason ?? "" {
        case "", "stop": hasCalls ? .toolCalls : .stop
        case let name: FinishReason(name: name)
        }
    }

    /// The log-probabilities as a choice of OpenAI's format has them.
    var choiceExtra: [ExtraMember] {
        guard let logprobs else { return [] }
        var writer = JSONWriter()
        writer.object { $0.member("content", logprobs) }
        return [ExtraMember(name: "logprobs", value: JSONText(writer.bytes))]
    }
}
