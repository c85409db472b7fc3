extension ChatRequest {
    /// Marks all sealed reasoning as made by nobody the gateway knows, so that no codec gives it back to a provider.
    ///
    /// What is left out for it is named as for any other provider's reasoning.
    public mutating func disownReasoning() {
        for message in messages.indices {
            for place in messages[message].parts.indices {
                guard case .reasoning(var reasoning) = messages[message].parts[place], reasoning.isSealed else {
                    continue
                }
                reasoning.origin = ""
                messages[message].parts[place] = .reasoning(reasoning)
            }
        }
    }
}
