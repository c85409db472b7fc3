import MartletCore
import MartletDialects
import MartletGovernance
import MartletRouting
import NIOCore

/// Stage *relay*: the answer goes to the client as it came; usage, end and errors are watched.
extension Exchange {
    // MARK: Whole bodies

    /// A JSON body is complete: checks it, settles, and sends it unchanged.
    mutating func wholeBodyEnded(_ index: Int, _ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        if embedding != nil { return embeddingAnswered(index, &env, &actions) }
        // Read one by one: a copy of the whole leg would be most of this function's time.
        guard let id = call?.legs[index].id, let target = call?.legs[index].target,
            let status = call?.legs[index].status, let body = call?.legs[index].held
        else { return }
        let whole: WholeAnswer
        do throws(ChatFailure) {
            if passThrough != nil {
                whole = WholeAnswer(passed: body)
            } else if isCount {
                guard Self.isTokenCount(body) else { throw .malformed("the answer has no count") }
                whole = WholeAnswer(count: body)
            } else if let work = call?.legs[index].translation?.value.work(body, durations(env)) {
                if isLarge(work) {
                    // An answer that is there has won; one that turns out to be none is followed by the next attempt.
                    dropOthers(than: id, &env, &actions)
                    call?.legs[0].deadlines = LegDeadlines()
                    if let place = call?.legs[0].place, call?.machine.target != place { call?.machine.skip(to: place) }
                    return compute(&env, &actions) { .answer(id, work.outcome()) }
                }
                return answerWorkDone(work.outcome(), index, &env, &actions)
            } else {
                whole = WholeAnswer(try Self.report(of: body), body)
            }
        } catch {
            guard let leg = call?.legs[index] else { return }
            let used = OpenAIChatCodec().usage(ofRefused: Array(body.readableBytesView))
            if let used { spend(used, on: target) }
            return attemptFailed(id, leg.failure(for: error), saying: error, &env, &actions)
        }
        give(whole, status, target, id, &env, &actions)
    }

    /// Whether an answer is checked and translated elsewhere; what asks once more holds the whole request.
    private func isLarge(_ work: AnswerWork) -> Bool {
        max(work.body.readableBytes, work.structured == nil ? 0 : body.count) > Computation.threshold
    }

    /// A whole answer is translated: checks it, settles, and sends it, or asks once more.
    mutating func answerWorkDone(
        _ outcome: AnswerWork.Outcome,
        _ index: Int,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let leg = call?.legs[index] else { return }
        switch outcome.step {
        case .failed(let failure):
            // The provider bills an answer that is of no use, too.
            if let usage = outcome.usage { spend(usage, on: leg.target) }
            attemptFailed(leg.id, leg.failure(for: failure), saying: failure, &env, &actions)
        case .answer(let body):
            give(WholeAnswer(outcome, body), leg.status, leg.target, leg.id, &env, &actions)
        case .repair(let body, let renamedTools, let structured):
            askOnceMore(body, renamedTools, structured, after: leg, usage(of: outcome), &env, &actions)
        case .refuse(let error):
            refuseAnswer(error, of: leg, usage(of: outcome), &env, &actions)
        }
    }

    private func usage(of outcome: AnswerWork.Outcome) -> Usage {
        outcome.usage
            ?? Usage(
                inputTokens: facts.estimatedInputTokens,
                outputTokens: Usage.estimatedTokens(textBytes: outcome.contentBytes),
                estimated: true
            )
    }

    /// Settles a whole answer and sends it.
    private mutating func give(
        _ whole: WholeAnswer,
        _ status: Int,
        _ target: Target,
        _ id: LegID,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        if facts.stream {
            // A complete JSON answer where a stream was asked for cannot be passed on as one; it was paid for all the same.
            if let usage = whole.usage { spend(usage, on: target) }
            return attemptFailed(id, AttemptFailure(.badResponse, status: status), &env, &actions)
        }
        call?.winner = id
        dropOthers(than: id, &env, &actions)
        // The only one by now; read one by one, as above.
        if let dropped = call?.legs[0].dropped { answer.dropped = dropped }
        trace.add(.committed, call?.legs[0].place ?? 0, status)
        answer.usage =
            whole.usage
            ?? Usage(
                inputTokens: facts.estimatedInputTokens,
                outputTokens: whole.estimatedOutputTokens,
                estimated: true
            )
        if let index = call?.index(of: id) { notePromptFit(index) }
        if whole.endsBroken { noteBreak() }
        stage = .relay
        answer.status = status
        var head = answerHead(contentType: "application/json", length: whole.body.readableBytes)
        if let usage = answer.usage {
            let charge = Charge(usage, on: target, after: spent)
            head.facts.cost = Self.adjusted(charge.cost, by: adjustment, isAnswered: true)
        }
        if facts.thread != nil {
            rememberThread(
                AnthropicThreads.messageID(ofAnswer: Array(whole.body.readableBytesView)),
                of: target,
                &actions
            )
        }
        let keeps = responses != nil && call?.legs.first { $0.id == id }?.passesBytes == false
        if responses != nil, !keeps {
            let id = OpenAIResponsesAnswer.id(of: Array(whole.body.readableBytesView))
            rememberMaker(id, of: target, &actions)
        }
        settle(.settled, &env, &actions)
        if keeps { keep(Array(whole.body.readableBytesView), &actions) }
        actions.add(.respond(head))
        actions.add(.body(whole.body))
        actions.add(.endBody)
    }

    /// A whole answer in the caller's dialect, with what counts of it.
    private struct WholeAnswer {
        let body: ByteBuffer
        let usage: Usage?
        let estimatedOutputTokens: Int64
        /// Whether the reason to stop says that the answer is not complete.
        var endsBroken = false

        /// An answer that nobody looks at, but for its usage.
        init(passed body: ByteBuffer) {
            self.body = body
            usage = Usage(passed: Array(body.readableBytesView)) ?? Usage(inputTokens: 0, outputTokens: 0)
            estimatedOutputTokens = 0
        }

        /// A count of tokens, which uses none.
        init(count body: ByteBuffer) {
            self.body = body
            usage = Usage(inputTokens: 0, outputTokens: 0)
            estimatedOutputTokens = 0
        }

        init(_ report: OpenAIChatBodyWatcher.Report, _ body: ByteBuffer) {
            self.body = body
            usage = report.usage
            estimatedOutputTokens = Int64(report.estimatedOutputTokens)
            endsBroken = report.endsBroken
        }

        init(_ outcome: AnswerWork.Outcome, _ body: ByteBuffer) {
            self.body = body
            usage = outcome.usage
            estimatedOutputTokens = Usage.estimatedTokens(textBytes: outcome.contentBytes)
            endsBroken = outcome.endsBroken
        }
    }

    /// How long the answer took so far, as formats tell it that do.
    private func durations(_ env: some ExchangeEnvironment) -> AnswerDurations {
        var durations = AnswerDurations(total: (env.now - receivedAt).wholeNanoseconds)
        if let sent = answer.sentAt, let first = answer.firstToken {
            durations.prompt = first.wholeNanoseconds
            durations.answer = (env.now - sent - first).wholeNanoseconds
        }
        return durations
    }

    /// Checks a whole JSON body.
    private static func report(of body: ByteBuffer) throws(ChatFailure) -> OpenAIChatBodyWatcher.Report {
        var result: Result<OpenAIChatBodyWatcher.Report, ChatFailure> = .failure(.cut)
        unsafe body.withUnsafeReadableBytes { bytes in
            var watcher = OpenAIChatBodyWatcher()
            do throws(ChatFailure) {
                result = .success(unsafe try watcher.finish(bytes))
            } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }

    // MARK: Streams

    /// Bytes of a stream: held back until the first content, sent on afterwards.
    mutating func streamBytes(
        _ index: Int,
        _ bytes: ByteBuffer,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let id = call?.legs[index].id else { return }
        guard let step = call?.legs[index].watch(bytes) else { return }
        let isWinner = call?.winner == id
        if let failure = step.failure {
            if !isWinner, let leg = call?.legs[index] {
                return attemptFailed(id, reason(of: leg, failure), saying: failure, &env, &actions)
            }
            if step.sendable.readableBytes > 0 { actions.add(.body(step.sendable)) }
            return interrupted(by: failure, &env, &actions)
        }
        if !isWinner, snapshot.streams.isHeldBack, step.contentBegan {
            return holdBack(step, index, &env, &actions)
        }
        guard isWinner || step.contentBegan else {
            // Role deltas, comments and pings are held; they go out with the first content, unchanged.
            call?.legs[index].held.writeImmutableBuffer(step.sendable)
            // An end mark before any content is no answer, and nothing that follows it is looked at.
            guard !step.isDone, call?.legs[index].held.readableBytes ?? 0 <= snapshot.limits.maxGateBytes else {
                return attemptFailed(id, AttemptFailure(.badResponse), &env, &actions)
            }
            actions.add(.readLeg(id))
            return
        }
        var sendable = step.sendable
        if !isWinner {
            var held = call?.legs[index].held ?? ByteBuffer()
            call?.legs[index].held = ByteBuffer()
            commit(index, &env, &actions)
            if held.readableBytes > 0 {
                held.writeImmutableBuffer(sendable)
                sendable = held
            }
        }
        // The others are gone by now, so that this leg may have another place.
        let place = call?.index(of: id)
        // What ends a stream that passes as it came waits for the record of its end.
        let last = step.isDone && place.flatMap { call?.legs[$0].passesBytes } == true ? sendable : nil
        if last == nil, sendable.readableBytes > 0 {
            actions.add(.body(sendable))
            deadlines.lastSent = env.now
        }
        deadlines.lastEvent = env.now
        if step.hasContent { deadlines.lastContent = env.now }
        guard let place, call?.legs[place].received ?? 0 <= snapshot.limits.maxUpstreamStreamBytes else {
            return interrupted(&env, &actions)
        }
        if step.isDone {
            streamFinished(last, &env, &actions)
        } else if clientIsWritable {
            actions.add(.readLeg(id))
        }
        // What a stream is waited for only moves back while it goes on; a timer that fires early looks again.
        if !isDone, !isWinner || deadlines.armed == nil { arm(&actions) }
    }

    /// The commit point: from here on nothing is retried, and the body is not needed any more.
    mutating func commit(_ index: Int, _ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        guard let leg = call?.legs[index] else { return }
        if answer.isCommitted { return goOn(with: leg, &env) }
        call?.winner = leg.id
        call?.legs[index].phase = .relaying
        dropOthers(than: leg.id, &env, &actions)
        answer.dropped = leg.dropped
        if leg.permit.isTrial { trialAnswered(leg.id, &env) }
        stage = .relay
        answer.isCommitted = true
        answer.status = 200
        answer.firstToken = leg.sentAt.map { (leg.contentBegan ?? env.now) - $0 }
        if let index = call?.index(of: leg.id) {
            call?.legs[index].deadlines.answered()
            call?.legs[index].request = nil
        }
        deadlines.lastContent = env.now
        deadlines.lastSent = env.now
        if !clientIsWritable { deadlines.stalledSince = env.now }
        trace.add(.committed, leg.place, 200)
        rememberOwnRequest(leg.id)
        // Who may have to ask for the rest of an answer must know the question.
        if !mayStitch {
            _ = env.holdBytes(-body.drop())
            typedRequest = nil
        }
        if responses != nil, leg.passesBytes {
            rememberMaker(leg.translation?.value.answerID, of: leg.target, &actions)
        }
        if facts.thread != nil { rememberThread(leg.translation?.value.answerID, of: leg.target, &actions) }
        actions.add(.respond(streamHead()))
    }

    /// Head of a stream: never cached, never gathered by a proxy on the way.
    func streamHead() -> ResponseHead {
        var head = answerHead(contentType: format.answer.streamType, length: nil)
        head.more.append(.init(name: "cache-control", value: "no-cache"))
        head.more.append(.init(name: "x-accel-buffering", value: "no"))
        return head
    }

    private func answerHead(contentType: String, length: Int?) -> ResponseHead {
        ResponseHead(status: answer.status, contentType: contentType, contentLength: length, facts: answerFacts())
    }

    /// The upstream's stream is over: complete if its end was seen.
    mutating func streamEnded(_ index: Int, _ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        guard let leg = call?.legs[index], let end = call?.legs[index].endOfStream() else { return }
        switch end {
        case .done, .finished:
            // A stream whose end came with its first content is committed by now, unless it was all one event.
            if call?.winner == leg.id {
                streamFinished(nil, &env, &actions)
            } else if leg.contentBegan != nil, leg.finishSeen {
                giveHeldBack(index, &env, &actions)
            } else {
                attemptFailed(leg.id, AttemptFailure(.badResponse, status: leg.status), &env, &actions)
            }
        case .empty:
            attemptFailed(leg.id, AttemptFailure(.badResponse, status: leg.status), &env, &actions)
        case .failed(let failure):
            if call?.winner == leg.id { return interrupted(by: failure, &env, &actions) }
            attemptFailed(leg.id, reason(of: leg, failure), saying: failure, &env, &actions)
        }
    }

    /// The stream's end was seen: settles, then sends what ends it.
    ///
    /// - Parameter last: The bytes that end it, where they pass as they came.
    mutating func streamFinished(
        _ last: ByteBuffer?,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let winner = call?.winner, let index = call?.index(of: winner) else { return }
        guard call?.legs[index].finishSeen == true else { return interrupted(&env, &actions) }
        answer.upstreamEnded = env.now
        answer.usage = call?.legs[index].reportedUsage ?? estimatedUsage()
        notePromptFit(index)
        if call?.legs[index].endsBroken == true { noteBreak() }
        let durations = durations(env)
        let ending =
            last ?? call?.legs[index].translation?.value.ending(durations)
            ?? Self.chatEnding(call?.legs[index].watcher?.missingEnd)
        let response = responses == nil ? nil : call?.legs[index].translation?.value.finalResponse
        settle(.settled, &env, &actions)
        keep(response, &actions)
        if ending.readableBytes > 0 { actions.add(.body(ending)) }
        actions.add(.endBody)
    }

    /// What ends a stream of chat completions: the mark, behind a reason to stop that the server left empty.
    private static func chatEnding(_ missing: [UInt8]?) -> ByteBuffer {
        ByteBuffer(bytes: missing.map { $0 + OpenAIChatStreamEncoder.doneEvent } ?? OpenAIChatStreamEncoder.doneEvent)
    }

    /// The caller sees from the reason to stop that the answer is not complete; of its target it says what a failure does.
    private mutating func noteBreak() { answer.breakOff = Boxed(AttemptFailure(.serverError)) }

    /// The stream broke after the commit point.
    mutating func interrupted(
        by failure: ChatFailure = .cut,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        if snapshot.streams.isStitched, stitches(after: failure, &env, &actions) { return }
        trace.add(.interrupted)
        if case .upstream = failure, let winner = call?.winner, let index = call?.index(of: winner),
            let reason = call?.legs[index].failure(for: failure)
        {
            answer.breakOff = Boxed(reason)
        }
        var error = failure.interruption
        // The one reason that Anthropic's clients act on.
        if format.answer == .anthropicMessages, case .upstream(let said) = failure, said.name == "overloaded_error" {
            error = GatewayError(.overloaded, "The upstream is overloaded and broke its answer off.")
        }
        endStream(with: error, &env, &actions)
    }

    /// Ends a committed stream with an error event: no end mark, no finish reason.
    mutating func endStream(
        with error: GatewayError,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        // What a continuation failed for is not what the caller saw break.
        let isBroken = call?.winner == nil && error.code != .draining && error.code != .providerTimeout
        let error = isBroken ? call?.stitch?.value.interruption ?? error : error
        if isBroken, call?.stitch != nil { noteNotStitched(.failed) }
        answer.errorCode = error.code
        if let winner = call?.winner, let index = call?.index(of: winner) {
            answer.usage = call?.legs[index].reportedUsage
        }
        if passThrough != nil {
            // Bytes of any kind have no place for an error: the framing says that they are not all.
            settle(.interrupted, &env, &actions)
            actions.add(.abort)
            return
        }
        // To the caller a limit of time in the middle of a stream is a break like others.
        let event = errorEvent(error.code == .providerTimeout ? GatewayError(.streamInterrupted, error.message) : error)
        settle(.interrupted, &env, &actions)
        actions.add(.body(event))
        actions.add(.endBody)
    }

    /// What ends a committed stream with an error, in the caller's dialect.
    private mutating func errorEvent(_ error: GatewayError) -> ByteBuffer {
        if let winner = call?.winner, let index = call?.index(of: winner),
            let event = call?.legs[index].translation?.value.ending(with: error)
        {
            return event
        }
        var event: [UInt8] = []
        if var encoder = call?.stitch?.value.encoder {
            encoder.fail(error, into: &event)
            return ByteBuffer(bytes: event)
        }
        OpenAIChatError.appendEvent(error, to: &event)
        return ByteBuffer(bytes: event)
    }

    /// A comment between two events shows the client that the stream lives.
    mutating func keepAlive(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        guard answer.isCommitted else { return }
        deadlines.lastSent = env.now
        guard passThrough == nil else { return }
        // Between a break and what goes on from it there are whole events only.
        let isBetween = call?.winner.flatMap { call?.index(of: $0) }.map { call?.legs[$0].isBetweenEvents == true }
        // Lines of JSON know no comments.
        guard isBetween ?? true, format.answer.framing == .eventStream else { return }
        // Anthropic's clients see such an event of their own API; to others a comment says nothing.
        let isAnthropic = format.answer == .anthropicMessages
        actions.add(
            .body(
                isAnthropic
                    ? ByteBuffer(bytes: AnthropicMessagesStreamEncoder.pingEvent)
                    : ByteBuffer(staticString: ": keep-alive\n\n")
            )
        )
    }

    /// Back-pressure: a client that does not take bytes stops the reading of its leg.
    mutating func clientWritable(
        _ writable: Bool,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        clientIsWritable = writable
        guard answer.isCommitted else { return }
        if writable {
            deadlines.stalledSince = nil
            deadlines.lastEvent = deadlines.lastEvent.map { _ in env.now }
            deadlines.lastContent = deadlines.lastContent.map { _ in env.now }
            if let winner = call?.winner { actions.add(.readLeg(winner)) }
        } else {
            deadlines.stalledSince = deadlines.stalledSince ?? env.now
        }
        arm(&actions)
    }
}
