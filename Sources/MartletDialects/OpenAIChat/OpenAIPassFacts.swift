public import MartletCore
public import MartletWire

/// Reads ``RequestFacts`` from JSON that goes to an OpenAI-compatible server as it is: the model, and what speaks to the
/// gateway.
public enum OpenAIPassFacts {
    /// Reads facts from a body that a scanner has accepted.
    ///
    /// - Throws: ``GatewayError`` when the body is no object, or one of these members is none that can be.
    public static func read(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner
    ) throws(GatewayError) -> RequestFacts {
        guard scanner.rootKind == .object, let cursor = unsafe JSONCursor(body) else {
            throw GatewayError(.invalidValue, "The request body must be a JSON object.")
        }
        var reader = Reader(cursor: cursor)
        reader.facts.bodyBytes = cursor.count
        for member in scanner.members { try reader.read(member) }
        return reader.facts
    }

    /// Reads a model's name out of a form; `nil` for an empty value.
    ///
    /// - Throws: ``GatewayError`` for what can be no name, by the rule of JSON bodies.
    public static func modelName(_ value: [UInt8]) throws(GatewayError) -> ModelName? {
        if value.isEmpty { return nil }
        guard value.count <= 256 else { throw .invalid("model", "must have 1 to 256 bytes") }
        guard value.allSatisfy(isModelByte) else { throw .invalid("model", modelRule) }
        return ModelName(String(decoding: value, as: UTF8.self))
    }

    private struct Reader: MemberReader {
        var facts = RequestFacts()
        var cursor: JSONCursor

        mutating func read(_ member: JSONMember) throws(GatewayError) {
            let key = JSONCursor.Text(member)
            cursor.index = member.value.lowerBound
            if cursor.key(key, is: "model") {
                facts.modelValue = member.value
                facts.model = try modelName(member.kind, param: "model")
            } else if cursor.key(key, is: "route") {
                try readRoute(member)
            } else if cursor.key(key, is: "provider") {
                try readProvider(member)
            } else if cursor.key(key, is: "fallbacks") {
                try readFallbacks(member)
            } else if cursor.key(key, is: "tensorzero::credentials") {
                facts.gatewayMembers.insert(.credentials)
            }
        }
    }
}
