/// Tells where an object and its members are, as far as ``JSONSplice`` needs it.
public struct JSONObjectLayout: Sendable, Hashable {
    /// The bytes of the object, with its braces.
    public var range: Range<Int>
    /// The bytes of each member, in order, from the key's opening quote to the end of the value.
    public var members: [Range<Int>]

    /// Creates a layout.
    ///
    /// - Parameters:
    ///   - range: The bytes of the object, with its braces.
    ///   - members: The bytes of each member, in order.
    public init(range: Range<Int>, members: [Range<Int>]) {
        self.range = range
        self.members = members
    }
}

extension JSONView {
    /// Where this object's members are; `nil` when this is no object.
    public var objectLayout: JSONObjectLayout? {
        kind == .object ? JSONObjectLayout(range: range, members: members.map(\.range)) : nil
    }
}

extension JSONScanner {
    /// Where the members of the top-level object are; `nil` before the end and when the document is no object.
    public var rootLayout: JSONObjectLayout? {
        guard rootKind == .object, let range = rootRange else { return nil }
        return JSONObjectLayout(
            range: range,
            members: members.map { $0.key.lowerBound - 1..<$0.value.upperBound }
        )
    }

    /// Finds a member of the top-level object by its name, compared byte by byte after decoding escapes.
    ///
    /// - Parameters:
    ///   - name: The name, in UTF-8.
    ///   - bytes: The document that was scanned.
    /// - Returns: The position in ``members``; `nil` when there is none.
    public func memberIndex(_ name: StaticString, in bytes: borrowing Span<UInt8>) -> Int? {
        unsafe bytes.withUnsafeBytes { buffer in
            guard let base = unsafe JSONBytes(buffer) else { return nil }
            return members.firstIndex { member in
                guard member.key.upperBound < base.count else { return false }
                let key = member.key.lowerBound - 1..<member.key.upperBound + 1
                return JSONView(bytes: base, range: key, kind: .string).equalsString(name)
            }
        }
    }
}
