extension ChatRequest {
    /// Marks all sealed reasoning as made by nobody the gateway knows, so that no codec gives it back to a provider.
    ///
    /// What is left out for it is named as for any other provider's reasoning.
    public mutating func disownReasoning() {
        for message in messages.indices {
            for place in messages[message].parts.indices {
                // Google's layer for chat completions has the proof beside a call.
                if case .toolCall(var call) = messages[message].parts[place] {
                    call.extra.removeAll { $0.name == "extra_content" }
                    messages[message].parts[place] = .toolCall(call)
                }
                guard case .reasoning(var reasoning) = messages[message].parts[place], reasoning.isSealed else {
                    continue
                }
                reasoning.origin = ""
                messages[message].parts[place] = .reasoning(reasoning)
            }
        }
    }
}
