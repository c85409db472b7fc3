public import MartletCore
public import MartletWire

/// Reads ``RequestFacts`` from the top-level members of a request to `/api/embed` or `/api/embeddings`.
public enum OllamaEmbedFacts {
    /// Reads facts from a body that a scanner has accepted.
    ///
    /// `messageCount` is the number of inputs; with none the request only loads the model. Parameters and errors are
    /// those of ``OllamaChatFacts``.
    public static func read(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner,
        form: OllamaEmbedCodec.Form = .embed
    ) throws(GatewayError) -> RequestFacts {
        let name = form == .embed ? "input" : "prompt"
        let members = try unsafe BodyMembers(body, scanner, OllamaFacts.shared + ["input", "prompt"])
        var facts = RequestFacts()
        facts.bodyBytes = body.count
        facts.textBytes = scanner.textBytes
        try OllamaFacts.read(members, into: &facts)
        facts.stream = false
        guard let input = members[name] else { return facts }
        switch (input.kind, form) {
        case (.string, _): facts.messageCount = input.equalsString("") ? 0 : 1
        case (.array, .embed):
            for element in input.elements {
                guard element.kind == .string else {
                    throw .invalid("\(name)[\(facts.messageCount)]", "must be a string")
                }
                facts.messageCount += 1
            }
            guard facts.messageCount <= EmbeddingFacts.maxInputs else {
                throw .invalid(name, "must have at most \(EmbeddingFacts.maxInputs) elements")
            }
        case (_, .embed): throw .invalid(name, "must be a string or an array of strings")
        case (_, .embeddings): throw .invalid(name, "must be a string")
        }
        return facts
    }
}
