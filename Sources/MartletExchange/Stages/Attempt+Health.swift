import MartletCore
import MartletGovernance
import MartletRouting

/// What is known of targets decides which are asked, and what became of a request is told back.
extension Exchange {
    /// Asks whether an attempt on a target may begin; goes on to the next one, or ends, when it may not.
    ///
    /// - Returns: Whether it may; the leave is the call's until a leg has it.
    mutating func admitAttempt(
        on target: Target,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) -> Bool {
        switch env.admitAttempt(on: target) {
        case .granted(let permit):
            call?.permit = permit
            return true
        case .refused(let obstacle, let until):
            pass(obstacle, until, &env, &actions)
            return false
        }
    }

    /// A target that must not be asked is passed over.
    private mutating func pass(
        _ obstacle: TargetStanding.Obstacle,
        _ until: Instant?,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard let machine = call?.machine else { return }
        noteSkip(machine.target, obstacle, until, env.now)
        // How long another request's try takes nobody knows; the shortest wait that can be told is a second.
        let mayBegin = until ?? env.now + .seconds(1)
        let first = call?.skippedUntil ?? mayBegin
        call?.skippedUntil = min(first, mayBegin)
        if obstacle != .outOfQuota { call?.skippedForQuotaOnly = false }
        let next: Int?
        if machine.endingSoFar?.kind == .contextLength {
            // Only a larger window helps a prompt that is too long.
            next = call?.tooSmallWindow.flatMap { targetHolding(moreThan: $0) }
        } else {
            next = machine.isLastTarget ? nil : machine.nextTarget
        }
        guard let next else {
            guard let failure = machine.endingSoFar else { return fail(with: allOpen(env.now), &env, &actions) }
            return giveUp(failure, &env, &actions)
        }
        call?.machine.skip(to: next)
        beginAttempt(&env, &actions)
    }

    /// Whether no target behind a place in the plan may be asked.
    ///
    /// - Parameter other: A further place that was asked.
    mutating func isLastCandidate(
        after place: Int,
        besides other: Int? = nil,
        _ env: inout some ExchangeEnvironment
    ) -> Bool {
        guard let count = plan?.targets.count, place + 1 < count else { return true }
        for index in (place + 1)..<count where index != other {
            guard let target = plan?.targets[index] else { continue }
            switch env.standing(of: target).obstacle {
            case .circuitOpen?, .circuitHalfOpen?, .outOfQuota?: continue
            case nil, .coolingDown?, .credentialRefused?, .busy?: return false
            }
        }
        return true
    }

    private mutating func noteSkip(
        _ index: Int,
        _ obstacle: TargetStanding.Obstacle,
        _ until: Instant?,
        _ now: Instant
    ) {
        let wait = until.map { $0 - now } ?? .zero
        trace.add(.skipped, index, Int(obstacle.rawValue), wait.wholeMilliseconds)
    }

    /// No target may be asked: nothing was sent to any of them.
    private func allOpen(_ now: Instant) -> GatewayError {
        let wait = AttemptFailure.wholeSeconds((call?.skippedUntil ?? now) - now)
        if call?.skippedForQuotaOnly == true {
            // As the request was told that used it up: a wait that short changes nothing, so nobody should try again.
            return AttemptFailure(.quotaExhausted).finalError(retryAfter: nil)
        }
        let staysHere = privacy == .localOnly || plan?.targets.allSatisfy(\.isLocal) == true && plan?.reason == .route
        if staysHere {
            return GatewayError(
                .localUnavailable,
                "No local target of this model is healthy; the next try is in \(wait) s.",
                retryAfterSeconds: wait
            )
        }
        return GatewayError(
            .circuitOpen,
            "Every provider of this model has failed and is left alone for now; the next try is in \(wait) s.",
            retryAfterSeconds: wait
        )
    }

    /// Hands back a leave that no leg has.
    mutating func endPermit(_ end: AttemptEnd, _ env: inout some ExchangeEnvironment) {
        guard let permit = call?.permit else { return }
        call?.permit = nil
        guard let target = currentTarget else { return }
        env.attemptEnded(on: target, permit, end)
    }

    /// A stream that tries a target has begun to answer: others may try it, too, while this one goes on.
    mutating func trialAnswered(_ id: LegID, _ env: inout some ExchangeEnvironment) {
        guard let index = call?.index(of: id), let target = call?.legs[index].target,
            let permit = call?.legs[index].permit
        else { return }
        let isCallers = usesCallerCredential(target)
        call?.legs[index].permit = env.attemptAnswered(on: target, permit, isCallers: isCallers)
    }

    /// What an answer of a target says of it.
    func success(of target: Target, _ sample: LatencySample?) -> AttemptEnd {
        usesCallerCredential(target) ? .succeededForCaller(sample) : .succeeded(sample)
    }

    /// What the end of the exchange says of the target of a leg that is still there.
    mutating func attemptEnd(of id: LegID, _ target: Target, _ state: LedgerRecord.State, _ now: Instant) -> AttemptEnd
    {
        guard id == call?.winner else {
            return hasWaitedLong(id, target, now) ? .failed(AttemptFailure(.timeout)) : .abandoned
        }
        switch state {
        case .settled where answer.breakOff != nil:
            return .failed(answer.breakOff?.value ?? AttemptFailure(.serverError))
        case .settled:
            let sample = latency(of: id)
            // The commonest case calls nothing that would be handed a copy of the exchange.
            return target.authorization?.caller == nil ? .succeeded(sample) : success(of: target, sample)
        case .interrupted where answer.errorCode == .streamInterrupted || answer.errorCode == .overloaded:
            // A stream may end for reasons that are none of the target's: a rate limit, a filter.
            let reason = answer.breakOff?.value ?? AttemptFailure(.reset)
            return isAboutCaller(reason, on: target) ? .abandoned : .failed(reason)
        case .intent, .interrupted, .cancelled, .failed:
            return .abandoned
        }
    }

    /// Whether the time of the request is over and a target that had most of it has said nothing: the last candidate has
    /// no limit of its own.
    private mutating func hasWaitedLong(_ id: LegID, _ target: Target, _ now: Instant) -> Bool {
        guard answer.errorCode == .providerTimeout, !answer.isCommitted, let index = call?.index(of: id),
            let sent = call?.legs[index].sentAt
        else { return false }
        let limits = snapshot.timeouts
        return now - sent >= min(target.timeouts.firstToken ?? limits.firstToken, limits.total * 0.9)
    }

    /// What the answer took, where it has tokens that the provider counted.
    private mutating func latency(of id: LegID) -> LatencySample? {
        guard let index = call?.index(of: id), let sent = call?.legs[index].sentAt, let ended = answer.upstreamEnded,
            let usage = answer.usage, usage.outputTokens > 0
        else { return nil }
        // Other endpoints' answers are not as long as their tokens.
        switch endpoint {
        case .chat?, .fim?: break
        default: return nil
        }
        guard let first = answer.firstToken else {
            return .whole(ended - sent, outputTokens: usage.outputTokens)
        }
        return .stream(firstToken: first, rest: ended - sent - first, outputTokens: usage.outputTokens)
    }
}
