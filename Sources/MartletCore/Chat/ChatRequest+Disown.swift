extension ChatRequest {
    /// Marks all sealed reasoning as made by nobody the gateway knows, so that no codec gives it back to a provider.
    ///
    /// What codecs leave out for it they name as any other provider's reasoning; proofs beside calls are left out here.
    ///
    /// - Returns: The paths of what was left out, in the shape of chat completions.
    public mutating func disownReasoning() -> [String] {
        var dropped: [String] = []
        for message in messages.indices {
            var calls = 0
            for place in messages[message].parts.indices {
                // Google's layer for chat completions has the proof beside a call.
                if case .toolCall(var call) = messages[message].parts[place] {
                    let count = call.extra.count
                    call.extra.removeAll { $0.name == "extra_content" }
                    if call.extra.count < count {
                        dropped.append("messages[\(message)].tool_calls[\(calls)].extra_content")
                    }
                    calls += 1
                    messages[message].parts[place] = .toolCall(call)
                }
                guard case .reasoning(var reasoning) = messages[message].parts[place], reasoning.isSealed else {
                    continue
                }
                reasoning.origin = ""
                messages[message].parts[place] = .reasoning(reasoning)
            }
        }
        return dropped
    }
}
