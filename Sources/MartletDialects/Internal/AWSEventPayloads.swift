import MartletCore
import MartletWire

/// Takes the frames out of an answer's stream, and tells those that end it with a failure.
struct AWSEventPayloads: Sendable {
    /// The splitter, which lends the frame that was found last.
    ///
    /// Frames may be as large as the format has them: a picture or a call's arguments may come in one. No more than one is
    /// held at a time, and the stream as a whole has its own limit.
    private(set) var splitter = AWSEventSplitter(limits: .format)

    /// The number of bytes of the frame that has begun and not ended.
    var pendingBytes: Int { splitter.pendingBytes }

    /// Finds the next frame that ends in this read.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)`` for bytes that are no frames.
    mutating func next(
        in read: UnsafeRawBufferPointer,
        at position: inout Int
    ) throws(ChatFailure) -> AWSEventFrame? {
        do throws(AWSEventStreamError) {
            return try unsafe splitter.next(in: read, at: &position)
        } catch {
            switch error {
            case .preludeChecksum, .frameChecksum: throw .malformed("the checksum of a frame does not fit it")
            case .length: throw .malformed("a frame of the stream is over its limit")
            case .headers: throw .malformed("the header fields of a frame cannot be read")
            }
        }
    }

    /// The failure that a frame tells of; `nil` for one with an event.
    static func failure(_ view: AWSEventView) -> UpstreamFailure? {
        if view.has(":message-type", "event") { return nil }
        func text(_ name: StaticString) -> String {
            unsafe view.text(name).map { unsafe String(decoding: $0.prefix(4_096), as: UTF8.self) } ?? ""
        }
        if view.has(":message-type", "exception") {
            return unsafe UpstreamFailure(exception: text(":exception-type"), Array(view.payload))
        }
        guard view.has(":message-type", "error") else { return nil }
        return UpstreamFailure(exception: text(":error-code"), BedrockError.encode(text(":error-message")))
    }
}
