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
