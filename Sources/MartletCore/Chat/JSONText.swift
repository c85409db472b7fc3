/// The bytes of one JSON value, kept as they came.
///
/// Dialects check the bytes when they make one (RFC 8259), so that it can be written again without another look.
public struct JSONText: Hashable, Sendable {
    /// UTF-8 without surrounding white space.
    public var bytes: [UInt8]

    /// Wraps the bytes of a value that is known to be valid.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Wraps the text of a value that is known to be valid.
    public init(_ text: String) { bytes = Array(text.utf8) }
}

/// A member of a JSON object that no typed field stands for; kept so that it survives decoding and encoding.
public struct ExtraMember: Hashable, Sendable {
    /// The member's name, unescaped.
    public var name: String
    /// The member's value.
    public var value: JSONText

    /// Creates a member.
    public init(name: String, value: JSONText) {
        self.name = name
        self.value = value
    }

    /// Compares names and values byte by byte.
    public static func == (left: Self, right: Self) -> Bool {
        bytesEqual(left.name, right.name) && left.value == right.value
    }

    /// Hashes the bytes of name and value.
    public func hash(into hasher: inout Hasher) {
        hashBytes(name, into: &hasher)
        hasher.combine(value)
    }
}
