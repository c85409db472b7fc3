extension JSONView {
    /// One member of an object.
    public struct Member {
        /// The key: a value of kind ``JSONKind/string``, whose range includes the quotes.
        public let key: JSONView
        /// The value.
        public let value: JSONView

        /// The bytes of the whole member, from the key's opening quote to the end of the value.
        public var range: Range<Int> { key.range.lowerBound..<value.range.upperBound }
    }

    /// The members of an object in order; empty for every other kind.
    public struct Members: Sequence, IteratorProtocol {
        private let bytes: JSONBytes
        private let limit: Int
        private var index: Int

        init(_ view: JSONView) {
            bytes = view.bytes
            // The closing brace is left out, so that reaching the limit is the end.
            limit = Swift.max(view.range.lowerBound, view.range.upperBound - 1)
            index = view.kind == .object ? Swift.min(view.range.lowerBound + 1, limit) : limit
        }

        /// The next member.
        public mutating func next() -> Member? {
            let start = bytes.spaceEnd(from: index, limit: limit)
            guard start < limit, bytes.byte(start) == ASCII.quote else { return nil }
            let keyEnd = bytes.stringEnd(from: start + 1, limit: limit).end + 1
            guard keyEnd < limit else { return nil }
            let colon = bytes.spaceEnd(from: keyEnd, limit: limit)
            guard colon < limit, bytes.byte(colon) == ASCII.colon else { return nil }
            let value = bytes.spaceEnd(from: colon + 1, limit: limit)
            guard value < limit else { return nil }
            let end = bytes.valueEnd(from: value, limit: limit)
            index = bytes.spaceEnd(from: end, limit: limit)
            if index < limit, bytes.byte(index) == ASCII.comma { index += 1 }
            return Member(
                key: JSONView(bytes: bytes, range: start..<keyEnd, kind: .string),
                value: JSONView(bytes: bytes, range: value..<end, kind: JSONKind(firstByte: bytes.byte(value)))
            )
        }
    }

    /// The elements of an array in order; empty for every other kind.
    public struct Elements: Sequence, IteratorProtocol {
        private let bytes: JSONBytes
        private let limit: Int
        private var index: Int

        init(_ view: JSONView) {
            bytes = view.bytes
            limit = Swift.max(view.range.lowerBound, view.range.upperBound - 1)
            index = view.kind == .array ? Swift.min(view.range.lowerBound + 1, limit) : limit
        }

        /// The next element.
        public mutating func next() -> JSONView? {
            let start = bytes.spaceEnd(from: index, limit: limit)
            guard start < limit else { return nil }
            let end = bytes.valueEnd(from: start, limit: limit)
            guard end > start else { return nil }
            index = bytes.spaceEnd(from: end, limit: limit)
            if index < limit, bytes.byte(index) == ASCII.comma { index += 1 }
            return JSONView(bytes: bytes, range: start..<end, kind: JSONKind(firstByte: bytes.byte(start)))
        }
    }

    /// The members of an object in order; empty for every other kind.
    public var members: Members { Members(self) }

    /// The elements of an array in order; empty for every other kind.
    public var elements: Elements { Elements(self) }

    /// Finds a member of an object by its name, compared byte by byte after decoding escapes.
    ///
    /// - Parameter name: The name, in UTF-8.
    /// - Returns: Its value; `nil` when there is none, or when this is no object.
    public func member(_ name: StaticString) -> JSONView? {
        for member in members where member.key.equalsString(name) { return member.value }
        return nil
    }

    /// Finds a member of an object by its name, compared byte by byte after decoding escapes.
    ///
    /// - Parameter name: The name, in UTF-8.
    /// - Returns: Its value; `nil` when there is none, or when this is no object.
    public func member(_ name: [UInt8]) -> JSONView? { member(name.span) }

    /// Finds a member of an object by its name, compared byte by byte after decoding escapes.
    ///
    /// - Parameter name: The name, in UTF-8.
    /// - Returns: Its value; `nil` when there is none, or when this is no object.
    public func member(_ name: borrowing Span<UInt8>) -> JSONView? {
        for member in members where member.key.equalsString(name) { return member.value }
        return nil
    }
}
