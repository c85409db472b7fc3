public import MartletCore
public import MartletWire

/// Reads ``RequestFacts`` from the top-level members of a request to `POST /chat`.
public enum SimpleChatFacts {
    static let members: [StaticString] = BodyMembers.shared + ["message", "system", "max_tokens", "temperature"]

    /// Reads facts from a body that a scanner has accepted.
    ///
    /// - Parameters:
    ///   - body: The bytes of the body.
    ///   - scanner: The scanner after its `finish`.
    /// - Returns: The facts.
    /// - Throws: ``GatewayError`` with `missing_required_parameter` or `invalid_value`, and the field as `param`.
    public static func read(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner
    ) throws(GatewayError) -> RequestFacts {
        let members = try unsafe BodyMembers(body, scanner, members)
        var facts = RequestFacts()
        facts.bodyBytes = body.count
        try members.readShared(into: &facts)
        facts.maxTokens = try members.integer("max_tokens")
        try members.float("temperature", 0...2)
        guard members["message"] != nil else { throw missingMessage }
        let message = try members.textBytes("message")
        guard message > 0 else { throw .invalid("message", "must not be an empty string") }
        facts.textBytes = message + (try members.textBytes("system"))
        facts.messageCount = 1
        facts.includeUsage = true
        return facts
    }

    /// The error of a request without a message.
    static var missingMessage: GatewayError {
        GatewayError(.missingRequiredParameter, "Missing required parameter: 'message'.", param: "message")
    }
}
