public import MartletCore
public import MartletWire

/// Reads ``RequestFacts`` from the top-level members of a request for completions: OpenAI's older `POST /completions`,
/// and Mistral's `POST /fim/completions`.
///
/// `messageCount` is the number of prompts. Ranges are those of OpenAI's API reference.
public enum OpenAICompletionsFacts {
    /// The largest number of prompts.
    public static let maxPrompts = 2_048

    static let members: [StaticString] =
        BodyMembers.shared + [
            "prompt", "suffix", "max_tokens", "n", "best_of", "seed", "random_seed", "logprobs", "temperature", "top_p",
            "presence_penalty", "frequency_penalty", "echo", "stop",
        ]

    /// Reads facts from a body that a scanner has accepted.
    ///
    /// - Parameters:
    ///   - body: The bytes of the body.
    ///   - scanner: The scanner after its `finish`.
    /// - Returns: The facts.
    /// - Throws: ``GatewayError`` with `missing_required_parameter` or `invalid_value`, and the field as `param`.
    /// - Complexity: O(bytes of `prompt` and of the members that are checked).
    public static func read(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner
    ) throws(GatewayError) -> RequestFacts {
        let members = try unsafe BodyMembers(body, scanner, members)
        var facts = RequestFacts()
        facts.bodyBytes = body.count
        facts.textBytes = scanner.textBytes + (try members.textBytes("suffix"))
        try members.readShared(into: &facts)
        facts.maxTokens = try members.integer("max_tokens", 0...BodyMembers.largest)
        facts.choiceCount = try members.integer("n") ?? 1
        _ = try members.integer("best_of", 0...BodyMembers.largest)
        _ = try members.integer("seed", .min ... .max)
        _ = try members.integer("random_seed", .min ... .max)
        // Servers with OpenAI's later shape take a boolean here.
        if members["logprobs"]?.bool() == nil { _ = try members.integer("logprobs", 0...20) }
        try members.float("temperature", 0...2)
        try members.float("top_p", 0...1)
        try members.float("presence_penalty", -2...2)
        try members.float("frequency_penalty", -2...2)
        _ = try members.bool("echo")
        try members.stop()
        guard let prompt = members["prompt"] else {
            throw GatewayError(.missingRequiredParameter, "Missing required parameter: 'prompt'.", param: "prompt")
        }
        try read(prompt, into: &facts)
        return facts
    }

    private static func read(_ prompt: JSONView, into facts: inout RequestFacts) throws(GatewayError) {
        let rule = "must be a string, an array of strings, or an array of token ids"
        facts.messageCount = 1
        if prompt.kind == .string { return }
        guard prompt.kind == .array else { throw .invalid("prompt", rule) }
        var count = 0
        var kind: JSONKind?
        for element in prompt.elements {
            guard kind == nil || kind == element.kind else { throw .invalid("prompt[\(count)]", rule) }
            kind = element.kind
            count += 1
            switch element.kind {
            case .string: break
            // A token weighs as many bytes as the estimate takes for one.
            case .number where element.int64() != nil: facts.textBytes += 4
            case .array: facts.textBytes += 4 * OllamaFacts.count(element)
            default: throw .invalid("prompt[\(count - 1)]", rule)
            }
        }
        guard let kind else { throw .invalid("prompt", "must not be an empty array") }
        guard kind != .number else { return }
        guard count <= maxPrompts else { throw .invalid("prompt", "must have at most \(maxPrompts) elements") }
        facts.messageCount = count
    }
}
