/// Says why bytes are not one acceptable JSON document, and where.
public struct JSONError: Error, Sendable, Hashable {
    /// Names what is wrong with a document.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A byte that the grammar does not allow here (also a byte order mark, `NaN`, a trailing comma).
        case invalid
        /// A byte below 0x20 inside a string; it must be written as an escape.
        case controlCharacter
        /// A backslash that starts no escape.
        case invalidEscape
        /// More nested objects and arrays than ``JSONLimits/maxDepth``.
        case tooDeep
        /// More object keys than ``JSONLimits/maxKeys``.
        case tooManyKeys
        /// A key that its object already has, compared after decoding escapes.
        case duplicateKey
        /// A string that is not strict UTF-8.
        case invalidUTF8
        /// An escaped half of a surrogate pair without the other half.
        case loneSurrogate
        /// Something after the one value of the document.
        case trailingData
        /// The document ended too early.
        case incomplete
        /// The document has 4 GiB or more.
        case tooLarge
    }

    /// What is wrong.
    public var kind: Kind
    /// The byte offset from the start of the document: the offending byte, or the start of the offending key (its
    /// quote), escape or UTF-8 sequence.
    public var offset: Int

    /// Creates an error.
    ///
    /// - Parameters:
    ///   - kind: What is wrong.
    ///   - offset: The byte offset from the start of the document.
    public init(kind: Kind, offset: Int) {
        self.kind = kind
        self.offset = offset
    }
}

extension JSONError: CustomStringConvertible {
    /// A sentence without any text of the document.
    public var description: String {
        let what =
            switch kind {
            case .invalid: "unexpected byte"
            case .controlCharacter: "unescaped control character in a string"
            case .invalidEscape: "invalid escape in a string"
            case .tooDeep: "too many nested objects or arrays"
            case .tooManyKeys: "too many object keys"
            case .duplicateKey: "duplicate key in an object"
            case .invalidUTF8: "invalid UTF-8"
            case .loneSurrogate: "lone surrogate escape"
            case .trailingData: "data after the end of the document"
            case .incomplete: "unexpected end of the document"
            case .tooLarge: "document too large"
            }
        return "invalid JSON: \(what) at byte \(offset)"
    }
}
