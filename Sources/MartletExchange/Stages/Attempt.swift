import MartletCore
import MartletDialects
import MartletGovernance
import MartletRouting
import NIOCore

/// Stage *attempt*: one call on one target, until its answer can be committed.
extension Exchange {
    /// Begins an attempt on the machine's current target, once there is a slot on it.
    mutating func beginAttempt(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        guard let target = currentTarget else { return }
        deadlines.retry = nil
        // A second guard behind the plan: content that may not leave the device is never sent to a remote target.
        if privacy == .localOnly, !target.isLocal {
            let error = GatewayError(.localUnavailable, "No local target can serve this model.", retryAfterSeconds: 5)
            return fail(with: error, &env, &actions)
        }
        if isEstimated(by: target) { return answerEstimate(&env, &actions) }
        // What was asked for on the way here, such as pictures, was asked for under the same leave.
        if call?.permit == nil, !admitAttempt(on: target, &env, &actions) { return }
        do throws(GatewayError) {
            guard try translate(for: target, &env, &actions) else { return }
        } catch {
            return cannotCarry(error, &env, &actions)
        }
        takeTargetSlot(target, &env, &actions)
    }

    /// The target the machine points at.
    var currentTarget: Target? {
        guard let index = call?.machine.target, let count = plan?.targets.count, index < count else { return nil }
        return plan?.targets[index]
    }

    /// Starts a leg on the machine's current target: the built-in model answers at once, all others are dialled.
    mutating func startLeg(
        on target: Target,
        slot: SlotID?,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let permit = call?.permit, let place = call?.machine.target else { return }
        call?.permit = nil
        call?.machine.begin()
        // What the attempts before this one left behind is not about it.
        call?.lastBody = nil
        answer.upstreamEnded = nil
        guard let id = addLeg(on: target, at: place, permit, slot) else { return }
        guard target.dialect != .mock else { return answerFromMock(id, &env, &actions) }
        dial(id, target, &env, &actions)
    }

    /// Adds a leg that has the request which was made last.
    ///
    /// - Parameter place: The target's place in the plan.
    mutating func addLeg(on target: Target, at place: Int, _ permit: AttemptPermit, _ slot: SlotID?) -> LegID? {
        guard let id = call?.makeLegID() else { return nil }
        trace.add(.attempt, place, call?.machine.attempts ?? 0)
        var leg = Leg(id: id, target: target, at: place, permit: permit, slot: slot)
        leg.request = translated
        translated = nil
        call?.legs.append(leg)
        return id
    }

    mutating func dial(
        _ id: LegID,
        _ target: Target,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let index = call?.index(of: id) else { return }
        let limit = target.timeouts.connect ?? snapshot.timeouts.connect
        let deadline = min(env.now + limit, deadlines.total ?? env.now + limit)
        call?.legs[index].deadlines.connect = deadline
        if call?.legs[index].deadlines.attempt == nil, let limit = target.timeouts.total {
            call?.legs[index].deadlines.attempt = env.now + limit
        }
        actions.add(.dial(id, target, privacy: privacy, fresh: call?.redialled ?? false, deadline: deadline))
        arm(&actions)
    }

    /// The connection is there: records the intent if this is the first, and sends the request.
    mutating func legConnected(
        _ id: LegID,
        reused: Bool,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let index = call?.index(of: id), call?.legs[index].phase == .dialing else { return }
        guard let target = call?.legs[index].target else { return }
        var request = upstreamRequest(of: index, for: target)
        if let authorization = target.authorization { addCallerCredential(authorization, to: &request) }
        if let translated = call?.legs[index].request {
            call?.legs[index].translation = Boxed(translated.value.translation)
            if mayStitch { call?.legs[index].translation?.value.remember() }
        }
        call?.legs[index].phase = .sent
        call?.legs[index].isReused = reused
        call?.legs[index].sentAt = env.now
        // The first request counts: what comes after it is time of the upstream, not of the gateway.
        answer.sentAt = answer.sentAt ?? env.now
        call?.legs[index].deadlines.connect = nil
        if facts.stream {
            // The last candidate has only the total limit: there is nobody else to ask.
            if target.timeouts.firstToken != nil || !isLastCandidate(after: call?.legs[index].place ?? 0, &env) {
                let limit = target.timeouts.firstToken ?? snapshot.timeouts.firstToken
                call?.legs[index].deadlines.firstToken = env.now + limit
            }
        } else if let limit = snapshot.timeouts.responseHead {
            call?.legs[index].deadlines.responseHead = env.now + limit
        }
        trace.add(.sent, reused ? 1 : 0, call?.legs[index].place ?? 0)
        if snapshot.hedge.isEnabled { waitToHedge(target, &env) }
        recordIntent(of: id, &env, &actions)
        actions.add(.sendUp(id, request))
        actions.add(.readLeg(id))
        arm(&actions)
    }

    /// The ledger knows of a request before its first byte goes upstream, and of each further attempt before its own.
    mutating func recordIntent(of leg: LegID, _ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        // The parts of a request for vectors are as many as its texts: their sum is known at the end.
        guard call?.intentLeg != leg, embedding == nil || call?.intentLeg == nil else { return }
        call?.intentLeg = leg
        // With its estimated cost, which counts if the process dies before the ending is written: that of the attempts
        // which run, and what those before them took.
        let running = Int64(max(1, call?.legs.count { $0.sentAt != nil } ?? 1))
        let input = facts.estimatedInputTokens.multipliedReportingOverflow(by: running)
        var usage = Usage(inputTokens: input.overflow ? .max : input.partialValue, outputTokens: 0, estimated: true)
        let charge = currentTarget.map { Charge(usage, on: $0, after: spent) }
        if let spent { usage = usage.adding(spent.value.usage) }
        let cost = Self.adjusted(charge?.cost, by: adjustment, isAnswered: answer.isCommitted)
        actions.add(.record(ledgerRecord(.intent, usage: usage, cost: cost, &env)))
    }

    /// A leg's response head decides how its body is read.
    mutating func legHead(
        _ id: LegID,
        _ head: UpstreamHead,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let index = call?.index(of: id), call?.legs[index].phase == .sent else { return }
        call?.legs[index].deadlines.responseHead = nil
        call?.legs[index].status = head.status
        call?.legs[index].isJSON = head.media == .json
        call?.legs[index].retryAfter = head.retryAfter
        call?.legs[index].told = head.told
        let phase: Leg.Phase
        if !(200..<300).contains(head.status) {
            phase = .errorBody
            // The status that decides is known; its body may not hold the request up.
            call?.legs[index].deadlines.responseHead = env.now + Self.errorBodyLimit
        } else if passThrough != nil, head.media != .json {
            return passOn(index, head, &env, &actions)
        } else if facts.stream, head.media == call?.legs[index].streamMedia {
            phase = .gate
            if call?.legs[index].translation == nil {
                call?.legs[index].watcher = OpenAIChatWatcher(callerWantsUsage: facts.includeUsage)
            }
        } else if head.media == .json {
            // A JSON body where a stream was asked for is an error in disguise or no answer; its text decides.
            phase = .wholeBody
        } else {
            return attemptFailed(id, AttemptFailure(.badResponse, status: head.status), &env, &actions)
        }
        call?.legs[index].phase = phase
        actions.add(.readLeg(id))
        arm(&actions)
    }

    /// How long an upstream may take for the body of an error.
    private static var errorBodyLimit: Duration { .seconds(5) }

    /// Bytes of a leg's response.
    mutating func legBytes(
        _ id: LegID,
        _ bytes: ByteBuffer,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let index = call?.index(of: id), let phase = call?.legs[index].phase else { return }
        let received = (call?.legs[index].received ?? 0) + bytes.readableBytes
        call?.legs[index].received = received
        switch phase {
        case .dialing, .sent:
            break
        case .errorBody:
            guard received <= snapshot.limits.maxGateBytes else {
                // The status decides; nobody needs the rest of an error without end.
                call?.legs[index].held = ByteBuffer()
                if let leg = call?.legs[index] { errorBodyEnded(leg, &env, &actions) }
                return
            }
            hold(bytes, index)
            actions.add(.readLeg(id))
        case .wholeBody:
            guard received <= snapshot.limits.maxUpstreamBodyBytes else {
                return attemptFailed(id, AttemptFailure(.badResponse), &env, &actions)
            }
            hold(bytes, index)
            actions.add(.readLeg(id))
        case .gate, .relaying:
            streamBytes(index, bytes, &env, &actions)
        case .raw:
            rawBytes(id, bytes, &env, &actions)
        }
    }

    private mutating func hold(_ bytes: ByteBuffer, _ index: Int) {
        if call?.legs[index].held.readableBytes == 0 {
            call?.legs[index].held = bytes
        } else {
            call?.legs[index].held.writeImmutableBuffer(bytes)
        }
    }

    /// A leg's response is complete.
    mutating func legEnd(_ id: LegID, _ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        guard let index = call?.index(of: id), let phase = call?.legs[index].phase else { return }
        answer.upstreamEnded = env.now
        switch phase {
        case .dialing, .sent:
            attemptFailed(id, AttemptFailure(.reset), &env, &actions)
        case .errorBody:
            if let leg = call?.legs[index] { errorBodyEnded(leg, &env, &actions) }
        case .wholeBody:
            wholeBodyEnded(index, &env, &actions)
        case .gate, .relaying:
            streamEnded(index, &env, &actions)
        case .raw:
            rawEnded(&env, &actions)
        }
    }

    /// A leg ended without a complete response.
    mutating func legFailed(
        _ id: LegID,
        _ failure: LegFailure,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let index = call?.index(of: id), let leg = call?.legs[index] else { return }
        switch (leg.phase, failure) {
        case (.relaying, _), (.raw, _):
            interrupted(&env, &actions)
        case (_, .forbidden):
            attemptFailed(id, AttemptFailure(.forbidden), &env, &actions)
        case (.sent, .closed) where leg.isReused && call?.redialled == false:
            // An idle connection that the upstream had closed: the request goes out again and no attempt is counted.
            call?.redialled = true
            call?.legs[index].phase = .dialing
            trace.add(.redialled)
            dial(id, leg.target, &env, &actions)
        case (.dialing, _):
            attemptFailed(id, AttemptFailure(.connect), &env, &actions)
        case (_, .framing):
            attemptFailed(id, AttemptFailure(.badResponse), &env, &actions)
        default:
            attemptFailed(id, AttemptFailure(.reset), &env, &actions)
        }
    }

    mutating func errorBodyEnded(
        _ leg: Leg,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        if leg.status == 401 || leg.status == 403, renewsCredential(of: leg, &env, &actions) { return }
        let upstream: UpstreamFailure
        let body: ByteBuffer
        var status = leg.status
        if let failure = embeddingFailure(leg) {
            (upstream, body) = failure
        } else if let translation = leg.translation?.value {
            (upstream, body, status) = translation.failure(leg.held, status: leg.status, leg.told?.errorType)
        } else {
            upstream = UpstreamFailure(openAI: Array(leg.held.readableBytesView))
            body = leg.held
            status = upstream.meantStatus(behind: status)
        }
        if leg.received <= snapshot.limits.maxGateBytes {
            call?.lastBody = UpstreamErrorBody(
                status: status,
                body: body,
                saysNothing: leg.received == 0,
                contentType: leg.isJSON || body != leg.held ? "application/json" : "text/plain; charset=utf-8"
            )
        }
        if leg.status == 400, upstream.refusesReasoning, mayDisownReasoning(isDraining: env.isDraining) {
            return disownReasoning(leg, &env, &actions)
        }
        let failure = AttemptFailure(
            status: status,
            code: upstream.name,
            retryAfter: leg.retryAfter ?? upstream.retryAfter
        )
        // What a caller's own key comes to is the caller's to know.
        if failure.kind == .auth, leg.target.authorization?.caller == nil || !isAboutCaller(failure, on: leg.target) {
            env.refused(leg.target, status: status, saying: upstream)
        }
        attemptFailed(leg.id, failure, &env, &actions)
    }

    /// An attempt is over without an answer: the same target again, the next one, or the end.
    mutating func attemptFailed(
        _ id: LegID,
        _ failure: AttemptFailure,
        saying words: ChatFailure? = nil,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let index = call?.index(of: id), let leg = call?.legs[index] else { return }
        if case .upstream(let upstream)? = words, let status = failure.status {
            call?.lastBody = UpstreamErrorBody(status: status, body: leg.errorBody(of: upstream, status: status))
        }
        // What a caller's own key comes to says nothing of the gateway's.
        let isTargets = leg.target.authorization?.caller == nil || !isAboutCaller(failure, on: leg.target)
        // What a stream of no use says it took was taken all the same.
        if let usage = leg.reportedUsage { spend(usage, on: leg.target) }
        drop(leg, outcome: failure.outcomeLabel, isTargets ? .failed(failure) : .abandoned, &env, &actions)
        trace.add(.failed, Int(failure.kind.rawValue), failure.status ?? 0, leg.place)
        deadlines.hedge = nil
        if leavesToOther(leg, failure, &env, &actions) { return }
        var situation = AttemptMachine.Situation(
            timeLeft: (deadlines.total ?? env.now) - env.now,
            random: env.random(),
            mayNotRetry: env.isDraining || goesOnInThread,
            largerWindow: leg.target.contextWindow.flatMap { targetHolding(moreThan: $0) }
        )
        if failure.kind == .auth { situation.otherCredential = targetWithCredential(otherThan: leg.target) }
        if failure.kind == .contextLength { call?.tooSmallWindow = leg.target.contextWindow }
        // Only what would be repeated takes from the retry budget; a circuit that this failure opened refuses it anyway.
        if call?.machine.wouldRetry(failure, situation) == true {
            let isOpen = env.standing(of: leg.target).obstacle == .circuitOpen
            situation.budgetHasRoom = !isOpen && env.takeRetry(leg.target)
        }
        guard let next = call?.machine.failed(failure, situation) else { return }
        switch next {
        case .retry(let wait):
            trace.add(.retry, wait.wholeMilliseconds)
            if wait <= .zero { return beginAttempt(&env, &actions) }
            deadlines.retry = env.now + wait
            arm(&actions)
        case .advance:
            beginAttempt(&env, &actions)
        case .giveUp(let last):
            if let place = placePassedOver(after: failure, situation) {
                call?.machine.skip(to: place)
                return beginAttempt(&env, &actions)
            }
            giveUp(last, &env, &actions)
        }
    }

    /// The next target that is declared to hold more tokens than `window`.
    func targetHolding(moreThan window: Int) -> Int? {
        guard let plan, let call else { return nil }
        return plan.targets.indices.first { $0 > call.machine.target && (plan.targets[$0].contextWindow ?? 0) > window }
    }

    /// The next target that is shown another credential.
    private func targetWithCredential(otherThan refused: Target) -> Int? {
        guard let count = plan?.targets.count, let next = call?.machine.nextTarget, next < count else { return nil }
        let credential = refused.id.credential
        return (next..<count).first { plan?.targets[$0].id.credential != credential }
    }

    /// Ends a leg: its connection, its slot, its entry in the list.
    mutating func drop(
        _ leg: Leg,
        outcome: String,
        _ end: AttemptEnd,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        env.attemptEnded(on: leg.target, leg.permit, end)
        if leg.heldBack > 0 {
            body.hold(-leg.heldBack)
            _ = env.holdBytes(-leg.heldBack)
        }
        release(leg, outcome: outcome, &actions)
    }

    /// Ends a leg whose leave goes on.
    mutating func release(_ leg: Leg, outcome: String, _ actions: inout ActionList) {
        actions.add(.cancelLeg(leg.id))
        if let slot = leg.slot, slots.release(slot) { actions.add(.releaseSlot(slot)) }
        call?.legs.removeAll { $0.id == leg.id }
        call?.outcomes.append(.init(provider: leg.target.account.rawValue, outcome: outcome))
    }
}
