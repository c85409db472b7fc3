public import MartletCore
import MartletWire

/// Decodes a stream of answer lines.
///
/// The result does not depend on how the bytes are cut into reads. What follows the line with `"done": true` is not
/// looked at.
public struct OllamaStreamDecoder: ChatStreamDecoder {
    /// The longest line in bytes, since calls of tools come in one piece: 4 MiB.
    public static let maxLine = 4 << 20

    private var splitter = NDJSONSplitter(maxLine: maxLine)
    private var failure: ChatFailure?
    private var isDone = false
    private var hasBegun = false
    private var callCount = 0

    /// Makes a decoder for one stream.
    public init() {}

    /// Decodes one read and appends the chunks that are complete.
    ///
    /// An error line becomes a last chunk with ``ChatChunk/error`` set.
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

    /// Says that no more bytes come; a last line that has no ending is not looked at.
    ///
    /// - Throws: ``ChatFailure/cut`` when the last line did not come, or the failure that ended the stream.
    public mutating func finish() throws(ChatFailure) {
        if let failure { throw failure }
        if isDone { return }
        failure = .cut
        throw .cut
    }

    /// Says that no more bytes come, and decodes a last line that has no ending.
    ///
    /// Ollama itself ends every line; other servers of its API may not.
    ///
    /// - Throws: As ``finish()``, and ``ChatFailure/malformed(_:)``.
    public mutating func finish(into chunks: inout [ChatChunk]) throws(ChatFailure) {
        if failure == nil, !isDone, let line = splitter.finish() {
            let none = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
            let bytes = unsafe splitter.withBytes(of: line, in: none) { unsafe Array($0) }
            // A line that was cut is a cut stream, whatever its bytes look like.
            if (try? JSONDocument(bytes)) != nil {
                try unsafe bytes.span.withUnsafeBytes { (bytes) throws(ChatFailure) in
                    try unsafe add(bytes, to: &chunks)
                }
            }
        }
        try finish()
    }

    private mutating func decode(
        _ read: UnsafeRawBufferPointer,
        into chunks: inout [ChatChunk]
    ) throws(ChatFailure) {
        if let failure { throw failure }
        var position = 0
        while !isDone, failure == nil, let line = try unsafe next(read, &position) {
            // Lent by a copy of the splitter, so that the line's place in it stays while the decoder changes.
            let splitter = splitter
            try unsafe splitter.withBytes(of: line, in: read) { (bytes) throws(ChatFailure) in
                guard unsafe bytes.contains(where: { $0 > 0x20 }) else { return }
                try unsafe add(bytes, to: &chunks)
            }
        }
    }

    private mutating func next(
        _ read: UnsafeRawBufferPointer,
        _ position: inout Int
    ) throws(ChatFailure) -> NDJSONLine? {
        do throws(NDJSONError) {
            return try unsafe splitter.next(in: read, at: &position)
        } catch {
            failure = .malformed("a line of the stream is over its limit")
            throw .malformed("a line of the stream is over its limit")
        }
    }

    /// Adds the chunk of a line; an error line ends the stream.
    private mutating func add(_ line: UnsafeRawBufferPointer, to chunks: inout [ChatChunk]) throws(ChatFailure) {
        do throws(ChatFailure) {
            chunks.append(try unsafe chunk(line))
        } catch {
            failure = error
            guard case .upstream(let upstream) = error else { throw error }
            chunks.append(ChatChunk(error: upstream))
        }
    }

    private mutating func chunk(_ line: UnsafeRawBufferPointer) throws(ChatFailure) -> ChatChunk {
        var scanner = JSONScanner()
        do throws(JSONError) {
            try unsafe scanner.finish(line)
        } catch {
            throw .malformed(error.description)
        }
        guard let view = unsafe JSONView(validated: line, range: scanner.rootRange) else {
            throw .malformed("the answer is no object")
        }
        let answer = try OllamaAnswer(view, firstCall: callCount)
        var choice = ChatChunk.Choice(
            // Every line names the role; one is enough.
            role: hasBegun ? nil : answer.role ?? .assistant,
            content: answer.content.flatMap { $0.isEmpty ? nil : $0 },
            reasoning: answer.thinking.flatMap { $0.isEmpty ? nil : $0 }
        )
        hasBegun = true
        for call in answer.calls {
            var delta = ChatChunk.ToolCallDelta(
                index: callCount,
                id: call.id,
                kind: call.kind,
                name: call.name,
                arguments: call.arguments
            )
            (delta.extra, delta.innerExtra) = (call.extra, call.innerExtra)
            choice.toolCalls.append(delta)
            callCount += 1
        }
        choice.extra = answer.choiceExtra
        choice.deltaExtra = answer.messageExtra
        isDone = answer.isDone
        if isDone { choice.finishReason = answer.finishReason(hasCalls: callCount > 0) }
        var chunk = ChatChunk(created: answer.created, model: answer.model, choices: [choice], usage: answer.usage)
        chunk.extra = answer.extra
        return chunk
    }
}
