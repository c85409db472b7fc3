import MartletWire

/// The answer of `/responses`, in the words of a chat's.
extension ChatAnswer {
    /// Reads a whole answer.
    ///
    /// - Throws: A failure when the body is no response, or one that failed.
    init(response body: [UInt8]) throws(CommandFailure) {
        guard let document = try? JSONDocument(body), document.withView({ $0.member("output")?.kind == .array }) else {
            throw CommandFailure(.failed, "the answer is no response; is this a gateway?")
        }
        let problem = document.withView { view in view.member("error").flatMap { GatewayProblem($0) } }
        if let problem { throw problem.failure }
        self = document.withView { ChatAnswer(response: $0) }
    }

    /// Reads a response object.
    init(response view: JSONView) {
        self.init(view, part: "message")
        for item in view.member("output")?.elements ?? view.elements {
            for part in item.member("summary")?.elements ?? item.elements {
                reasoning += part.member("text")?.string() ?? ""
            }
            let isReasoning = item.member("type")?.equalsString("reasoning") ?? false
            for part in item.member("content")?.elements ?? item.elements {
                let said = part.member("text")?.string() ?? part.member("refusal")?.string() ?? ""
                if isReasoning { reasoning += said } else { text += said }
            }
        }
        finish(view)
        inputTokens = view.member("usage")?.member("input_tokens")?.int64()
        outputTokens = view.member("usage")?.member("output_tokens")?.int64()
    }

    /// Reads one event of a stream: a piece of text or thinking, or the end.
    init(responseEvent view: JSONView) {
        self.init(view, part: "delta")
        let delta = view.member("delta")?.string() ?? ""
        switch view.member("type")?.string() {
        case "response.output_text.delta", "response.refusal.delta": text = delta
        case "response.reasoning_summary_text.delta", "response.reasoning_text.delta": reasoning = delta
        case "response.completed", "response.incomplete":
            if let response = view.member("response") { finish(response) }
            finishReason = finishReason ?? "stop"
        default: break
        }
    }

    /// Why a response ended, as chats call it.
    private mutating func finish(_ response: JSONView) {
        switch response.member("status")?.string() {
        case "completed": finishReason = "stop"
        case "incomplete":
            let reason = response.member("incomplete_details")?.member("reason")?.string()
            finishReason = reason == "max_output_tokens" ? "length" : reason
        default: break
        }
    }
}
