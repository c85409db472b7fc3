public import MartletCore
import MartletWire

/// Decodes a stream of `GenerateContentResponse` events.
///
/// The result does not depend on how the bytes are cut into reads. There is no mark at the end: a stream is complete when
/// its bytes end after a reason to stop, or after the prompt was refused. Usage stands on every event and grows; the
/// last one counts.
public struct GeminiStreamDecoder: ChatStreamDecoder {
    /// The longest event in bytes, since pictures and calls of tools come in one piece: 16 MiB.
    public static let maxEvent = 16 << 20

    private var splitter = SSESplitter(maxLine: maxEvent, maxEvent: maxEvent)
    private var failure: ChatFailure?
    private var callCounts: [Int: Int] = [:]
    private var begun: Set<Int> = []
    /// The text of each answer so far, in which sources that come at the end have their places.
    private var texts: [Int: [UInt8]] = [:]
    private var cited: [Int: Set<URLCitation>] = [:]
    private var hasContent = false
    /// Whether a reason to stop was seen, or that the prompt was refused.
    private var hasFinish = false
    /// Bytes before the first event where they are no event: an error in plain JSON.
    private var plain: [UInt8]? = []
    private let origin: String?
    private let memory: GeminiSignatures?
    private let seed: String?

    private static let longestPlain = 64 << 10

    /// Makes a decoder for one stream.
    ///
    /// - Parameters:
    ///   - origin: The name of the account, which signatures are marked with.
    ///   - memory: Where the signatures of calls are kept.
    ///   - seed: What tells calls without ids from those of other answers.
    public init(origin: String? = nil, memory: GeminiSignatures? = nil, seed: String? = nil) {
        self.origin = origin
        self.memory = memory
        self.seed = seed
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

    /// Always `false`: more may come until the bytes end.
    public var isComplete: Bool { false }

    /// Says that no more bytes come.
    ///
    /// - Throws: ``ChatFailure/cut`` when no reason to stop was seen, or the failure that ended the stream.
    public mutating func finish() throws(ChatFailure) {
        if let failure { throw failure }
        if hasFinish, splitter.pendingBytes == 0 { return }
        failure = .cut
        throw .cut
    }

    /// Says that no more bytes come, and decodes a last event that has no blank line behind it.
    ///
    /// - Throws: As ``finish()``.
    public mutating func finish(into chunks: inout [ChatChunk]) throws(ChatFailure) {
        if failure == nil, splitter.pendingBytes > 0 {
            // An event that was cut is a cut stream; a whole one counts.
            let data: [UInt8]? = unsafe splitter.withPending { bytes in
                let event = unsafe SSEEvent(parsing: bytes)
                guard event.hasData else { return nil }
                return unsafe event.withData(in: bytes) { unsafe Array($0) }
            }
            if let data, (try? JSONDocument(data)) != nil {
                splitter = SSESplitter(maxLine: Self.maxEvent, maxEvent: Self.maxEvent)
                try take(data, into: &chunks)
            }
        }
        try readPlain(into: &chunks)
        try finish()
    }

    private mutating func decode(
        _ read: UnsafeRawBufferPointer,
        into chunks: inout [ChatChunk]
    ) throws(ChatFailure) {
        if let failure { throw failure }
        unsafe keepPlain(read)
        do throws(ChatFailure) {
            var position = 0
            while let split = try unsafe splitter.nextEvent(in: read, at: &position) {
                let data: [UInt8]? = unsafe splitter.withBytes(of: split, in: read) { bytes in
                    let event = unsafe SSEEvent(parsing: bytes)
                    guard event.hasData else { return nil }
                    return unsafe event.withData(in: bytes) { unsafe Array($0) }
                }
                guard let data, data.contains(where: { $0 > 0x20 }) else { continue }
                plain = nil
                try take(data, into: &chunks)
                if failure != nil { return }
            }
        } catch {
            failure = error
            throw error
        }
    }

    /// Keeps what comes before any event, for an error that came without the framing of a stream.
    private mutating func keepPlain(_ read: UnsafeRawBufferPointer) {
        guard plain != nil else { return }
        if (plain?.count ?? 0) + read.count > Self.longestPlain {
            plain = nil
        } else {
            unsafe plain?.append(contentsOf: read)
        }
    }

    private mutating func readPlain(into chunks: inout [ChatChunk]) throws(ChatFailure) {
        guard failure == nil, !hasFinish, let bytes = plain, let document = try? JSONDocument(bytes) else { return }
        guard let said = document.withView({ UpstreamFailure(geminiAnswer: $0) }) else { return }
        failure = .upstream(said)
        chunks.append(ChatChunk(error: said))
    }

    private mutating func take(_ data: [UInt8], into chunks: inout [ChatChunk]) throws(ChatFailure) {
        let answer: GeminiAnswer
        do throws(ChatFailure) {
            answer = try data.answered { (view) throws(ChatFailure) in
                try GeminiAnswer(view, origin: origin, seed: seed, callCounts: callCounts)
            }
        } catch {
            failure = error
            guard case .upstream(let said) = error else { throw error }
            chunks.append(ChatChunk(error: said))
            return
        }
        let first = chunks.count
        for candidate in answer.candidates {
            if let said = answer.failure(of: candidate, hasContent: hasContent) {
                failure = .upstream(said)
                var last = ChatChunk(id: answer.id, model: answer.model, error: said)
                last.usage = answer.usage
                chunks.append(last)
                return
            }
            add(candidate, answer, to: &chunks)
        }
        if let reason = answer.blockReason, answer.candidates.isEmpty {
            hasFinish = true
            var choice = ChatChunk.Choice(role: .assistant, finishReason: .contentFilter)
            choice.vendorReason = reason
            chunks.append(ChatChunk(id: answer.id, model: answer.model, choices: [choice]))
        }
        if chunks.count == first {
            guard answer.usage != nil || !answer.extra.isEmpty else { return }
            chunks.append(ChatChunk(id: answer.id, model: answer.model))
        }
        chunks[chunks.count - 1].usage = answer.usage
        chunks[chunks.count - 1].extra = answer.extra
    }

    private mutating func add(_ candidate: GeminiAnswer.Candidate, _ answer: GeminiAnswer, to chunks: inout [ChatChunk])
    {
        guard 0..<1_024 ~= candidate.index else { return }
        var made: [ChatChunk.Choice] = []
        for part in candidate.parts { append(part, candidate.index, to: &made) }
        if let sources = candidate.sources { cite(sources, candidate.index, in: &made) }
        if let name = candidate.finish {
            hasFinish = true
            var choice = made.popLast() ?? ChatChunk.Choice(index: candidate.index)
            let hasCalls = (callCounts[candidate.index] ?? 0) > 0
            (choice.finishReason, choice.vendorReason) = GeminiFinish.decode(name, hasCalls: hasCalls)
            made.append(choice)
        }
        if !candidate.extra.isEmpty {
            if made.isEmpty { made.append(ChatChunk.Choice(index: candidate.index)) }
            made[made.count - 1].extra = candidate.extra
        }
        if !made.isEmpty, begun.insert(candidate.index).inserted { made[0].role = .assistant }
        if made.contains(where: \.bearsContent) { hasContent = true }
        for choice in made { chunks.append(ChatChunk(id: answer.id, model: answer.model, choices: [choice])) }
    }

    /// Tells sources that were not told before, behind the last text.
    private mutating func cite(_ sources: GeminiSources, _ index: Int, in made: inout [ChatChunk.Choice]) {
        let found = sources.citations(in: [texts[index]])[0] ?? []
        let fresh = found.filter { cited[index, default: []].insert($0).inserted }
        guard let member = URLCitation.member(fresh) else { return }
        var choice = ChatChunk.Choice(index: index)
        choice.deltaExtra = [member]
        // Before a signature, which ends the text.
        made.insert(choice, at: (made.lastIndex { $0.content != nil } ?? -1) + 1)
    }

    private mutating func append(_ part: GeminiPart, _ index: Int, to made: inout [ChatChunk.Choice]) {
        var choice = ChatChunk.Choice(index: index)
        switch part.part {
        case .text(let text)? where text.extra.isEmpty:
            if text.text.isEmpty, part.signature == nil { return }
            if !text.text.isEmpty {
                choice.content = text.text
                texts[index, default: []].append(contentsOf: text.text.utf8)
                made.append(choice)
            }
            seal(part.signature, index, closes: true, to: &made)
        case .reasoning(let reasoning)?:
            choice.reasoning = reasoning.text.isEmpty ? nil : reasoning.text
            if let signature = part.signature {
                choice.signature = GeminiSignature.marked(signature, origin: origin)
                choice.origin = origin
                choice.opensPart = reasoning.text.isEmpty
            } else if reasoning.text.isEmpty {
                return
            }
            made.append(choice)
        case .toolCall(let call)?:
            seal(part.signature, index, closes: false, to: &made)
            let number = callCounts[index] ?? 0
            callCounts[index] = number + 1
            var delta = ChatChunk.ToolCallDelta(
                index: number,
                id: call.id,
                kind: .function,
                name: call.name,
                arguments: call.arguments
            )
            (delta.innerExtra, delta.extra) = (call.innerExtra, call.extra)
            if let signature = part.signature {
                delta.extra = [GeminiSignature.member(signature, origin: origin)] + call.extra.without("extra_content")
                memory?.keep(signature, ofCall: call.id, account: origin)
            }
            choice.toolCalls = [delta]
            made.append(choice)
        case let other?:
            choice.parts = [other]
            if case .image(let image) = other { choice.deltaExtra = [GeminiImages.member([image])] }
            made.append(choice)
            seal(part.signature, index, closes: true, to: &made)
        case nil: seal(part.signature, index, closes: true, to: &made)
        }
    }

    /// Adds a piece of sealed reasoning without text.
    ///
    /// - Parameter closes: Whether it stood on what was before it.
    private func seal(_ signature: String?, _ index: Int, closes: Bool, to made: inout [ChatChunk.Choice]) {
        guard let signature else { return }
        var choice = ChatChunk.Choice(index: index)
        choice.signature = GeminiSignature.marked(signature, origin: origin, closes: closes)
        choice.origin = origin
        choice.opensPart = true
        made.append(choice)
    }
}
