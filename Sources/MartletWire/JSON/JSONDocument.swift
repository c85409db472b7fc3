/// Owns the bytes of one document that was checked.
public struct JSONDocument: Sendable {
    /// The whole document as it came.
    public let bytes: [UInt8]
    /// The bytes of the document's one value.
    public let rootRange: Range<Int>
    /// The type of the document's one value.
    public let rootKind: JSONKind

    /// Checks a document.
    ///
    /// - Parameters:
    ///   - bytes: The whole document.
    ///   - limits: The limits that it must keep.
    /// - Throws: ``JSONError`` for the first violation.
    public init(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        var scanner = JSONScanner(limits: limits)
        try scanner.finish(bytes.span)
        guard let range = scanner.rootRange, let kind = scanner.rootKind else {
            throw JSONError(kind: .incomplete, offset: bytes.count)
        }
        self.bytes = bytes
        self.rootRange = range
        self.rootKind = kind
    }

    /// Gives access to the document's one value.
    ///
    /// - Parameter body: Receives a view, which must not leave the closure.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws.
    public func withView<Result, Failure: Error>(
        _ body: (JSONView) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe bytes.span.withUnsafeBytes { (buffer) throws(Failure) in
            guard let base = unsafe JSONBytes(buffer) else {
                // A checked document has at least one byte.
                preconditionFailure("a checked document is empty")
            }
            return try body(JSONView(bytes: base, range: rootRange, kind: rootKind))
        }
    }
}

/// Short forms for work on whole documents.
public enum JSON {
    /// Checks a document and gives access to its one value.
    ///
    /// For a body that throws its own errors, use ``JSONDocument``.
    ///
    /// - Parameters:
    ///   - bytes: The whole document.
    ///   - limits: The limits that it must keep.
    ///   - body: Receives a view, which must not leave the closure.
    /// - Returns: What the body returns.
    /// - Throws: ``JSONError`` for the first violation, or what the body throws.
    public static func withView<Result>(
        of bytes: [UInt8],
        limits: JSONLimits = JSONLimits(),
        _ body: (JSONView) throws(JSONError) -> Result
    ) throws(JSONError) -> Result {
        try JSONDocument(bytes, limits: limits).withView(body)
    }
}
