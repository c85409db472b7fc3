public import MartletCore
import MartletWire

/// Decodes a stream of frames, each of which holds one event of Anthropic's stream in base64.
///
/// The result does not depend on how the bytes are cut into reads.
public struct BedrockAnthropicStreamDecoder: ChatStreamDecoder {
    private var frames = AWSEventPayloads()
    private var state: AnthropicStreamState
    private var failure: ChatFailure?
    private var event: [UInt8] = []

    /// Makes a decoder for one stream.
    ///
    /// - Parameter origin: The name of the account, which thinking is marked with.
    public init(origin: String? = nil) { state = AnthropicStreamState(origin: origin) }

    /// Decodes one read and appends the chunks that are complete.
    ///
    /// An exception, or an error event, becomes a last chunk with ``ChatChunk/error`` set.
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
    /// - Throws: ``ChatFailure/cut`` when the stream is not complete, or the failure that ended it.
    public mutating func finish() throws(ChatFailure) {
        if let failure { throw failure }
        if state.isDone || state.hasFinish && frames.pendingBytes == 0 { return }
        failure = .cut
        throw .cut
    }

    private mutating func decode(
        _ read: UnsafeRawBufferPointer,
        into chunks: inout [ChatChunk]
    ) throws(ChatFailure) {
        var position = 0
        while !state.isDone, failure == nil, let frame = try unsafe frames.next(in: read, at: &position) {
            var hasEvent = false
            var said: UpstreamFailure?
            var event = self.event
            self.event = []
            event.removeAll(keepingCapacity: event.capacity <= Self.keptCapacity)
            try unsafe frames.splitter.withView(of: frame, in: read) { (view) throws(ChatFailure) in
                said = AWSEventPayloads.failure(view)
                guard said == nil, view.has(":event-type", "chunk") else { return }
                guard unsafe Self.appendEvent(of: view.payload, to: &event) else {
                    throw .malformed("a frame of the stream holds no event")
                }
                hasEvent = true
            }
            if let said {
                failure = .upstream(said)
                return chunks.append(ChatChunk(error: said))
            }
            if hasEvent { try decode(event: event, into: &chunks) }
            self.event = event
            if let error = chunks.last?.error { failure = .upstream(error) }
        }
    }

    /// Buffers up to this size are kept for the next event.
    private static let keptCapacity = 64 << 10

    private mutating func decode(event: [UInt8], into chunks: inout [ChatChunk]) throws(ChatFailure) {
        let isKnown = unsafe event.withUnsafeBytes { unsafe state.readKnown($0, into: &chunks) }
        if isKnown || !event.contains(where: { $0 > 0x20 }) { return }
        try event.answered { (view) throws(ChatFailure) in
            guard view.kind == .object else { throw .malformed("an event of the stream is no object") }
            try state.read(view, into: &chunks)
        }
    }

    /// Decodes the member `bytes` of a frame's payload; answers whether it could.
    private static func appendEvent(of payload: UnsafeRawBufferPointer, to event: inout [UInt8]) -> Bool {
        var scanner = JSONScanner()
        guard (try? unsafe scanner.finish(payload)) != nil,
            let view = unsafe JSONView(validated: payload, range: scanner.rootRange), let bytes = view.member("bytes")
        else { return false }
        return bytes.withStringBytes { Base64.appendDecoded($0, to: &event) } ?? false
    }
}
