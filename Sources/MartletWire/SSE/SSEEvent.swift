/// The fields of one event, as offsets into its bytes.
///
/// An event nearly always has one `data` line, whose payload is then given as a range without a copy.
///
/// - SeeAlso: WHATWG HTML, "Interpreting an event stream".
public struct SSEEvent: Sendable, Equatable {
    /// The payload of the event.
    public enum Payload: Sendable, Equatable {
        /// There is no `data` line: clients dispatch nothing.
        case absent
        /// There is one `data` line; the range is its payload within the event's bytes.
        case line(Range<Int>)
        /// There are several `data` lines; the payload is their contents joined by LF.
        case joined([UInt8])
    }

    /// The payload.
    public var data = Payload.absent
    /// The value of the last `event` line; `nil` when absent or empty, which means `message`.
    public var name: Range<Int>?
    /// The value of the last `id` line that has no NUL in it.
    public var id: Range<Int>?
    /// The value of the last `retry` line that consists of digits, in milliseconds.
    public var retryMilliseconds: Int?
    /// The event has at least one line, and each of its lines is a comment.
    public var isCommentOnly = false

    /// Tells whether a client would dispatch the event.
    public var hasData: Bool { data != .absent }

    /// Parses one event.
    ///
    /// - Parameter bytes: The bytes of one event, with or without the blank line that ends it.
    /// - Complexity: O(bytes); allocates only when there are several `data` lines.
    public init(parsing bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        let end = bytes.count
        var firstData: Range<Int>?
        var joined: [UInt8]?
        var comments = 0
        var fields = 0
        var start = 0
        while start < end {
            let lineEnd = unsafe ByteSearch.lineBreak(base, from: start, to: end)
            if lineEnd > start {
                if unsafe bytes[start] == UInt8(ascii: ":") {
                    comments += 1
                } else {
                    fields += 1
                    let line = unsafe Line(bytes, start, lineEnd)
                    switch line.field {
                    case .data:
                        if let first = firstData {
                            var all = unsafe joined ?? Array(bytes[first])
                            all.append(0x0A)
                            unsafe all.append(contentsOf: bytes[line.value])
                            joined = all
                        } else {
                            firstData = line.value
                        }
                    case .event: name = line.value.isEmpty ? nil : line.value
                    case .id: if unsafe !bytes[line.value].contains(0) { id = line.value }
                    case .retry:
                        if let value = unsafe Array(bytes[line.value])[...].decimal { retryMilliseconds = value }
                    case .other: break
                    }
                }
            }
            start = lineEnd + 1
        }
        if let joined {
            data = .joined(joined)
        } else if let firstData {
            data = .line(firstData)
        }
        isCommentOnly = fields == 0 && comments > 0
    }

    /// Lends the payload, which is empty when there is none.
    ///
    /// - Parameters:
    ///   - bytes: The bytes the event was parsed from.
    ///   - body: Works on the payload, which is good only inside the closure.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    public func withData<Result, Failure: Error>(
        in bytes: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result,
    ) throws(Failure) -> Result {
        switch data {
        case .absent:
            return try unsafe body(UnsafeRawBufferPointer(start: nil, count: 0))
        case .line(let range):
            return try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[range.clamped(to: 0..<bytes.count)]))
        case .joined(let data):
            return try unsafe data.withUnsafeBufferPointer { joined throws(Failure) in
                try unsafe body(UnsafeRawBufferPointer(joined))
            }
        }
    }
}

extension SSEEvent {
    private enum Field { case data, event, id, retry, other }

    /// One line that is no comment, taken apart: the name up to the first colon, then the value without one leading space.
    private struct Line {
        var field: Field
        var value: Range<Int>

        init(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) {
            // No known name is longer than five bytes, so a colon further on cannot change the answer.
            var colon = start
            let limit = min(end, start + 6)
            while unsafe colon < limit && bytes[colon] != UInt8(ascii: ":") { colon += 1 }
            var valueStart = end
            if colon < limit {
                valueStart = colon + 1
                if unsafe valueStart < end && bytes[valueStart] == 0x20 { valueStart += 1 }
            }
            value = valueStart..<end
            let name = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<colon])
            field =
                switch name.count {
                case 4: if unsafe name.elementsEqual("data".utf8) { .data } else { .other }
                case 5:
                    if unsafe name.elementsEqual("event".utf8) {
                        .event
                    } else if unsafe name.elementsEqual("retry".utf8) {
                        .retry
                    } else {
                        .other
                    }
                case 2: if unsafe name.elementsEqual("id".utf8) { .id } else { .other }
                default: .other
                }
        }
    }
}
