/// Cuts an event stream into events without copying what lies inside one read.
///
/// Follows the WHATWG grammar: lines end with LF, CRLF or CR in any mixture, an empty line ends an event, one byte order mark
/// may stand at the very start. Comments and events without data are events here too, so every byte of the stream belongs
/// to exactly one event, but for the byte order mark and an LF that arrives one read later than its CR.
///
/// A relay can pass the bytes of a read on as they came: ``next(in:at:)`` tells for each event where it ends in the read. Only
/// what is unfinished at the end of a read is copied, into one bounded buffer, and the event is then taken from there:
///
/// ```swift
/// var position = 0
/// while let event = try unsafe splitter.next(in: read, at: &position) {
///     let parsed = unsafe splitter.withBytes(of: event, in: read) { bytes in unsafe SSEEvent(parsing: bytes) }
/// }
/// ```
///
/// The result does not depend on how the stream is cut into reads. After an error the splitter repeats that error.
///
/// - SeeAlso: WHATWG HTML, "Server-sent events", sections "Parsing an event stream" and "Interpreting an event stream".
public struct SSESplitter: Sendable {
    /// The longest line in bytes, without its ending.
    public let maxLine: Int
    /// The longest event in bytes.
    public let maxEvent: Int

    /// The bytes of the event that began in an earlier read.
    @usableFromInline var carry: [UInt8] = []
    /// Bytes at the front of `carry` that do not belong to the event (a byte order mark).
    @usableFromInline var carrySkip = 0
    /// `carry` holds an event that was handed out and is to be dropped by the next call.
    private var carryIsDone = false
    /// The length so far of the unfinished line.
    private var lineLength = 0
    /// The last byte seen was a CR that ended a line, so an LF next belongs to it.
    private var afterCR = false
    /// No event has ended yet, so the first line may begin with a byte order mark.
    private var isFirstEvent = true
    private var failure: SSEError?

    /// Buffers up to this size are kept for the next event.
    private static let keptCapacity = 16 * 1024

    /// Makes a splitter for one stream.
    ///
    /// - Parameters:
    ///   - maxLine: The longest line in bytes; 1 MiB.
    ///   - maxEvent: The longest event in bytes; 4 MiB.
    public init(maxLine: Int = 1 << 20, maxEvent: Int = 4 << 20) {
        self.maxLine = max(maxLine, 0)
        self.maxEvent = max(maxEvent, 0)
    }

    /// The number of bytes of the event that has begun and not ended.
    ///
    /// It is 0 exactly when the stream stands between two events, where a keep-alive comment may be put.
    public var pendingBytes: Int { carryIsDone ? 0 : carry.count }

    /// Finds the next event that ends in this read.
    ///
    /// Call it with the same read until it answers `nil`; by then what is unfinished has been saved and the next read may be
    /// given with a `position` of 0.
    ///
    /// - Parameters:
    ///   - read: The bytes of one read.
    ///   - position: 0 at first; moved behind the event that was found.
    /// - Returns: Where the event lies, or `nil` when no further event ends in this read.
    /// - Throws: ``SSEError`` when a line or an event is over its limit.
    /// - Complexity: O(bytes passed); allocates only for an event that spans reads.
    public mutating func next(
        in read: UnsafeRawBufferPointer,
        at position: inout Int,
    ) throws(SSEError) -> SSESplit? {
        if let failure { throw failure }
        if carryIsDone { dropCarry() }
        guard let base = read.baseAddress, position >= 0, position < read.count else { return nil }
        let end = read.count
        var eventStart = position - carry.count
        var lineStart = position - lineLength
        if afterCR {
            afterCR = false
            if unsafe base.load(fromByteOffset: position, as: UInt8.self) == 0x0A {
                lineStart = position + 1
                if carry.isEmpty { eventStart = lineStart }
            }
        }
        while true {
            var lineEnd = max(lineStart, position)
            // The blank line comes right after a line nearly always, and then there is nothing to search.
            if unsafe lineEnd >= end || base.load(fromByteOffset: lineEnd, as: UInt8.self) != 0x0A {
                lineEnd = unsafe ByteSearch.lineBreak(base, from: lineEnd, to: end)
            }
            guard lineEnd < end else { break }
            if lineEnd - lineStart > maxLine || lineEnd + 1 - eventStart > maxEvent {
                throw fail(eventStart: eventStart, lineStart: lineStart, lineEnd: lineEnd)
            }
            var next = lineEnd + 1
            if unsafe base.load(fromByteOffset: lineEnd, as: UInt8.self) == 0x0D {
                if next == end {
                    afterCR = true
                } else if unsafe base.load(fromByteOffset: next, as: UInt8.self) == 0x0A {
                    next += 1
                }
            }
            if unsafe lineEnd == lineStart || isFirstEvent && isMark(read, eventStart, lineStart, lineEnd) {
                return unsafe emit(read, eventStart: eventStart, end: next, &position)
            }
            lineStart = next
        }
        if end - lineStart > maxLine || end - eventStart > maxEvent {
            throw fail(eventStart: eventStart, lineStart: lineStart, lineEnd: end)
        }
        lineLength = end - lineStart
        let unsaved = max(eventStart, position)
        if unsaved < end { unsafe carry.append(contentsOf: UnsafeRawBufferPointer(rebasing: read[unsaved..<end])) }
        position = end
        return nil
    }

    /// Lends the bytes of an event that ``next(in:at:)`` has just found.
    ///
    /// - Parameters:
    ///   - event: The event found last; an earlier one is no longer in the buffer when it began in an earlier read.
    ///   - read: The read it was found in.
    ///   - body: Works on the bytes, which include the blank line and are good only inside the closure.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    @inlinable
    public func withBytes<Result, Failure: Error>(
        of event: SSESplit,
        in read: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result,
    ) throws(Failure) -> Result {
        if event.isCarried {
            return try unsafe withCarry(body)
        }
        let range = min(event.startInRead, read.count)..<min(max(event.startInRead, event.endInRead), read.count)
        return try unsafe body(UnsafeRawBufferPointer(rebasing: read[range]))
    }

    /// Lends the bytes of the event that has begun and not ended.
    ///
    /// The grammar drops such bytes at the end of a stream. Some servers leave out the last blank line, and a caller may look
    /// here for it.
    ///
    /// - Parameter body: Works on the bytes, which are good only inside the closure.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    public func withPending<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if carryIsDone { return try unsafe body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        return try unsafe withCarry(body)
    }

    /// Cuts one read and calls a closure for each event that ends in it.
    ///
    /// - Parameters:
    ///   - read: The bytes of one read.
    ///   - onEvent: Receives each event; its pointer is good only inside the closure.
    /// - Throws: ``SSEError`` when a line or an event is over its limit, or what the closure throws.
    public mutating func feed(
        _ read: UnsafeRawBufferPointer,
        _ onEvent: (SSEEventBytes) throws(SSEError) -> Void,
    ) throws(SSEError) {
        var position = 0
        while let event = try unsafe next(in: read, at: &position) {
            try unsafe withBytes(of: event, in: read) { bytes throws(SSEError) in
                try unsafe onEvent(
                    SSEEventBytes(bytes: bytes, startInRead: event.startInRead, endInRead: event.endInRead)
                )
            }
        }
    }
}

extension SSESplitter {
    private mutating func emit(
        _ read: UnsafeRawBufferPointer,
        eventStart: Int,
        end: Int,
        _ position: inout Int,
    ) -> SSESplit {
        var start = eventStart
        if isFirstEvent {
            isFirstEvent = false
            if unsafe end - start >= 3 && hasMark(read, start) { start += 3 }
        }
        if start < 0 {
            unsafe carry.append(contentsOf: UnsafeRawBufferPointer(rebasing: read[max(position, 0)..<end]))
            carrySkip = start - eventStart
            carryIsDone = true
        } else if !carry.isEmpty {
            dropCarry()
        }
        lineLength = 0
        position = end
        return SSESplit(startInRead: start, endInRead: end)
    }

    private mutating func dropCarry() {
        carryIsDone = false
        carrySkip = 0
        carry.removeAll(keepingCapacity: carry.capacity <= Self.keptCapacity)
    }

    /// Tells whether the first line of the stream is nothing but a byte order mark.
    private func isMark(_ read: UnsafeRawBufferPointer, _ eventStart: Int, _ lineStart: Int, _ lineEnd: Int) -> Bool {
        unsafe lineStart == eventStart && lineEnd - lineStart == 3 && hasMark(read, lineStart)
    }

    /// Tells whether the three bytes at an offset, which may lie before the read, are U+FEFF in UTF-8.
    private func hasMark(_ read: UnsafeRawBufferPointer, _ offset: Int) -> Bool {
        unsafe byte(read, offset) == 0xEF && byte(read, offset + 1) == 0xBB && byte(read, offset + 2) == 0xBF
    }

    private func byte(_ read: UnsafeRawBufferPointer, _ offset: Int) -> UInt8 {
        unsafe offset < 0 ? carry[carry.count + offset] : read[offset]
    }

    @inlinable
    func withCarry<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe carry.withUnsafeBufferPointer { bytes throws(Failure) in
            try unsafe body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[carrySkip...]))
        }
    }

    /// Chooses the limit that was passed first in the stream, so that the error does not depend on the cuts.
    private mutating func fail(eventStart: Int, lineStart: Int, lineEnd: Int) -> SSEError {
        let lineFirst = lineEnd - lineStart > maxLine && lineStart + maxLine <= eventStart + maxEvent
        let error: SSEError = lineFirst ? .lineTooLong(limit: maxLine) : .eventTooLong(limit: maxEvent)
        failure = error
        carry = []
        lineLength = 0
        return error
    }
}
