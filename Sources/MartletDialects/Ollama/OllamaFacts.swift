public import MartletCore
public import MartletWire

/// Reads ``RequestFacts`` from the top-level members of an Ollama chat request.
///
/// Streams are on unless turned off, and tokens are always told. Without messages the request only loads or unloads the
/// model; see ``OllamaLoad``. Source: `api/types.go` and `server/routes.go` of github.com/ollama/ollama.
public enum OllamaChatFacts {
    /// Reads facts from a body that a scanner has accepted.
    ///
    /// - Parameters:
    ///   - body: The bytes of the body.
    ///   - scanner: The scanner after its `finish`.
    /// - Returns: The facts.
    /// - Throws: ``GatewayError`` with `invalid_value` and the field as `param`.
    /// - Complexity: O(bytes of `messages` and of the members that are checked).
    public static func read(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner
    ) throws(GatewayError) -> RequestFacts {
        let members = try unsafe BodyMembers(body, scanner, OllamaFacts.shared + ["messages", "tools"])
        var facts = RequestFacts()
        facts.bodyBytes = body.count
        facts.textBytes = scanner.textBytes
        try OllamaFacts.read(members, into: &facts)
        if let messages = members["messages"] {
            guard messages.kind == .array else { throw .invalid("messages", "must be an array") }
            for message in messages.elements {
                let place = "messages[\(facts.messageCount)]"
                guard message.kind == .object else { throw .invalid(place, "must be an object") }
                facts.messageCount += 1
                guard facts.messageCount <= OpenAIChatFacts.maxMessages else {
                    throw .invalid("messages", "must have at most \(OpenAIChatFacts.maxMessages) elements")
                }
                facts.imageParts += OllamaFacts.count(message.member("images"))
            }
        }
        if let tools = members["tools"] {
            guard tools.kind == .array else { throw .invalid("tools", "must be an array") }
            facts.toolCount = OllamaFacts.count(tools)
            guard facts.toolCount <= OpenAIChatFacts.maxTools else {
                throw .invalid("tools", "must have at most \(OpenAIChatFacts.maxTools) elements")
            }
            facts.toolBytes = tools.range.count
        }
        return facts
    }
}

/// Reads ``RequestFacts`` from the top-level members of a request to `/api/generate`.
public enum OllamaGenerateFacts {
    /// Reads facts from a body that a scanner has accepted.
    ///
    /// Parameters and errors are those of ``OllamaChatFacts``.
    public static func read(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner
    ) throws(GatewayError) -> RequestFacts {
        let members = try unsafe BodyMembers(
            body,
            scanner,
            OllamaFacts.shared + ["prompt", "system", "suffix", "images"]
        )
        var facts = RequestFacts()
        facts.bodyBytes = body.count
        try OllamaFacts.read(members, into: &facts)
        let prompt = try members.textBytes("prompt")
        facts.textBytes = prompt + (try members.textBytes("system")) + (try members.textBytes("suffix"))
        facts.messageCount = prompt > 0 ? 1 : 0
        if let images = members["images"] {
            guard images.kind == .array else { throw .invalid("images", "must be an array") }
            facts.imageParts = OllamaFacts.count(images)
        }
        return facts
    }
}

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

/// What the requests of Ollama's routes have in common.
enum OllamaFacts {
    static let shared: [StaticString] = [
        "model", "stream", "options", "route", "fallbacks", "provider", "smart_routing",
    ]

    static func read(_ members: BodyMembers, into facts: inout RequestFacts) throws(GatewayError) {
        try members.readModel(into: &facts)
        facts.stream = try members.bool("stream") ?? true
        facts.includeUsage = true
        try members.readGateway(into: &facts)
        guard let options = members["options"] else { return }
        guard options.kind == .object else { throw .invalid("options", "must be an object") }
        // Without a limit is -1 here.
        if let limit = options.member("num_predict")?.int64(), 1...BodyMembers.largest ~= limit {
            facts.maxTokens = Int(exactly: limit)
        }
    }

    static func count(_ list: JSONView?) -> Int {
        guard let list, list.kind == .array else { return 0 }
        return list.elements.reduce(0) { count, _ in count + 1 }
    }
}
