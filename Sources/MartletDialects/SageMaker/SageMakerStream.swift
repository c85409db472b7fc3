public import MartletCore
import MartletWire

/// Decodes a stream of frames that hold pieces of a container's event stream.
///
/// The result does not depend on how the bytes are cut into reads, nor on how the pieces are.
public struct SageMakerStreamDecoder: ChatStreamDecoder {
    private var frames = AWSEventPayloads()
    private var inner = OpenAIChatStreamDecoder()
    private var failure: ChatFailure?

    /// Makes a decoder for one stream.
    public init() {}

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
        let first = chunks.count
        do throws(ChatFailure) {
            try unsafe read.withUnsafeBytes { (bytes) throws(ChatFailure) in try unsafe decode(bytes, into: &chunks) }
        } catch {
            failure = error
            throw error
        }
        for index in first..<chunks.count {
            for place in chunks[index].choices.indices {
                guard let reason = chunks[index].choices[place].finishReason else { continue }
                chunks[index].choices[place].finishReason = SageMakerChatCodec.reason(reason)
            }
        }
    }

    /// Whether the mark that ends a stream was seen, so that nothing more can come.
    public var isComplete: Bool { inner.isComplete }

    /// Says that no more bytes come; containers may leave out the mark at the end.
    ///
    /// - Throws: ``ChatFailure/cut`` when the stream is not complete, or the failure that ended it.
    public mutating func finish() throws(ChatFailure) {
        if let failure { throw failure }
        guard frames.pendingBytes == 0 || inner.isComplete else {
            failure = .cut
            throw .cut
        }
        try inner.finish()
    }

    private mutating func decode(
        _ read: UnsafeRawBufferPointer,
        into chunks: inout [ChatChunk]
    ) throws(ChatFailure) {
        var position = 0
        while !inner.isComplete, failure == nil, let frame = try unsafe frames.next(in: read, at: &position) {
            try unsafe frames.splitter.withView(of: frame, in: read) { (view) throws(ChatFailure) in
                if let said = AWSEventPayloads.failure(view) {
                    failure = .upstream(said)
                    return chunks.append(ChatChunk(error: said))
                }
                guard view.has(":event-type", "PayloadPart") else { return }
                let piece = unsafe view.payload.assumingMemoryBound(to: UInt8.self)
                try unsafe inner.decode(Span(_unsafeElements: piece), into: &chunks)
                if let error = chunks.last?.error { failure = .upstream(error) }
            }
        }
    }
}

/// Encodes chunks as a stream of frames that hold a container's event stream.
public struct SageMakerStreamEncoder: ChatStreamEncoder {
    private var inner: OpenAIChatStreamEncoder

    /// Makes an encoder for one stream.
    ///
    /// - Parameter includeUsage: Whether the caller asked for usage.
    public init(includeUsage: Bool) { inner = OpenAIChatStreamEncoder(includeUsage: includeUsage) }

    /// Appends a chunk's frame.
    public mutating func encode(_ chunk: ChatChunk, into output: inout [UInt8]) {
        var piece: [UInt8] = []
        inner.encode(chunk, into: &piece)
        Self.wrap(piece, into: &output)
    }

    /// Appends what ends the stream well.
    public mutating func finish(into output: inout [UInt8]) {
        var piece: [UInt8] = []
        inner.finish(into: &piece)
        Self.wrap(piece, into: &output)
    }

    /// Appends an exception; nothing follows it.
    public mutating func fail(_ error: GatewayError, into output: inout [UInt8]) {
        AWSEventMessage(exception: "ModelStreamError", payload: BedrockError.encode(error.message)).append(to: &output)
    }

    private static func wrap(_ piece: [UInt8], into output: inout [UInt8]) {
        guard !piece.isEmpty else { return }
        AWSEventMessage(event: "PayloadPart", contentType: "application/octet-stream", payload: piece)
            .append(to: &output)
    }
}
