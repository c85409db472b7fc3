public import MartletCore
import MartletWire

/// Decodes a stream of message events.
///
/// The result does not depend on how the bytes are cut into reads. Pings, comments and events of unknown types are
/// skipped. What follows `message_stop` is not looked at. The first chunk carries the usage so far, in which the input is
/// final and the output has only begun; the chunk with the reason to stop carries all of it.
public struct AnthropicMessagesStreamDecoder: ChatStreamDecoder {
    private var splitter = SSESplitter()
    private var state: AnthropicStreamState
    private var failure: ChatFailure?

    /// Makes a decoder for one stream.
    ///
    /// - Parameter origin: The name of the account, which thinking is marked with.
    public init(origin: String? = nil) { state = AnthropicStreamState(origin: origin) }

    /// Decodes one read and appends the chunks that are complete.
    ///
    /// An error event becomes a last chunk with ``ChatChunk/error`` set.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``; a failed decoder repeats its failure.
    public mutating func decode(
        _ read: borrowing Span<UInt8>,
        into chunks: inout [ChatChunk]
    ) throws(ChatFailure) {
        try unsafe read.withUnsafeBytes { (bytes) throws(ChatFailure) in try unsafe decode(bytes, into: &chunks) }
    }

    /// Whether the mark that ends a stream was seen, so that nothing more can come.
    public var isComplete: Bool { state.isDone }

    /// Says that no more bytes come.
    ///
    /// A stream is complete with `message_stop`, or without it when the reason to stop was seen.
    ///
    /// - Throws: ``ChatFailure/cut`` when the stream is not complete, or the failure that ended it.
    public mutating func finish() throws(ChatFailure) {
        if let failure { throw failure }
        if state.isDone { return }
        // Some servers leave out the blank line behind their last event.
        let isStop = unsafe splitter.withPending { bytes in
            let event = unsafe SSEEvent(parsing: bytes)
            let data = unsafe event.withData(in: bytes) { unsafe Array($0) }
            guard let document = try? JSONDocument(data) else { return false }
            return document.withView { $0.member("type")?.equalsString("message_stop") ?? false }
        }
        if isStop || (state.hasFinish && splitter.pendingBytes == 0) {
            state.isDone = true
            return
        }
        failure = .cut
        throw .cut
    }

    private mutating func decode(
        _ read: UnsafeRawBufferPointer,
        into chunks: inout [ChatChunk]
    ) throws(ChatFailure) {
        if let failure { throw failure }
        if state.isDone { return }
        do throws(ChatFailure) {
            var position = 0
            while let split = try unsafe splitter.nextEvent(in: read, at: &position) {
                let data: [UInt8]? = unsafe splitter.withBytes(of: split, in: read) { bytes in
                    let event = unsafe SSEEvent(parsing: bytes)
                    guard event.hasData else { return nil }
                    return unsafe event.withData(in: bytes) { payload in
                        unsafe state.readKnown(payload, into: &chunks) ? nil : Array(payload)
                    }
                }
                guard let data, data.contains(where: { $0 > 0x20 }) else { continue }
                try decode(event: data, into: &chunks)
                if state.isDone || failure != nil { return }
            }
        } catch {
            failure = error
            throw error
        }
    }

    private mutating func decode(event data: [UInt8], into chunks: inout [ChatChunk]) throws(ChatFailure) {
        try data.answered { (view) throws(ChatFailure) in
            guard view.kind == .object else { throw .malformed("an event of the stream is no object") }
            try state.read(view, into: &chunks)
        }
        if let error = chunks.last?.error { failure = .upstream(error) }
    }
}
