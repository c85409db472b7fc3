public import MartletCore
import MartletWire

/// Decodes a stream of chat completion chunks.
///
/// The result does not depend on how the bytes are cut into reads. Comments and events without data are skipped. What
/// follows `[DONE]` is not looked at.
public struct OpenAIChatStreamDecoder: ChatStreamDecoder {
    private var splitter = SSESplitter()
    private var failure: ChatFailure?
    private var isDone = false
    private var hasFinish = false
    private var ends = OpenAIChatEnds()
    private var tags: ThinkTagStream?
    private var details: ReasoningDetailsStream?

    /// Makes a decoder for one stream.
    ///
    /// - Parameters:
    ///   - quirks: How the server differs from OpenAI's.
    ///   - detailsAccount: The account that lists of reasoning are marked with, where the server wants them back.
    public init(quirks: ChatQuirks? = nil, detailsAccount: String? = nil) {
        if let detailsAccount { details = ReasoningDetailsStream(origin: detailsAccount) }
        if quirks?.thinksInTags == true { tags = ThinkTagStream() }
    }

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
    public var isComplete: Bool { isDone }

    /// Says that no more bytes come.
    ///
    /// A stream is complete with `[DONE]`, or without it when a `finish_reason` was seen: not every server sends the
    /// mark.
    ///
    /// - Throws: ``ChatFailure/cut`` when the stream is not complete, or the failure that ended it.
    public mutating func finish() throws(ChatFailure) {
        var chunks: [ChatChunk] = []
        try finish(into: &chunks)
    }

    /// Says that no more bytes come, and appends the reason to stop of a server that left it empty.
    ///
    /// - Throws: As ``finish()``.
    public mutating func finish(into chunks: inout [ChatChunk]) throws(ChatFailure) {
        if let failure { throw failure }
        if isDone { return }
        // Some servers leave out the blank line behind their last event.
        let isMark = unsafe splitter.withPending { bytes in
            let event = unsafe SSEEvent(parsing: bytes)
            return unsafe event.withData(in: bytes) { unsafe isDoneMark($0) }
        }
        if isMark {
            markEnd(into: &chunks)
            return
        }
        if hasFinish && splitter.pendingBytes == 0 {
            isDone = true
            return
        }
        failure = .cut
        throw .cut
    }

    /// The stream says that it is complete.
    private mutating func markEnd(into chunks: inout [ChatChunk]) {
        isDone = true
        guard var last = ends.chunk else { return }
        tags?.rewrite(&last)
        details?.rewrite(&last)
        chunks.append(last)
    }

    private mutating func decode(
        _ read: UnsafeRawBufferPointer,
        into chunks: inout [ChatChunk]
    ) throws(ChatFailure) {
        if let failure { throw failure }
        if isDone { return }
        do throws(ChatFailure) {
            var position = 0
            while let split = try unsafe splitter.nextEvent(in: read, at: &position) {
                let data: [UInt8]? = unsafe splitter.withBytes(of: split, in: read) { bytes in
                    let event = unsafe SSEEvent(parsing: bytes)
                    guard event.hasData else { return nil }
                    return unsafe event.withData(in: bytes) { unsafe Array($0) }
                }
                guard let data, data.contains(where: { $0 > 0x20 }) else { continue }
                if unsafe data.withUnsafeBytes({ unsafe isDoneMark($0) }) {
                    markEnd(into: &chunks)
                    return
                }
                var chunk = try Self.chunk(data)
                ends.watch(&chunk)
                tags?.rewrite(&chunk)
                details?.rewrite(&chunk)
                if chunk.choices.contains(where: { $0.finishReason != nil }) { hasFinish = true }
                chunks.append(chunk)
                if let error = chunk.error {
                    failure = .upstream(error)
                    return
                }
            }
        } catch {
            failure = error
            throw error
        }
    }

    private static func chunk(_ data: [UInt8]) throws(ChatFailure) -> ChatChunk {
        try data.answered { (view) throws(ChatFailure) in
            if let failure = UpstreamFailure(answer: view) {
                var chunk = ChatChunk(error: failure)
                chunk.usage = ChatUsage.find(in: view)
                return chunk
            }
            guard let reader = try? JSONObjectReader(view) else {
                throw .malformed("an event of the stream is no object")
            }
            return ChatChunk(openAI: reader)
        }
    }
}

/// Whether a payload is the mark that ends a stream.
func isDoneMark(_ payload: UnsafeRawBufferPointer) -> Bool {
    var range = 0..<payload.count
    while unsafe !range.isEmpty && payload[range.upperBound - 1] <= 0x20 {
        range = range.lowerBound..<range.upperBound - 1
    }
    while unsafe !range.isEmpty && payload[range.lowerBound] <= 0x20 { range = range.lowerBound + 1..<range.upperBound }
    return unsafe range.count == 6 && UnsafeRawBufferPointer(rebasing: payload[range]).elementsEqual("[DONE]".utf8)
}

/// Encodes chunks as a stream of chat completion chunks.
///
/// Sees to what callers rely on: the role stands in the first chunk of each choice, id, time and model are the same on
/// all chunks, usage comes in a chunk of its own with `choices: []` and only when asked for, and `[DONE]` ends the
/// stream.
public struct OpenAIChatStreamEncoder: ChatStreamEncoder {
    private let includeUsage: Bool
    private var id: String?
    private var created: Int64?
    private var model: String?
    private var begun: [Int: OpenAIChatThinking] = [:]
    private var usage: ChatUsage?
    private var hasEnded = false
    /// The bytes around the text of a chunk that says nothing else.
    private var aroundText: (before: [UInt8], after: [UInt8])?

    /// Makes an encoder for one stream.
    ///
    /// - Parameter includeUsage: Whether the caller asked for usage (`stream_options.include_usage`).
    public init(includeUsage: Bool) { self.includeUsage = includeUsage }

    /// Appends a chunk's bytes; nothing for a chunk that only carries usage, which is kept for the end.
    public mutating func encode(_ chunk: ChatChunk, into output: inout [UInt8]) {
        guard !hasEnded else { return }
        if let text = chunk.plainText, let around = aroundText, begun[0]?.isInText == true,
            id != nil || chunk.id == nil, created != nil || chunk.created == nil, model != nil || chunk.model == nil
        {
            output.append(contentsOf: around.before)
            JSONString.escape(text.utf8.span, into: &output)
            output.append(contentsOf: around.after)
            return
        }
        if let error = chunk.error {
            hasEnded = true
            return SSEWriter.appendEvent(data: OpenAIChatError.encode(error), to: &output)
        }
        if id == nil || created == nil || model == nil {
            id = id ?? chunk.id
            created = created ?? chunk.created
            model = model ?? chunk.model
            aroundText = nil
        }
        if let counts = chunk.usage { usage = counts }
        if chunk.choices.isEmpty, chunk.usage != nil, chunk.extra.isEmpty { return }
        var chunk = chunk
        for index in chunk.choices.indices {
            let choice = chunk.choices[index]
            if begun[choice.index] == nil { chunk.choices[index].role = choice.role ?? .assistant }
            if let member = begun[choice.index, default: OpenAIChatThinking()].watch(choice) {
                chunk.choices[index].deltaExtra.append(member)
            }
        }
        append(chunk, includeUsage ? .null : .absent, to: &output)
        if aroundText == nil, chunk.plainText != nil { learnText() }
    }

    /// Writes a chunk of text to see what stands around the text.
    private mutating func learnText() {
        var bytes: [UInt8] = []
        append(ChatChunk(choices: [ChatChunk.Choice(content: "")]), includeUsage ? .null : .absent, to: &bytes)
        let mark = Array(#""delta":{"content":"#.utf8)
        // The mark cannot stand in the strings before it, where quotes are escaped.
        guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: mark) }) else { return }
        // Both with the quotes of the text.
        let end = start + mark.count + 1
        aroundText = (Array(bytes[..<end]), Array(bytes[end...]))
    }

    /// Appends the usage when it was asked for and is known, and `[DONE]`.
    public mutating func finish(into output: inout [UInt8]) {
        guard !hasEnded else { return }
        if includeUsage, let usage { append(ChatChunk(), .counts(usage), to: &output) }
        appendDone(into: &output)
    }

    /// Appends what comes before `[DONE]`: the usage when it was asked for and is known.
    ///
    /// For callers that must record the answer before they send ``doneEvent``.
    public mutating func finishBeforeDone(into output: inout [UInt8]) {
        guard !hasEnded else { return }
        if includeUsage, let usage { append(ChatChunk(), .counts(usage), to: &output) }
        hasEnded = true
    }

    /// Appends an error event; no `[DONE]` follows it.
    public mutating func fail(_ error: GatewayError, into output: inout [UInt8]) {
        guard !hasEnded else { return }
        hasEnded = true
        OpenAIChatError.appendEvent(error, to: &output)
    }

    /// The bytes of the event that ends a stream.
    public static let doneEvent = Array("data: [DONE]\n\n".utf8)

    private mutating func appendDone(into output: inout [UInt8]) {
        hasEnded = true
        output.append(contentsOf: Self.doneEvent)
    }

    private func append(_ chunk: ChatChunk, _ usage: ChatChunk.UsageMember, to output: inout [UInt8]) {
        var chunk = chunk
        (chunk.id, chunk.created, chunk.model) = (id, created, model)
        output.append(contentsOf: "data: ".utf8)
        JSONWriter.append(to: &output) { chunk.write(to: &$0, usage: usage) }
        output.append(contentsOf: "\n\n".utf8)
    }
}

extension ChatChunk {
    /// The text of a chunk that carries nothing but a piece of text of the first answer.
    fileprivate var plainText: String? {
        guard choices.count == 1, usage == nil, error == nil, extra.isEmpty else { return nil }
        return choices[0].plainText
    }
}

extension ChatChunk.Choice {
    fileprivate var plainText: String? {
        guard let content, !content.isEmpty, index == 0, role == nil, reasoning == nil, refusal == nil,
            toolCalls.isEmpty,
            !opensPart, signature == nil, parts.isEmpty, finishReason == nil, vendorReason == nil, extra.isEmpty,
            deltaExtra.isEmpty
        else { return nil }
        return content
    }
}
