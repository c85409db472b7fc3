/// Says why a document is no schema that can be used.
public struct JSONSchemaError: Error, Sendable, Hashable {
    /// Where, as a JSON pointer into the schema (RFC 6901); empty for the whole.
    public var pointer: String
    /// What should be there, like `a list of texts`.
    public var expected: String

    /// Creates an error.
    ///
    /// - Parameters:
    ///   - pointer: Where.
    ///   - expected: What should be there.
    public init(pointer: String, expected: String) {
        self.pointer = pointer
        self.expected = expected
    }
}

extension JSONSchemaError: CustomStringConvertible {
    /// A sentence without any value of the schema.
    public var description: String {
        pointer.isEmpty ? "the schema must be \(expected)" : "\(pointer) of the schema must be \(expected)"
    }
}
