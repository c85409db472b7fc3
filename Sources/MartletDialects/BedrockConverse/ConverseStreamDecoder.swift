public import MartletCore
import MartletWire

/// Decodes a stream of frames with Converse's events.
///
/// The result does not depend on how the bytes are cut into reads. Events of unknown kinds are passed over. The last
/// chunk carries the reason to stop and the usage, which come in two events.
public struct ConverseStreamDecoder: ChatStreamDecoder {
    private var frames = AWSEventPayloads()
    private var state: ConverseStreamState
    private var failure: ChatFailure?

    /// Makes a decoder for one stream.
    ///
    /// - Parameters:
    ///   - origin: The name of the account, which reasoning is marked with.
    ///   - model: The model that the chunks are said to come from.
    public init(origin: String? = nil, model: String? = nil) {
        state = ConverseStreamState(origin: origin, model: model)
    }

    /// Decodes one read and appends the chunks that are complete.
    ///
    /// An exception becomes a last chunk with ``ChatChunk/error`` set.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``; a failed decoder repeats its failure.
    public mutating func decode(
        _ read: borrowing Span<UInt8>,
        into chunks: inout [ChatChunk]
    ) throws(ChatFailure) {
        if let failure { throw failure }
        if state.isDone { return }
        do throws(ChatFailure) {
            try unsafe read.withUnsafeBytes { (bytes) throws(ChatFailure) in try unsafe decode(bytes, into: &chunks) }
        } catch {
            failure = error
            throw error
        }
    }

    /// Whether the event that ends a stream was seen, so that nothing more can come.
    public var isComplete: Bool { state.isDone }

    /// Says that no more bytes come.
    ///
    /// A stream is complete with its usage, or without it when the reason to stop was seen.
    ///
    /// - Throws: ``ChatFailure/cut`` when the stream is not complete, or the failure that ended it.
    public mutating func finish() throws(ChatFailure) {
        if failure == nil, let said = state.failure { failure = .upstream(said) }
        if let failure { throw failure }
        if state.isDone || state.hasFinish && frames.pendingBytes == 0 { return }
        failure = .cut
        throw .cut
    }

    /// Says that no more bytes come, and passes on a reason to stop whose usage did not come.
    ///
    /// - Throws: As ``finish()``.
    public mutating func finish(into chunks: inout [ChatChunk]) throws(ChatFailure) {
        if failure == nil, state.failure != nil { state.finish(into: &chunks) }
        try finish()
        state.finish(into: &chunks)
    }

    private mutating func decode(
        _ read: UnsafeRawBufferPointer,
        into chunks: inout [ChatChunk]
    ) throws(ChatFailure) {
        var position = 0
        while !state.isDone, failure == nil, let frame = try unsafe frames.next(in: read, at: &position) {
            try unsafe frames.splitter.withView(of: frame, in: read) { (view) throws(ChatFailure) in
                if let said = AWSEventPayloads.failure(view) {
                    failure = .upstream(said)
                    return chunks.append(ChatChunk(error: said))
                }
                if view.has(":event-type", "contentBlockDelta") {
                    if unsafe state.readKnown(view.payload, into: &chunks) { return }
                    try unsafe decode(.blockDelta, view.payload, into: &chunks)
                } else if let type = Self.type(of: view) {
                    try unsafe decode(type, view.payload, into: &chunks)
                }
                if let error = chunks.last?.error { failure = .upstream(error) }
            }
        }
    }

    private mutating func decode(
        _ type: ConverseStreamState.EventType,
        _ payload: UnsafeRawBufferPointer,
        into chunks: inout [ChatChunk]
    ) throws(ChatFailure) {
        try unsafe Array(payload).answered { (view) throws(ChatFailure) in
            guard view.kind == .object else { throw .malformed("an event of the stream is no object") }
            try state.read(type, view, into: &chunks)
        }
    }

    private static func type(of view: AWSEventView) -> ConverseStreamState.EventType? {
        if view.has(":event-type", "contentBlockStop") { return .blockStop }
        if view.has(":event-type", "contentBlockStart") { return .blockStart }
        if view.has(":event-type", "messageStart") { return .messageStart }
        if view.has(":event-type", "messageStop") { return .messageStop }
        if view.has(":event-type", "metadata") { return .metadata }
        return nil
    }
}
