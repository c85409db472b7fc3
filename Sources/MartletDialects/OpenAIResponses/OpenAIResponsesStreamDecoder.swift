public import MartletCore
import MartletWire

/// Decodes a stream of response events.
///
/// The result does not depend on how the bytes are cut into reads. Comments and events of unknown types are skipped.
/// What follows `response.completed`, `response.incomplete` or a failure is not looked at. Texts and arguments of which
/// the pieces were left out are taken from the events that end them.
public struct OpenAIResponsesStreamDecoder: ChatStreamDecoder {
    private var splitter: SSESplitter
    private var state: ResponsesStreamState
    private var failure: ChatFailure?

    /// Makes a decoder for one stream.
    ///
    /// - Parameters:
    ///   - origin: The name of the account, which reasoning is marked with.
    ///   - keepsResponse: Whether the response object of the last event is kept for ``finalResponse``.
    public init(origin: String? = nil, keepsResponse: Bool = false) {
        // The last event holds the whole answer, and the request's tools and instructions beside it.
        splitter = SSESplitter(maxLine: 16 << 20, maxEvent: 16 << 20)
        state = ResponsesStreamState(origin: origin, keepsResponse: keepsResponse)
    }

    /// The response object after the end, for a store of responses.
    public var finalResponse: [UInt8]? { state.finalResponse }

    /// The id, the time and the number of the next event, for who must end a stream in its maker's place.
    var place: (id: String?, created: Int64?, sequence: Int64) { (state.id, state.created, state.nextSequence) }

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
    /// A stream is complete with its last event alone; some servers leave out the blank line behind it.
    ///
    /// - Throws: ``ChatFailure/cut`` when the stream is not complete, or the failure that ended it.
    public mutating func finish() throws(ChatFailure) {
        if let failure { throw failure }
        if state.isDone { return }
        let isEnd = unsafe splitter.withPending { bytes in
            let event = unsafe SSEEvent(parsing: bytes)
            let data = unsafe event.withData(in: bytes) { unsafe Array($0) }
            guard let document = try? JSONDocument(data) else { return false }
            return document.withView { view in
                view.member("type")?.equalsString("response.completed") ?? false
                    || view.member("type")?.equalsString("response.incomplete") ?? false
            }
        }
        if isEnd {
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
                        unsafe isDoneMark(payload) ? nil : Array(payload)
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
            state.read(view, into: &chunks)
        }
        if let error = chunks.last?.error { failure = .upstream(error) }
    }
}
