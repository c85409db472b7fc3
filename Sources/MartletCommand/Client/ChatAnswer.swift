import MartletWire

/// The answer of a chat completion.
struct ChatAnswer: Hashable {
    /// What the model said; a refusal when it refused.
    var text = ""
    /// What it thought, where that is shown.
    var reasoning = ""
    /// Why it ended (`stop`, `length`, …).
    var finishReason: String?
    /// The tokens of the question.
    var inputTokens: Int64?
    /// The tokens of the answer.
    var outputTokens: Int64?

    /// Reads a whole answer.
    ///
    /// - Throws: A failure when the body is no chat completion.
    init(_ body: [UInt8]) throws(CommandFailure) {
        guard let document = try? JSONDocument(body), document.withView({ $0.member("choices")?.kind == .array }) else {
            throw CommandFailure(.failed, "the answer is no chat completion; is this a gateway?")
        }
        self = document.withView { ChatAnswer($0, part: "message") }
    }

    /// Reads the parts of an answer or of one event of a stream.
    ///
    /// - Parameter part: The member that holds the text: `message`, in streams `delta`.
    init(_ view: JSONView, part: StaticString) {
        for choice in view.member("choices")?.elements ?? view.elements {
            let message = choice.member(part)
            text += message?.member("content")?.string() ?? ""
            text += message?.member("refusal")?.string() ?? ""
            reasoning += message?.member("reasoning_content")?.string() ?? message?.member("reasoning")?.string() ?? ""
            finishReason = choice.member("finish_reason")?.string() ?? finishReason
            break
        }
        let usage = view.member("usage")
        inputTokens = usage?.member("prompt_tokens")?.int64()
        outputTokens = usage?.member("completion_tokens")?.int64()
    }
}
