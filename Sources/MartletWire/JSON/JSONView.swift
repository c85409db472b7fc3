/// Looks at one value of a document that a ``JSONScanner`` accepted.
///
/// Nothing is decoded or copied before it is asked for, and no tree is built: a view is a pointer, a range and a kind.
/// Looking up a member costs a walk over the object, at several gigabytes per second.
///
/// A view borrows the bytes of the document. It must not outlive the closure that it was given to, or the buffer of the
/// unsafe initializer. Within them, no method traps, whatever the bytes are.
@safe
public struct JSONView {
    let bytes: JSONBytes
    /// The bytes of the value as offsets into the document, without surrounding white space.
    public let range: Range<Int>
    /// The type of the value.
    public let kind: JSONKind

    init(bytes: JSONBytes, range: Range<Int>, kind: JSONKind) {
        self.bytes = bytes
        self.range = range
        self.kind = kind
    }

    /// Borrows a value of a validated document.
    ///
    /// - Parameters:
    ///   - buffer: The whole document, which a scanner accepted; it must outlive the view.
    ///   - range: The bytes of the value, without surrounding white space; `nil` is the document's one value.
    /// - Returns: `nil` when the range is empty or outside the buffer.
    @unsafe
    public init?(validated buffer: UnsafeRawBufferPointer, range: Range<Int>? = nil) {
        guard let bytes = unsafe JSONBytes(buffer) else { return nil }
        if let range {
            // The scanner found where it ends: that is not looked for again.
            guard !range.isEmpty, range.lowerBound >= 0, range.upperBound <= bytes.count else { return nil }
            self.init(bytes: bytes, range: range, kind: JSONKind(firstByte: bytes.byte(range.lowerBound)))
            return
        }
        let start = bytes.spaceEnd(from: 0, limit: bytes.count)
        guard start < bytes.count else { return nil }
        let end = bytes.valueEnd(from: start, limit: bytes.count)
        self.init(bytes: bytes, range: start..<end, kind: JSONKind(firstByte: bytes.byte(start)))
    }

    /// The value of a `true` or `false`; `nil` for everything else.
    public func bool() -> Bool? {
        switch kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    /// Tells whether the value is `null`.
    public var isNull: Bool { kind == .null }

    /// A copy of the value's bytes as they are in the document.
    public var rawBytes: [UInt8] { unsafe [UInt8](bytes.slice(range)) }

    /// Appends the value's bytes as they are in the document.
    ///
    /// - Parameter output: Where to append.
    public func appendRaw(to output: inout [UInt8]) { unsafe output.append(contentsOf: bytes.slice(range)) }

    /// Gives access to the value's bytes as they are in the document.
    ///
    /// - Parameter body: Receives the bytes, which are valid during the call only.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws.
    public func withRawBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let slice = unsafe bytes.slice(range).assumingMemoryBound(to: UInt8.self)
        return try unsafe body(Span(_unsafeElements: slice))
    }
}
