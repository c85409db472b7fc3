/// Tells where one complete event lies, seen from the read that completed it.
public struct SSESplit: Sendable, Equatable {
    /// The offset of the event's first byte in the read; negative when the event began in an earlier read.
    public var startInRead: Int
    /// The offset just after the blank line that ends the event.
    ///
    /// When the blank line is a CR that is the last byte of the read, an LF at the start of the next read belongs to it and
    /// to no event.
    public var endInRead: Int

    /// Makes a place.
    ///
    /// - Parameters:
    ///   - startInRead: The offset of the first byte; negative when the event began in an earlier read.
    ///   - endInRead: The offset just after the event.
    public init(startInRead: Int, endInRead: Int) {
        self.startInRead = startInRead
        self.endInRead = endInRead
    }

    /// Tells whether the event began in an earlier read, so that its bytes are in the splitter's own buffer.
    @inlinable public var isCarried: Bool { startInRead < 0 }

    /// The length of the event in bytes, with the blank line that ends it.
    public var count: Int { endInRead - startInRead }
}

/// The raw bytes of one complete event with its place in the read that completed it.
///
/// The pointer is good only inside the closure that was given the value.
@unsafe
public struct SSEEventBytes {
    /// The bytes of the event including the blank line that ends it, without the stream's byte order mark.
    public var bytes: UnsafeRawBufferPointer
    /// The offset of the event's first byte in the read; negative when the event began in an earlier read.
    public var startInRead: Int
    /// The offset in the read just after the event.
    public var endInRead: Int
}
