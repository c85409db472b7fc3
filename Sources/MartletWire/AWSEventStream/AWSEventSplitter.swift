/// Tells where one frame lies, seen from the read that completed it.
public struct AWSEventFrame: Sendable, Equatable {
    /// The offset of the frame's first byte in the read; negative when the frame began in an earlier read.
    public var startInRead: Int
    /// The length of the frame in bytes.
    public var count: Int
    /// The offset in the read just after the frame.
    public var endInRead: Int
}

/// Cuts a stream of `application/vnd.amazon.eventstream` into frames and checks each.
///
/// The lengths are checked as soon as they are there, so that nothing is gathered for a frame that cannot be one. Frames
/// that lie in one read are not copied. The result does not depend on how the stream is cut into reads. After an error
/// the splitter repeats that error.
///
/// - SeeAlso: AWS SDKs and tools reference, "Event stream encoding" (read November 2026).
public struct AWSEventSplitter: Sendable {
    /// How large frames may be.
    public let limits: AWSEventStreamLimits

    private var carry: [UInt8] = []
    private var carryIsDone = false
    /// The length of the frame that has begun, once its prelude was checked.
    private var expected: Int?
    private var failure: AWSEventStreamError?

    /// Buffers up to this size are kept for the next frame.
    private static let keptCapacity = 16 * 1_024

    /// Makes a splitter for one stream.
    ///
    /// - Parameter limits: How large frames may be.
    public init(limits: AWSEventStreamLimits = .format) { self.limits = limits }

    /// The number of bytes of the frame that has begun and not ended.
    public var pendingBytes: Int { carryIsDone ? 0 : carry.count }

    /// Finds the next frame that ends in this read, and checks it.
    ///
    /// Call it with the same read until it answers `nil`; by then what is unfinished has been saved.
    ///
    /// - Parameters:
    ///   - read: The bytes of one read.
    ///   - position: 0 at first; moved behind the frame that was found.
    /// - Returns: Where the frame lies, or `nil` when no further frame ends in this read.
    /// - Throws: ``AWSEventStreamError``.
    /// - Complexity: O(bytes passed); allocates only for a frame that spans reads.
    public mutating func next(
        in read: UnsafeRawBufferPointer,
        at position: inout Int
    ) throws(AWSEventStreamError) -> AWSEventFrame? {
        if let failure { throw failure }
        if carryIsDone { dropCarry() }
        guard position >= 0, position < read.count else { return nil }
        do throws(AWSEventStreamError) {
            return try unsafe find(read, &position)
        } catch {
            failure = error
            carry = []
            throw error
        }
    }

    private mutating func find(
        _ read: UnsafeRawBufferPointer,
        _ position: inout Int
    ) throws(AWSEventStreamError) -> AWSEventFrame? {
        if carry.isEmpty {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: read[position...])
            if rest.count >= AWSEventStreamLimits.prelude {
                let count = try unsafe length(rest)
                if rest.count >= count {
                    try unsafe check(UnsafeRawBufferPointer(rebasing: rest[..<count]))
                    let start = position
                    position += count
                    return AWSEventFrame(startInRead: start, count: count, endInRead: position)
                }
                expected = count
            }
            unsafe carry.append(contentsOf: rest)
            position = read.count
            return nil
        }
        if expected == nil {
            unsafe take(AWSEventStreamLimits.prelude, read, &position)
            guard carry.count == AWSEventStreamLimits.prelude else { return nil }
            expected = try unsafe carry.span.withUnsafeBytes { (bytes) throws(AWSEventStreamError) in
                try unsafe length(bytes)
            }
        }
        guard let count = expected else { return nil }
        unsafe take(count, read, &position)
        guard carry.count == count else { return nil }
        try unsafe carry.span.withUnsafeBytes { (bytes) throws(AWSEventStreamError) in try unsafe check(bytes) }
        carryIsDone = true
        expected = nil
        return AWSEventFrame(startInRead: position - count, count: count, endInRead: position)
    }

    /// Moves bytes into the carry until it holds a number of them.
    private mutating func take(_ count: Int, _ read: UnsafeRawBufferPointer, _ position: inout Int) {
        let end = min(read.count, position + max(0, count - carry.count))
        unsafe carry.append(contentsOf: read[position..<end])
        position = end
    }

    /// The length that the first bytes of a frame tell.
    private func length(_ bytes: UnsafeRawBufferPointer) throws(AWSEventStreamError) -> Int {
        var checksum = CRC32()
        unsafe checksum.add(UnsafeRawBufferPointer(rebasing: bytes[..<8]))
        guard unsafe Int(checksum.value) == AWSEventView.number(bytes, at: 8, bytes: 4) else { throw .preludeChecksum }
        let total = unsafe AWSEventView.number(bytes, at: 0, bytes: 4)
        let headers = unsafe AWSEventView.number(bytes, at: 4, bytes: 4)
        let payload = total - headers - AWSEventStreamLimits.overhead
        guard payload >= 0, payload <= limits.maxPayloadBytes, headers <= limits.maxHeaderBytes else { throw .length }
        return total
    }

    /// Checks a whole frame.
    private func check(_ frame: UnsafeRawBufferPointer) throws(AWSEventStreamError) {
        var checksum = CRC32()
        unsafe checksum.add(UnsafeRawBufferPointer(rebasing: frame[..<(frame.count - 4)]))
        let told = unsafe AWSEventView.number(frame, at: frame.count - 4, bytes: 4)
        guard Int(checksum.value) == told else { throw .frameChecksum }
        let start = AWSEventStreamLimits.prelude
        let end = unsafe start + AWSEventView.number(frame, at: 4, bytes: 4)
        var fields = unsafe AWSEventView.Fields(frame, start..<end)
        var names: [Range<Int>] = []
        while let field = fields.next() {
            let isReadable =
                unsafe Self.isText(frame, field.name) && (field.type != 7 || Self.isText(frame, field.value))
            let isNew = !names.contains { unsafe Self.areEqual(frame, $0, field.name) }
            guard isReadable, isNew, names.count < AWSEventStreamLimits.maxHeaders else { throw .headers }
            names.append(field.name)
        }
        guard fields.isExhausted else { throw .headers }
    }

    /// Whether bytes are UTF-8.
    private static func isText(_ frame: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: frame[range])
        if unsafe bytes.allSatisfy({ $0 < 0x80 }) { return true }
        return unsafe String(validating: bytes, as: UTF8.self) != nil
    }

    private static func areEqual(_ frame: UnsafeRawBufferPointer, _ left: Range<Int>, _ right: Range<Int>) -> Bool {
        unsafe left.count == right.count && frame[left].elementsEqual(frame[right])
    }

    /// Lends the frame that was found last.
    ///
    /// - Parameters:
    ///   - frame: The frame found last; an earlier one is no longer in the buffer when it began in an earlier read.
    ///   - read: The read it was found in.
    ///   - body: Works on the frame, which is good only inside the closure.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    public func withView<Result, Failure: Error>(
        of frame: AWSEventFrame,
        in read: UnsafeRawBufferPointer,
        _ body: (AWSEventView) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if frame.startInRead < 0 || carryIsDone {
            return try unsafe carry.span.withUnsafeBytes { (bytes) throws(Failure) in
                try body(unsafe AWSEventView(checked: bytes))
            }
        }
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: read[frame.startInRead..<frame.endInRead])
        return try body(unsafe AWSEventView(checked: bytes))
    }

    private mutating func dropCarry() {
        carryIsDone = false
        carry.removeAll(keepingCapacity: carry.capacity <= Self.keptCapacity)
    }
}
