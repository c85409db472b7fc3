import MartletCore
import MartletDialects
import MartletRouting

/// A stream that broke and is being continued.
struct Stitch {
    /// What asks for the rest.
    let request: ChatRequest
    /// What the caller has got.
    let delivered: DeliveredAnswer
    /// What wrote that, and writes the rest.
    let encoder: any ChatStreamEncoder
    /// What the caller is told when nothing goes on from it.
    let interruption: GatewayError

    /// Whether a target must be one that goes on from a text.
    var needsPrefix: Bool { delivered.needsPrefix }
}

/// Stitched continuation: after a break the text so far becomes the beginning of the assistant's turn, and a target that can
/// goes on from it. Where that cannot be done truthfully the stream ends with an error event as without.
extension Exchange {
    /// Whether a break of the answer may be mended; then what the question was is kept.
    var mayStitch: Bool {
        guard snapshot.streams.isStitched, !snapshot.streams.isHeldBack, facts.stream, passThrough == nil,
            embedding == nil
        else { return false }
        if case .chat? = endpoint { return true }
        return false
    }

    /// A committed stream has broken: asks for the rest, if anybody can give it.
    ///
    /// - Returns: Whether that is being done.
    mutating func stitches(
        after failure: ChatFailure,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) -> Bool {
        guard mayStitch, answer.isCommitted, let winner = call?.winner, let index = call?.index(of: winner),
            let leg = call?.legs[index]
        else { return false }
        let reason = reason(of: leg, failure)
        let request: ChatRequest
        switch stitchedRequest(of: leg, reason, isDraining: env.isDraining) {
        case .failure(let obstacle): return notStitched(obstacle)
        case .success(let made): request = made
        }
        guard let translation = leg.translation?.value, let delivered = translation.delivered,
            let place = placeToStitch(after: leg.place, delivered, &env)
        else { return notStitched(.noTarget) }
        // It went to the caller, so that it counts, told or estimated.
        let used =
            leg.reportedUsage
            ?? Usage(
                inputTokens: facts.estimatedInputTokens,
                outputTokens: Usage.estimatedTokens(textBytes: leg.contentBytes),
                estimated: true
            )
        spend(used, on: leg.target)
        let isTargets = !isAboutCaller(reason, on: leg.target)
        drop(leg, outcome: reason.outcomeLabel, isTargets ? .failed(reason) : .abandoned, &env, &actions)
        trace.add(.failed, Int(reason.kind.rawValue), reason.status ?? 0, leg.place)
        trace.add(.stitched, place, delivered.text.count)
        call?.winner = nil
        call?.redialled = false
        call?.stitch = Boxed(
            Stitch(
                request: request,
                delivered: delivered,
                encoder: translation.encoderAfterBreak,
                interruption: failure.interruption
            )
        )
        deadlines.lastEvent = nil
        deadlines.lastContent = nil
        stage = .attempt
        call?.machine.skip(to: place)
        beginAttempt(&env, &actions)
        return true
    }

    /// Why a leg whose stream broke is given up; a model that does not go on from a text is not ill.
    mutating func reason(of leg: Leg, _ failure: ChatFailure) -> AttemptFailure {
        if leg.translation?.value.differs == true {
            noteNotStitched(.differs)
            return AttemptFailure(.refused)
        }
        return failure == .cut ? AttemptFailure(.reset) : leg.failure(for: failure)
    }

    private mutating func notStitched(_ obstacle: StitchObstacle) -> Bool {
        noteNotStitched(obstacle)
        return false
    }

    /// Notes why a broken stream is not continued.
    mutating func noteNotStitched(_ obstacle: StitchObstacle) {
        trace.add(.notStitched, StitchObstacle.allCases.firstIndex(of: obstacle) ?? 0)
    }

    /// What asks for the rest, or why nothing can.
    private mutating func stitchedRequest(
        of leg: Leg,
        _ reason: AttemptFailure,
        isDraining: Bool
    ) -> Result<ChatRequest, StitchObstacle> {
        switch reason.kind {
        case .clientError, .contentFilter, .contextLength: return .failure(.cause)
        // Nothing follows a reason to stop, though the end mark is missing.
        default: if isDraining || leg.finishSeen { return .failure(.cause) }
        }
        // OpenAI's responses have ids and numbers of their maker in each event, which nobody else can go on with.
        guard let translation = leg.translation?.value, let delivered = translation.delivered, !goesOnInThread,
            !(translation.passes && format.answer == .openAIResponses)
        else { return .failure(.request) }
        switch delivered.obstacle {
        case .noText?: return .failure(.noText)
        case .calls?: return .failure(.toolCalls)
        case nil: break
        }
        // A large one that passed as it came would hold the loop up.
        guard typedRequest != nil || body.count <= Computation.threshold, let request = try? typed(),
            request.isContinuable
        else { return .failure(.request) }
        return .success(request.continued(from: delivered))
    }

    /// The first other target that can go on from what was delivered and may be asked; else the one whose stream broke.
    private mutating func placeToStitch(
        after broken: Int,
        _ delivered: DeliveredAnswer,
        _ env: inout some ExchangeEnvironment
    ) -> Int? {
        guard call?.machine.mayBegin == true, let count = plan?.targets.count else { return nil }
        for place in (0..<count).filter({ $0 != broken }) + [broken] {
            guard let target = plan?.targets[place], target.goesOn(from: delivered), isFree(target, &env) else {
                continue
            }
            if env.takeRetry(target) { return place }
        }
        return nil
    }

    /// Makes the request for the rest of an answer.
    ///
    /// - Returns: Whether it is made; a large one is made elsewhere, and an event tells when.
    /// - Throws: ``GatewayError`` when the target cannot go on from what was delivered.
    mutating func translateRest(
        for target: Target,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) throws(GatewayError) -> Bool {
        guard let stitch = call?.stitch?.value, target.goesOn(from: stitch.delivered) else {
            throw GatewayError(.unsupportedParameter, "The target does not go on from a text.")
        }
        let spoken = target.spoken(for: format.request)
        let work = TranslationWork(
            target: target,
            spoken: spoken,
            upstream: try codec(spoken, for: target),
            format: format,
            stream: true,
            context: callerContext(),
            body: body.buffer,
            typed: stitch.request,
            disownsReasoning: true
        )
        return try make(work, for: target, &env, &actions)
    }

    /// The rest has begun to come: it goes to the caller where the other stream broke.
    mutating func goOn(with leg: Leg, _ env: inout some ExchangeEnvironment) {
        guard let index = call?.index(of: leg.id) else { return }
        call?.winner = leg.id
        call?.legs[index].phase = .relaying
        call?.legs[index].deadlines.answered()
        call?.legs[index].request = nil
        if leg.permit.isTrial { trialAnswered(leg.id, &env) }
        stage = .relay
        deadlines.lastContent = env.now
        trace.add(.committed, leg.place, 200)
    }
}

extension Target {
    /// Whether it can be asked for the rest of an answer; a call of a tool is made anew, which any of them can.
    fileprivate func goesOn(from delivered: DeliveredAnswer) -> Bool {
        dialect != .mock && (!delivered.needsPrefix || quirks.continuation != nil)
    }
}
