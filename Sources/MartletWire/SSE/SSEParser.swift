/// One dispatched event with its own copy of the fields.
public struct SSEMessage: Sendable, Equatable {
    /// The event name; `nil` means `message`.
    public var name: [UInt8]?
    /// The payload: the contents of all `data` lines joined by LF.
    public var data: [UInt8]
    /// The value of the event's own `id` line.
    public var id: [UInt8]?

    /// Makes a message.
    ///
    /// - Parameters:
    ///   - name: The event name; `nil` means `message`.
    ///   - data: The payload.
    ///   - id: The event id.
    public init(name: [UInt8]? = nil, data: [UInt8], id: [UInt8]? = nil) {
        self.name = name
        self.data = data
        self.id = id
    }
}

/// Turns an event stream into messages: a splitter and a parser in one.
///
/// It copies every payload, so it is meant for codecs and tests; a relay uses ``SSESplitter``. Comments and events without
/// data are left out, as a client leaves them out.
public struct SSEParser: Sendable {
    private var splitter: SSESplitter

    /// Makes a parser for one stream.
    ///
    /// - Parameter splitter: The splitter to use, which sets the limits.
    public init(splitter: SSESplitter = SSESplitter()) {
        self.splitter = splitter
    }

    /// The number of bytes of the event that has begun and not ended.
    public var pendingBytes: Int { splitter.pendingBytes }

    /// Parses one read.
    ///
    /// - Parameters:
    ///   - read: The bytes of one read.
    ///   - onMessage: Receives each message that is complete.
    /// - Throws: ``SSEError`` when a line or an event is over its limit, or what the closure throws.
    public mutating func feed(
        _ read: UnsafeRawBufferPointer,
        _ onMessage: (SSEMessage) throws(SSEError) -> Void,
    ) throws(SSEError) {
        var position = 0
        while let event = try unsafe splitter.next(in: read, at: &position) {
            let message = unsafe splitter.withBytes(of: event, in: read) { bytes in unsafe SSEMessage(bytes) }
            if let message { try onMessage(message) }
        }
    }

    /// Parses one read.
    ///
    /// - Parameter read: The bytes of one read.
    /// - Returns: The messages that are complete.
    /// - Throws: ``SSEError`` when a line or an event is over its limit.
    public mutating func feed(_ read: [UInt8]) throws(SSEError) -> [SSEMessage] {
        var messages: [SSEMessage] = []
        try unsafe read.withUnsafeBufferPointer { bytes throws(SSEError) in
            try unsafe feed(UnsafeRawBufferPointer(bytes)) { message in messages.append(message) }
        }
        return messages
    }
}

extension SSEMessage {
    /// Copies the fields of one event; `nil` when it has no data.
    init?(_ bytes: UnsafeRawBufferPointer) {
        let event = unsafe SSEEvent(parsing: bytes)
        guard event.hasData else { return nil }
        name = event.name.map { range in unsafe Array(bytes[range]) }
        data = unsafe event.withData(in: bytes) { payload in unsafe Array(payload) }
        id = event.id.map { range in unsafe Array(bytes[range]) }
    }
}
