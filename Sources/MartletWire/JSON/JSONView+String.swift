extension JSONView {
    /// The bytes between the quotes of a string.
    private var content: Range<Int>? {
        kind == .string && range.count >= 2 ? range.lowerBound + 1..<range.upperBound - 1 : nil
    }

    /// Tells whether a string holds escapes.
    public var hasEscapes: Bool {
        guard let content else { return false }
        return bytes.nextBackslash(content.lowerBound, content.upperBound) < content.upperBound
    }

    /// The text of a string, decoded; `nil` for every other kind.
    public func string() -> String? {
        guard kind == .string else { return nil }
        return withStringBytes { span in
            unsafe span.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        }
    }

    /// Gives access to the text of a string as UTF-8, decoded; nothing is copied unless there are escapes.
    ///
    /// - Parameter body: Receives the text, valid during the call only.
    /// - Returns: What the body returns; `nil` when this is no string.
    /// - Throws: What the body throws.
    public func withStringBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard let content else { return nil }
        if hasEscapes {
            var decoded: [UInt8] = []
            decoded.reserveCapacity(content.count)
            bytes.appendDecoded(content, to: &decoded)
            return try body(decoded.span)
        }
        let slice = unsafe bytes.slice(content).assumingMemoryBound(to: UInt8.self)
        return try unsafe body(Span(_unsafeElements: slice))
    }

    /// Appends the text of a string as UTF-8, decoded.
    ///
    /// - Parameter output: Where to append.
    /// - Returns: `false` when this is no string; then nothing is appended.
    @discardableResult
    public func appendDecodedString(to output: inout [UInt8]) -> Bool {
        guard let content else { return false }
        bytes.appendDecoded(content, to: &output)
        return true
    }

    /// Compares the decoded text of a string byte by byte; `false` for every other kind.
    ///
    /// - Parameter other: The text to compare with, in UTF-8.
    public func equalsString(_ other: StaticString) -> Bool {
        other.withUTF8Buffer { unsafe equalsString(UnsafeRawBufferPointer($0)) }
    }

    /// Compares the decoded text of a string byte by byte; `false` for every other kind.
    ///
    /// - Parameter other: The text to compare with, in UTF-8.
    public func equalsString(_ other: [UInt8]) -> Bool { equalsString(other.span) }

    /// Compares the decoded text of a string byte by byte; `false` for every other kind.
    ///
    /// - Parameter other: The text to compare with, in UTF-8.
    public func equalsString(_ other: borrowing Span<UInt8>) -> Bool {
        unsafe other.withUnsafeBytes { unsafe equalsString($0) }
    }

    @inline(__always)
    private func equalsString(_ other: UnsafeRawBufferPointer) -> Bool {
        // Escapes only ever lengthen a string, so most keys are told apart by their length alone.
        guard let content, content.count >= other.count else { return false }
        guard let text = unsafe JSONBytes(other), other.count > 0 else { return content.isEmpty }
        if content.count == other.count {
            // Equal bytes of equal length: without a backslash they are the text; with one, the text is shorter.
            return bytes.equal(content.lowerBound, text, 0, other.count)
                && bytes.nextBackslash(content.lowerBound, content.upperBound) == content.upperBound
        }
        return hasEscapes && bytes.decodedEquals(content, true, text, 0..<other.count)
    }
}
