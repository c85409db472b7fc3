public import MartletCore
import MartletWire

/// Decodes a stream of `POST /chat`.
public struct SimpleChatStreamDecoder: ChatStreamDecoder {
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
                guard new.last?.error == nil, new.last?.choices.first?.finishReason == nil else { return }
                new.append(try Self.chunk(payload))
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

    private static func chunk(_ data: [UInt8]) throws(ChatFailure) -> ChatChunk {
        try data.answered { (view) throws(ChatFailure) in
            if let error = view.member("error"), !error.isNull {
                return ChatChunk(error: UpstreamFailure(anyShape: view))
            }
            guard var reader = try? JSONObjectReader(view) else {
                throw .malformed("an event of the stream is no object")
            }
            var choice = ChatChunk.Choice(content: reader.lenientString("text"))
            let reason = reader.lenientString("finish_reason").map(FinishReason.init(name:))
            if view.member("done")?.bool() == true { choice.finishReason = reason ?? .stop }
            return ChatChunk(
                id: reader.lenientString("id"),
                model: reader.lenientString("model"),
                choices: [choice],
                usage: reader.takeUsage()
            )
        }
    }
}

/// Encodes chunks as a stream of `POST /chat`.
public struct SimpleChatStreamEncoder: ChatStreamEncoder {
    private var id: String?
    private var model: String?
    private var usage: ChatUsage?
    private var finishReason: FinishReason?
    private var hasEnded = false

    /// Makes an encoder for one stream.
    ///
    /// - Parameter caller: What no upstream tells; `nil` tells id and model as the provider does.
    public init(for caller: CallerContext? = nil) {
        id = caller.map(SimpleChatCodec.id)
        model = caller?.model
    }

    /// Appends the text of a chunk; what belongs into the last event is kept.
    public mutating func encode(_ chunk: ChatChunk, into output: inout [UInt8]) {
        guard !hasEnded else { return }
        if let error = chunk.error {
            hasEnded = true
            return SSEWriter.appendEvent(data: OpenAIChatError.encode(error), to: &output)
        }
        id = id ?? chunk.id
        model = model ?? chunk.model
        usage = chunk.usage ?? usage
        guard let choice = chunk.choices.first(where: { $0.index == 0 }) else { return }
        finishReason = choice.finishReason ?? finishReason
        let text = (choice.content ?? "") + (choice.refusal ?? "")
        guard !text.isEmpty else { return }
        var writer = JSONWriter(reserving: text.utf8.count + 16)
        writer.object { $0.member("text", text) }
        SSEWriter.appendEvent(data: writer.bytes, to: &output)
    }

    /// Appends the last event and `[DONE]`.
    public mutating func finish(into output: inout [UInt8]) {
        guard !hasEnded else { return }
        finishBeforeDone(into: &output)
        output.append(contentsOf: OpenAIChatStreamEncoder.doneEvent)
    }

    /// Appends the last event without the mark behind it.
    ///
    /// For callers that must record the answer before they send ``OpenAIChatStreamEncoder/doneEvent``.
    public mutating func finishBeforeDone(into output: inout [UInt8]) {
        guard !hasEnded else { return }
        hasEnded = true
        var writer = JSONWriter(reserving: 192)
        writer.object { writer in
            writer.member("done", true)
            writer.member("id", id)
            writer.member("model", model)
            writer.member("finish_reason", (finishReason ?? .stop).name)
            if let usage {
                writer.key("usage")
                usage.write(to: &writer)
            }
        }
        SSEWriter.appendEvent(data: writer.bytes, to: &output)
    }

    /// Appends an error event; nothing follows it.
    public mutating func fail(_ error: GatewayError, into output: inout [UInt8]) {
        guard !hasEnded else { return }
        hasEnded = true
        OpenAIChatError.appendEvent(error, to: &output)
    }
}
