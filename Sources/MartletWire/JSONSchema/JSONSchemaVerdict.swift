/// What a check against a schema found.
public enum JSONSchemaVerdict: Sendable, Hashable {
    /// The document follows the schema.
    case valid
    /// It does not; the list is never empty, and not always complete.
    case invalid([JSONSchemaViolation])
    /// The check was given up, for the reason in the text.
    case undecided(String)
}

/// One way in which a document does not follow a schema.
public struct JSONSchemaViolation: Sendable, Hashable {
    /// Where in the document, as a JSON pointer (RFC 6901) of at most some hundred bytes; empty for the whole.
    public var pointer: String
    /// What should be there, like `a text` or `at most 3 items`; never what is there.
    public var expected: String

    /// Creates a violation.
    ///
    /// - Parameters:
    ///   - pointer: Where in the document.
    ///   - expected: What should be there.
    public init(pointer: String, expected: String) {
        self.pointer = pointer
        self.expected = expected
    }
}

extension JSONSchemaViolation: CustomStringConvertible {
    /// A line without any value of the document.
    public var description: String { "\(pointer.isEmpty ? "the whole" : pointer): expected \(expected)" }
}
