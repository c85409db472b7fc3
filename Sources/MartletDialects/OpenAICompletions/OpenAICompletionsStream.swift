public import MartletCore
import MartletWire

/// Decodes a stream of pieces of completions.
///
/// The result does not depend on how the bytes are cut into reads.
public struct OpenAICompletionsStreamDecoder: ChatStreamDecoder {
    private var payloads = SSEPayloads()
    private var failure: ChatFailure?
    private var hasFinish = false

    /// Makes a decoder for one stream.
    public init() {}

    /// Decodes one read and appends the chunks that are complete.
    ///
    /// An error event becomes a last chunk with ``ChatChunk/error`` set.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``; a failed decoder repeats its failure.
    public mutating func decode(
        _ read: borrowing Span<UInt8>,
        into chunks: inout [ChatChunk]
    ) throws(ChatFailure) {
        if let failure { throw failure }
        var new: [ChatChunk] = []
        var end: ChatFailure?
        do throws(ChatFailure) {
            try payloads.feed(read) { (payload) throws(ChatFailure) in
                if new.last?.error == nil { new.append(try Self.chunk(payload)) }
            }
        } catch {
            end = error
        }
        for chunk in new {
            chunks.append(chunk)
            if chunk.choices.contains(where: { $0.finishReason != nil }) { hasFinish = true }
            if let error = chunk.error {
                failure = .upstream(error)
                return
            }
        }
        if let end {
            failure = end
            throw end
        }
    }

    /// Whether the mark that ends a stream was seen, so that nothing more can come.
    public var isComplete: Bool { payloads.isDone }

    /// Says that no more bytes come; a stream is complete with `[DONE]`, or without it when every choice ended.
    ///
    /// - Throws: ``ChatFailure/cut`` when the stream is not complete, or the failure that ended it.
    public mutating func finish() throws(ChatFailure) {
        if let failure { throw failure }
        if payloads.isDone { return }
        try? payloads.finish { _ in }
        if payloads.isDone || hasFinish { return }
        failure = .cut
        throw .cut
    }

    private static func chunk(_ data: [UInt8]) throws(ChatFailure) -> ChatChunk {
        try data.answered { (view) throws(ChatFailure) in
            if let failure = UpstreamFailure(answer: view) { return ChatChunk(error: failure) }
            guard var reader = try? JSONObjectReader(view) else {
                throw .malformed("an event of the stream is no object")
            }
            var choices: [ChatChunk.Choice] = []
            if let list = reader.lenient("choices", .array) {
                for element in list.elements {
                    choices.append(ChatChunk.Choice(completions: element, position: choices.count))
                }
            }
            _ = reader.lenientString("object")
            var chunk = ChatChunk(
                id: reader.lenientString("id"),
                created: reader.lenientInteger("created"),
                model: reader.lenientString("model"),
                choices: choices,
                usage: reader.takeUsage()
            )
            chunk.extra = reader.extra
            return chunk
        }
    }
}

/// Encodes chunks as a stream of pieces of completions.
///
/// Id, time and model are the same on all pieces, usage comes in a piece of its own with `choices: []` and only when
/// asked for, and `[DONE]` ends the stream. What is no text (reasoning, calls of tools) has no place.
public struct OpenAICompletionsStreamEncoder: ChatStreamEncoder {
    private let includeUsage: Bool
    private var id: String?
    private var created: Int64?
    private var model: String?
    private var usage: ChatUsage?
    private var hasEnded = false

    /// Makes an encoder for one stream.
    ///
    /// - Parameters:
    ///   - includeUsage: Whether the caller asked for usage (`stream_options.include_usage`).
    ///   - caller: What no upstream tells; `nil` tells id, model and time as the provider does.
    public init(includeUsage: Bool, for caller: CallerContext? = nil) {
        self.includeUsage = includeUsage
        id = caller.map(CompletionsID.text)
        created = caller?.created
        model = caller?.model
    }

    /// Appends a chunk's bytes; nothing for a chunk without text or end.
    public mutating func encode(_ chunk: ChatChunk, into output: inout [UInt8]) {
        guard !hasEnded else { return }
        if let error = chunk.error {
            hasEnded = true
            return SSEWriter.appendEvent(data: OpenAIChatError.encode(error), to: &output)
        }
        id = id ?? chunk.id
        created = created ?? chunk.created
        model = model ?? chunk.model
        if let counts = chunk.usage { usage = counts }
        let choices = chunk.choices.filter { choice in
            !(choice.content ?? "").isEmpty || !(choice.refusal ?? "").isEmpty || choice.finishReason != nil
                || !choice.extra.isEmpty
        }
        if !choices.isEmpty { append(choices, nil, chunk.extra, to: &output) }
    }

    /// Appends the usage when it was asked for and is known, and `[DONE]`.
    public mutating func finish(into output: inout [UInt8]) {
        guard !hasEnded else { return }
        finishBeforeDone(into: &output)
        output.append(contentsOf: OpenAIChatStreamEncoder.doneEvent)
    }

    /// Appends what comes before `[DONE]`: the usage when it was asked for and is known.
    ///
    /// For callers that must record the answer before they send ``OpenAIChatStreamEncoder/doneEvent``.
    public mutating func finishBeforeDone(into output: inout [UInt8]) {
        guard !hasEnded else { return }
        if includeUsage, let usage { append([], usage, [], to: &output) }
        hasEnded = true
    }

    /// Appends an error event; no `[DONE]` follows it.
    public mutating func fail(_ error: GatewayError, into output: inout [UInt8]) {
        guard !hasEnded else { return }
        hasEnded = true
        OpenAIChatError.appendEvent(error, to: &output)
    }

    private func append(
        _ choices: [ChatChunk.Choice],
        _ usage: ChatUsage?,
        _ extra: [ExtraMember],
        to output: inout [UInt8]
    ) {
        var writer = JSONWriter(reserving: 192)
        writer.object { writer in
            writer.member("id", id ?? "cmpl-0")
            writer.member("object", "text_completion")
            writer.member("created", created ?? 0)
            writer.member("model", model ?? "")
            writer.key("choices")
            writer.array { writer in
                for choice in choices {
                    writer.object { writer in
                        writer.member("text", (choice.content ?? "") + (choice.refusal ?? ""))
                        CompletionsChoice.write(choice.index, choice.finishReason, choice.extra, to: &writer)
                    }
                }
            }
            if includeUsage {
                writer.key("usage")
                if let usage { usage.write(to: &writer) } else { writer.null() }
            }
            writer.members(extra.filter { !CompletionsChoice.own.contains($0.name) })
        }
        // Values kept as they came may stand on several lines.
        SSEWriter.appendEvent(data: writer.bytes, to: &output)
    }
}
