/// Names the type of a JSON value.
///
/// - SeeAlso: RFC 8259 §3.
public enum JSONKind: UInt8, Sendable, Hashable {
    /// `{ … }`
    case object
    /// `[ … ]`
    case array
    /// `"…"`
    case string
    /// A number, integer or not.
    case number
    /// `true`
    case `true`
    /// `false`
    case `false`
    /// `null`
    case null

    /// Tells the kind of a value of valid JSON from its first byte.
    ///
    /// - Parameter first: The first byte of the value.
    @inlinable
    public init(firstByte first: UInt8) {
        switch first {
        case UInt8(ascii: "{"): self = .object
        case UInt8(ascii: "["): self = .array
        case UInt8(ascii: "\""): self = .string
        case UInt8(ascii: "t"): self = .true
        case UInt8(ascii: "f"): self = .false
        case UInt8(ascii: "n"): self = .null
        default: self = .number
        }
    }
}
