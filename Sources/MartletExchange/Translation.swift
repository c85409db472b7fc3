import MartletCore
import MartletDialects
import MartletRouting
import MartletWire
import NIOCore

/// A call's answer on its way from the target's wire format to the caller's.
///
/// Where both are the same the bytes pass as they came, and the decoder only watches.
struct Translation {
    /// The target's format.
    let upstream: any ChatCodec
    /// The caller's format.
    let caller: any ChatCodec
    /// How the target's streams are cut into events.
    let framing: EventFraming
    /// Whether the bytes pass, because both speak the same.
    let passes: Bool
    /// Whether those of errors do: they pass even where answers have forms that the caller's clients do not know.
    let passesErrors: Bool
    /// The caller's names of tools that were renamed.
    var renamedTools: [String: String]
    /// What a whole answer goes through to get the shape that was asked for.
    var structured: StructuredOutput?
    /// The same for streams.
    private var shaper: StructuredOutputStream?
    /// What stands for an answer's own id, time and model, where it has none.
    let id: String
    let created: Int64
    let model: String?
    /// Tells whether the target shortened the prompt without a word.
    let promptCheck: PromptCheck?
    private var decoder: any ChatStreamDecoder
    private(set) var encoder: any ChatStreamEncoder
    private var chunks: [ChatChunk] = []
    private var output: [UInt8] = []
    /// What the end of the upstream's bytes made complete, in the caller's format.
    private var rest: [UInt8] = []
    /// Bytes of a passing stream that end in the middle of an event.
    private var pending = ByteBuffer()
    /// Whether a passing stream of completions tells its usage for the gateway alone.
    private let hidesUsage: Bool
    /// What the caller has got so far; remembered only where a break may be mended.
    private(set) var delivered: DeliveredAnswer?
    /// Makes the answer go on from another one that broke.
    private var seam: AnswerSeam?
    /// Whether the last block of content that passed has ended (Anthropic's messages), so that what follows begins another.
    private var hasEndedBlock = false
    /// Whether it did not go on from that one.
    private(set) var differs = false
    /// What that one used.
    private var earlier: Usage?
    /// The upstream's own id of its answer, once a stream has told it.
    private(set) var answerID: String?
    /// Usage as far as it was told.
    private(set) var usage: Usage?
    /// Bytes of text, reasoning and arguments so far.
    private(set) var contentBytes = 0
    /// Whether the stream has shown content by now.
    private(set) var contentBegan = false
    /// Whether the reason to stop was seen.
    private(set) var finishSeen = false
    /// Whether the reason to stop says that the answer is not complete; its caller sees the reason.
    private(set) var endsBroken = false

    init(
        from upstream: any ChatCodec,
        to caller: any ChatCodec,
        framing: EventFraming,
        passes: Bool = false,
        passesErrors: Bool? = nil,
        context: CallerContext,
        renamedTools: [String: String] = [:],
        structured: StructuredOutput? = nil,
        isStream: Bool = false,
        promptCheck: PromptCheck? = nil
    ) {
        if isStream { shaper = structured?.makeStream() } else { self.structured = structured }
        self.promptCheck = promptCheck
        self.upstream = upstream
        self.caller = caller
        self.framing = framing
        self.passes = passes
        self.passesErrors = passesErrors ?? passes
        self.renamedTools = renamedTools
        hidesUsage = passes && caller is OpenAICompletionsCodec && !context.includeUsage
        id = "chatcmpl-" + context.id.description
        created = context.created
        model = context.model
        decoder = upstream.makeStreamDecoder()
        encoder = caller.makeStreamEncoder(includeUsage: context.includeUsage)
    }

    /// What the body of a stream claims to be.
    var streamMedia: UpstreamHead.Media { framing.media }

    /// Counts a chunk.
    private mutating func add(_ chunk: ChatChunk, _ step: inout Leg.Step) {
        if let told = chunk.usage?.counts { usage = told }
        if let error = chunk.error {
            step.failure = step.failure ?? .upstream(error)
            return
        }
        if answerID == nil { answerID = chunk.id }
        for choice in chunk.choices {
            contentBytes += choice.outputBytes
            if let failure = choice.breakOff {
                guard contentBegan || contentBytes > 0, passes || caller.tellsAnyReason && choice.tellsOwnReason
                else {
                    step.failure = step.failure ?? .upstream(failure)
                    return
                }
                endsBroken = true
            }
            if choice.finishReason != nil { finishSeen = true }
            if choice.bearsContent { step.hasContent = true }
        }
        if step.hasContent { contentBegan = true }
    }

    // MARK: Breaks that are mended

    /// Remembers what the caller gets.
    mutating func remember() { delivered = delivered ?? DeliveredAnswer() }

    /// Goes on from an answer that broke.
    ///
    /// - Parameters:
    ///   - delivered: What the caller has got of it.
    ///   - encoder: What wrote that.
    ///   - usage: What it used, which is told with what this one uses.
    mutating func goOn(from delivered: DeliveredAnswer, _ encoder: any ChatStreamEncoder, _ usage: Usage?) {
        self.delivered = delivered
        self.encoder = encoder
        seam = AnswerSeam(after: delivered)
        earlier = usage
    }

    /// What wrote, or followed, the stream so far, ready for what goes on from it.
    var encoderAfterBreak: any ChatStreamEncoder {
        guard hasEndedBlock, var own = encoder as? AnthropicMessagesStreamEncoder else { return encoder }
        own.leaveBlock()
        return own
    }

    private mutating func noteBlocks(in bytes: ByteBuffer) {
        guard delivered != nil, encoder is AnthropicMessagesStreamEncoder else { return }
        let text = Array(bytes.readableBytesView)
        let words = Array("\"content_block_".utf8)
        var place = 0
        while place + words.count + 3 <= text.count {
            if text[place] == words[0], text[place..<place + words.count].elementsEqual(words) {
                switch text[(place + words.count)...].prefix(3) {
                case let kind where kind.elementsEqual("sto".utf8): hasEndedBlock = true
                case let kind where kind.elementsEqual("sta".utf8): hasEndedBlock = false
                default: break
                }
            }
            place += 1
        }
    }

    // MARK: Streams

    /// Takes one read; what is complete comes out.
    mutating func watch(_ bytes: ByteBuffer) -> Leg.Step {
        var step = Leg.Step()
        if passes {
            pass(bytes, &step)
        } else {
            translate(bytes, &step)
        }
        step.contentBegan = contentBegan
        step.isDone = step.failure == nil && decoder.isComplete
        return step
    }

    private mutating func translate(_ bytes: ByteBuffer, _ step: inout Leg.Step) {
        output.removeAll(keepingCapacity: true)
        var written: [UInt8] = []
        swap(&written, &output)
        decode(bytes, &step) { chunk, step, this in this.encode(chunk, &written, &step) }
        swap(&written, &output)
        step.sendable = ByteBuffer(bytes: output)
    }

    private mutating func encode(_ chunk: ChatChunk, _ output: inout [UInt8], _ step: inout Leg.Step) {
        guard step.failure == nil else { return }
        var chunk = chunk
        if let counts = chunk.usage?.counts { chunk.usage?.counts = counts.fitted() }
        chunk.id = chunk.id ?? id
        chunk.created = chunk.created ?? created
        chunk.model = chunk.model ?? model
        chunk.restoreToolNames(renamedTools)
        do throws(ChatFailure) {
            try seam?.rewrite(&chunk)
        } catch {
            differs = true
            step.failure = error
            return
        }
        if let earlier, let counts = chunk.usage?.counts { chunk.usage?.counts = counts.adding(earlier) }
        shaper?.rewrite(&chunk)
        delivered?.add(chunk)
        encoder.encode(chunk, into: &output)
    }

    /// What passes is written, too, to nobody: only so is known how to go on from it.
    private mutating func follow() {
        guard delivered != nil else { return }
        var unread: [UInt8] = []
        for chunk in chunks where chunk.error == nil {
            delivered?.add(chunk)
            encoder.encode(chunk, into: &unread)
            unread.removeAll(keepingCapacity: true)
        }
    }

    /// Decodes bytes; each chunk that is no error is counted and handed on.
    private mutating func decode(
        _ bytes: ByteBuffer,
        _ step: inout Leg.Step,
        _ each: (ChatChunk, inout Leg.Step, inout Self) -> Void = { _, _, _ in }
    ) {
        chunks.removeAll(keepingCapacity: true)
        do throws(ChatFailure) {
            try decoder.decode(bytes.readableBytesUInt8Span, into: &chunks)
        } catch {
            step.failure = error
        }
        let decoded = chunks
        for chunk in decoded {
            add(chunk, &step)
            if chunk.error == nil { each(chunk, &step, &self) }
        }
    }

    /// Lets whole events through; an event that tells of a failure, and what follows it, stays here.
    private mutating func pass(_ bytes: ByteBuffer, _ step: inout Leg.Step) {
        let old = pending.readableBytes
        var all = pending
        pending = ByteBuffer()
        if old == 0 { all = bytes } else { all.writeImmutableBuffer(bytes) }
        let end = framing.endOfLastEvent(in: all.readableBytesUInt8Span, after: old)
        var before: Self? = self
        decode(bytes, &step)
        if step.failure != nil, let before {
            // Once more event by event, to see which one it was.
            self = before
            step = Leg.Step()
            return passEachEvent(of: all, old, &step)
        }
        // Before anything is added to what both would share.
        before = nil
        follow()
        guard let end = decoder.isComplete ? end ?? 0 : end else {
            pending = all
            return
        }
        // What ends the stream may end in CR, whose LF nobody waits for.
        if decoder.isComplete, all.readableBytesView.last == UInt8(ascii: "\r") {
            step.sendable = all
            return
        }
        step.sendable = all.readSlice(length: end) ?? ByteBuffer()
        if hidesUsage, chunks.contains(where: \.tellsUsageOnly) { step.sendable = withoutUsage(step.sendable) }
        noteBlocks(in: step.sendable)
        // A copy, so that a few held bytes do not keep a whole read in memory.
        if all.readableBytes > 0 { pending.writeImmutableBuffer(all) }
    }

    /// Whole events without the one that the caller did not ask for.
    private func withoutUsage(_ events: ByteBuffer) -> ByteBuffer {
        var rest = events
        var out = ByteBuffer()
        while let end = framing.endOfFirstEvent(in: rest.readableBytesUInt8Span),
            var event = rest.readSlice(length: end)
        {
            var decoder = upstream.makeStreamDecoder()
            var told: [ChatChunk] = []
            try? decoder.decode(event.readableBytesUInt8Span, into: &told)
            if told.isEmpty || !told.allSatisfy(\.tellsUsageOnly) { out.writeBuffer(&event) }
        }
        out.writeBuffer(&rest)
        return out
    }

    private mutating func passEachEvent(
        of all: ByteBuffer,
        _ decoded: Int,
        _ step: inout Leg.Step
    ) {
        var rest = all
        var seen = decoded
        while let end = framing.endOfFirstEvent(in: rest.readableBytesUInt8Span) {
            guard var event = rest.readSlice(length: end) else { return }
            var fresh = event
            fresh.moveReaderIndex(forwardBy: min(seen, end))
            seen = max(0, seen - end)
            decode(fresh, &step)
            guard step.failure == nil else { return }
            follow()
            noteBlocks(in: event)
            step.sendable.writeBuffer(&event)
        }
        pending.writeImmutableBuffer(rest)
        // The failure lies in the bytes of an event that has no end yet.
        rest.moveReaderIndex(forwardBy: min(seen, rest.readableBytes))
        decode(rest, &step)
    }

    /// What the end of the upstream's bytes means.
    mutating func finish() -> OpenAIChatWatcher.End {
        var last: [ChatChunk] = []
        do throws(ChatFailure) {
            try decoder.finish(into: &last)
        } catch {
            return contentBegan || error != .cut ? .failed(error) : .empty
        }
        var step = Leg.Step()
        var tail: [UInt8] = []
        for chunk in last {
            add(chunk, &step)
            // The bytes of what passes are still held, and go out as they are.
            if !passes { encode(chunk, &tail, &step) }
        }
        rest = tail
        if let failure = step.failure, !passes { return .failed(failure) }
        return contentBegan ? .done : .empty
    }

    /// What ends the caller's stream well.
    ///
    /// - Parameter durations: How long it took, for formats that tell.
    mutating func ending(_ durations: AnswerDurations) -> ByteBuffer {
        if passes { return passingEnd() }
        if var held = shaper?.finish() {
            held.id = id
            held.created = created
            held.model = held.model ?? model
            encoder.encode(held, into: &rest)
        }
        if var timed = encoder as? any TimedStreamEncoder {
            timed.durations = durations
            encoder = timed
        }
        encoder.finish(into: &rest)
        return ByteBuffer(bytes: rest)
    }

    /// Takes out what is held of a passing stream that has ended well.
    mutating func passingEnd() -> ByteBuffer {
        guard passes else { return ByteBuffer() }
        defer { pending = ByteBuffer() }
        guard caller is OpenAICompletionsCodec, !decoder.isComplete else { return pending }
        // The end mark, which the upstream left out; behind what may lack its own end.
        if pending.readableBytes > 0 { pending.writeStaticString("\n\n") }
        pending.writeBytes(OpenAIChatStreamEncoder.doneEvent)
        return pending
    }

    /// The response object after the end, in the dialect of OpenAI's responses.
    var finalResponse: [UInt8]? { passes ? nil : (encoder as? OpenAIResponsesStreamEncoder)?.finalResponse }

    /// What ends the caller's stream with an error.
    mutating func ending(with error: GatewayError) -> ByteBuffer {
        var rest: [UInt8] = []
        if passes, let seen = decoder as? OpenAIResponsesStreamDecoder,
            var own = encoder as? OpenAIResponsesStreamEncoder
        {
            own.goOn(from: seen)
            encoder = own
        }
        encoder.fail(error, into: &rest)
        return ByteBuffer(bytes: rest)
    }

    // MARK: Whole answers

    /// What makes the caller's answer of a whole one.
    ///
    /// - Parameter durations: How long it took, for formats that tell.
    func work(_ body: ByteBuffer, _ durations: AnswerDurations) -> AnswerWork {
        AnswerWork(
            upstream: upstream,
            caller: caller,
            passes: passes,
            renamedTools: renamedTools,
            id: id,
            created: created,
            model: model,
            structured: structured,
            body: body,
            durations: durations
        )
    }

    /// The body of an error that came where an answer was expected.
    ///
    /// - Parameter whole: The upstream's bytes, unless they were part of a stream.
    func errorBody(of said: UpstreamFailure, status: Int, whole: ByteBuffer?) -> ByteBuffer {
        if let whole, passesErrors, upstream.passesFailure(Array(whole.readableBytesView)) { return whole }
        return ByteBuffer(bytes: caller.encodeFailure(said, status: status))
    }

    /// An upstream's error in the caller's dialect, and the status it stands for.
    ///
    /// - Parameters:
    ///   - body: The error's body.
    ///   - status: The answer's status.
    ///   - type: The class of the error, where the answer's head tells it.
    func failure(
        _ body: ByteBuffer,
        status: Int,
        _ type: String?
    ) -> (said: UpstreamFailure, body: ByteBuffer, status: Int) {
        var said = upstream.decodeFailure(Array(body.readableBytesView))
        if passesErrors, upstream.passesFailure(Array(body.readableBytesView)) {
            return (said, body, said.meantStatus(behind: status))
        }
        said.type = said.type ?? type
        let status = said.takeStatus(behind: status)
        return (said, ByteBuffer(bytes: caller.encodeFailure(said, status: status)), status)
    }
}

extension UpstreamFailure {
    /// The status that OpenAI has for a failure where the target's own says something else: TGI's for a prompt that is
    /// too long (422, or 424 from what stands in front of it), OpenRouter's for a moderator's no (403).
    func meantStatus(behind status: Int) -> Int {
        switch (status, code) {
        case (422, "context_length_exceeded"), (424, "context_length_exceeded"), (403, "content_filter"): 400
        default: status
        }
    }

    /// The status of a server that the one which answers stands in front of (424, "Failed Dependency").
    fileprivate mutating func takeStatus(behind status: Int) -> Int {
        let meant = meantStatus(behind: status)
        guard status == 424, meant == status else { return meant }
        guard let number = code.flatMap({ Int($0) }), 400..<600 ~= number else { return status }
        code = nil
        return number
    }
}

/// A request in the dialect of its target, until its leg takes it over.
struct TranslatedRequest {
    var request: UpstreamRequest
    let dropped: [String]
    var translation: Translation
}

extension ChatChunk {
    /// Whether it is the event at the end of a stream that `stream_options.include_usage` asks for.
    fileprivate var tellsUsageOnly: Bool { choices.isEmpty && usage != nil && error == nil }
}
