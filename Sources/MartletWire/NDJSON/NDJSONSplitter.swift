/// A line of an NDJSON stream went over the splitter's limit.
public enum NDJSONError: Error, Sendable, Equatable {
    /// A line is longer than the limit; the payload is the limit in bytes.
    case lineTooLong(limit: Int)
}

/// Tells where one line lies, without its ending, seen from the read that completed it.
public struct NDJSONLine: Sendable, Equatable {
    /// The offset of the line's first byte in the read; negative when the line began in an earlier read.
    public var startInRead: Int
    /// The length of the line in bytes.
    public var count: Int
    /// The offset in the read just after the line's ending.
    ///
    /// When the ending is a CR that is the last byte of the read, an LF at the start of the next read belongs to it.
    public var endInRead: Int

    /// Tells whether the line began in an earlier read, so that its bytes are in the splitter's own buffer.
    @inlinable public var isCarried: Bool { startInRead < 0 }
}

/// Cuts a stream of newline-delimited JSON into lines without copying what lies inside one read.
///
/// Lines end with LF, CRLF or CR in any mixture; blank lines are passed over. The result does not depend on how the stream is
/// cut into reads. After an error the splitter repeats that error.
public struct NDJSONSplitter: Sendable {
    /// The longest line in bytes, without its ending.
    public let maxLine: Int

    @usableFromInline var carry: [UInt8] = []
    private var carryIsDone = false
    private var afterCR = false
    private var failure: NDJSONError?

    /// Buffers up to this size are kept for the next line.
    private static let keptCapacity = 16 * 1024

    /// Makes a splitter for one stream.
    ///
    /// - Parameter maxLine: The longest line in bytes; 1 MiB.
    public init(maxLine: Int = 1 << 20) {
        self.maxLine = max(maxLine, 0)
    }

    /// The number of bytes of the line that has begun and not ended.
    public var pendingBytes: Int { carryIsDone ? 0 : carry.count }

    /// Finds the next line that ends in this read and is not blank.
    ///
    /// Call it with the same read until it answers `nil`; by then what is unfinished has been saved.
    ///
    /// - Parameters:
    ///   - read: The bytes of one read.
    ///   - position: 0 at first; moved behind the line that was found.
    /// - Returns: Where the line lies, or `nil` when no further line ends in this read.
    /// - Throws: ``NDJSONError`` when a line is over the limit.
    /// - Complexity: O(bytes passed); allocates only for a line that spans reads.
    public mutating func next(
        in read: UnsafeRawBufferPointer,
        at position: inout Int,
    ) throws(NDJSONError) -> NDJSONLine? {
        if let failure { throw failure }
        if carryIsDone { dropCarry() }
        guard let base = read.baseAddress, position >= 0, position < read.count else { return nil }
        let end = read.count
        if afterCR {
            afterCR = false
            if unsafe base.load(fromByteOffset: position, as: UInt8.self) == 0x0A { position += 1 }
        }
        while position < end {
            let start = position - carry.count
            let lineEnd = unsafe ByteSearch.lineBreak(base, from: position, to: end)
            if lineEnd - start > maxLine {
                failure = .lineTooLong(limit: maxLine)
                carry = []
                throw .lineTooLong(limit: maxLine)
            }
            guard lineEnd < end else {
                unsafe carry.append(contentsOf: UnsafeRawBufferPointer(rebasing: read[position..<end]))
                position = end
                return nil
            }
            var next = lineEnd + 1
            if unsafe base.load(fromByteOffset: lineEnd, as: UInt8.self) == 0x0D {
                if next == end {
                    afterCR = true
                } else if unsafe base.load(fromByteOffset: next, as: UInt8.self) == 0x0A {
                    next += 1
                }
            }
            if start < 0 {
                unsafe carry.append(contentsOf: UnsafeRawBufferPointer(rebasing: read[position..<lineEnd]))
                carryIsDone = true
            }
            position = next
            if lineEnd > start {
                return NDJSONLine(startInRead: start, count: lineEnd - start, endInRead: next)
            }
        }
        return nil
    }

    /// Ends the stream and tells whether a last line without an ending is left.
    ///
    /// - Returns: That line, which began in an earlier read and is lent by ``withBytes(of:in:_:)``; `nil` when there is none.
    public mutating func finish() -> NDJSONLine? {
        guard failure == nil, !carryIsDone, !carry.isEmpty else { return nil }
        carryIsDone = true
        return NDJSONLine(startInRead: -carry.count, count: carry.count, endInRead: 0)
    }

    /// Lends the bytes of the line that was found last.
    ///
    /// - Parameters:
    ///   - line: The line found last; an earlier one is no longer in the buffer when it began in an earlier read.
    ///   - read: The read it was found in.
    ///   - body: Works on the bytes, which are good only inside the closure.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    @inlinable
    public func withBytes<Result, Failure: Error>(
        of line: NDJSONLine,
        in read: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result,
    ) throws(Failure) -> Result {
        if line.isCarried {
            return try unsafe carry.withUnsafeBufferPointer { bytes throws(Failure) in
                try unsafe body(UnsafeRawBufferPointer(bytes))
            }
        }
        let start = min(line.startInRead, read.count)
        let end = start + min(max(line.count, 0), read.count - start)
        return try unsafe body(UnsafeRawBufferPointer(rebasing: read[start..<end]))
    }

    private mutating func dropCarry() {
        carryIsDone = false
        carry.removeAll(keepingCapacity: carry.capacity <= Self.keptCapacity)
    }
}
