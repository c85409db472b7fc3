public import MartletCore
import MartletWire

/// Decodes a stream of pieces of a middle; the last one says `"stop": true`, and no mark follows.
public struct LlamaInfillStreamDecoder: ChatStreamDecoder {
    private var payloads = SSEPayloads()
    private var failure: ChatFailure?
    private var isDone = false

    /// Makes a decoder for one stream.
    public init() {}

    /// Decodes one read and appends the chunks that are complete.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``; a failed decoder repeats its failure.
    public mutating func decode(
        _ read: borrowing Span<UInt8>,
        into chunks: inout [ChatChunk]
    ) throws(ChatFailure) {
        if let failure { throw failure }
        if isDone { return }
        var new: [ChatChunk] = []
        var end: ChatFailure?
        do throws(ChatFailure) {
            try payloads.feed(read) { (payload) throws(ChatFailure) in
                let last = new.last
                guard last?.error == nil, last?.choices.first?.finishReason == nil else { return }
                new.append(try LlamaInfillCodec.chunk(payload))
            }
        } catch {
            end = error
        }
        for chunk in new {
            chunks.append(chunk)
            if let error = chunk.error {
                failure = .upstream(error)
                return
            }
            if chunk.choices.first?.finishReason != nil { isDone = true }
        }
        if let end, !isDone {
            failure = end
            throw end
        }
    }

    /// Whether the last piece was seen, so that nothing more can come.
    public var isComplete: Bool { isDone }

    /// Says that no more bytes come.
    ///
    /// - Throws: ``ChatFailure/cut`` when the stream is not complete, or the failure that ended it.
    public mutating func finish() throws(ChatFailure) {
        if let failure { throw failure }
        if isDone { return }
        failure = .cut
        throw .cut
    }
}

/// Encodes chunks as a stream of pieces of a middle.
public struct LlamaInfillStreamEncoder: ChatStreamEncoder {
    private var model: String?
    private var reason: FinishReason?
    private var usage: Usage?
    private var hasEnded = false

    /// Makes an encoder for one stream.
    public init() {}

    /// Appends a chunk's bytes; what belongs into the last piece is kept.
    public mutating func encode(_ chunk: ChatChunk, into output: inout [UInt8]) {
        guard !hasEnded else { return }
        if let error = chunk.error {
            hasEnded = true
            return SSEWriter.appendEvent(data: OpenAIChatError.encode(error), to: &output)
        }
        model = model ?? chunk.model
        usage = chunk.usage?.counts ?? usage
        guard let choice = chunk.choices.first(where: { $0.index == 0 }) else { return }
        reason = choice.finishReason ?? reason
        guard let text = choice.content, !text.isEmpty else { return }
        SSEWriter.appendEvent(data: LlamaInfillCodec.body(text, nil, nil, nil), to: &output)
    }

    /// Appends the last piece.
    public mutating func finish(into output: inout [UInt8]) {
        guard !hasEnded else { return }
        hasEnded = true
        SSEWriter.appendEvent(data: LlamaInfillCodec.body("", reason ?? .stop, model, usage), to: &output)
    }

    /// Appends an error event; no last piece follows it.
    public mutating func fail(_ error: GatewayError, into output: inout [UInt8]) {
        guard !hasEnded else { return }
        hasEnded = true
        OpenAIChatError.appendEvent(error, to: &output)
    }
}
