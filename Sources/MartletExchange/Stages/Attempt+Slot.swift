import MartletCore
import MartletRouting

/// Slots of targets that take only so many requests at a time: a busy target is passed over, or waited for.
extension Exchange {
    /// The request is made: goes on once it can show who sends it, and there is a slot on its target.
    mutating func takeTargetSlot(
        _ target: Target,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        if let authorization = target.authorization, !authorize(target, by: authorization, &env, &actions) { return }
        enterTargetSlot(target, &env, &actions)
    }

    /// Goes on once there is a slot on the target.
    mutating func enterTargetSlot(
        _ target: Target,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        let slot = slots.next()
        switch env.takeTargetSlot(target, id: slot) {
        case .unlimited:
            startLeg(on: target, slot: nil, &env, &actions)
        case .granted:
            slots.hold(slot)
            startLeg(on: target, slot: slot, &env, &actions)
        case .full where passesOver(&env, &actions):
            break
        case .full:
            let deadline = min(env.now + snapshot.admission.queueWait, deadlines.total ?? env.now)
            deadlines.queue = deadline
            let limit = target.maxConcurrency > 0 ? target.maxConcurrency : snapshot.admission.perTarget
            ask(.slot(.target(target.id, limit: limit), deadline: deadline), within: nil, &env, &actions)
        }
    }

    /// All slots of a target are taken: goes on with the next one that can be asked at once, if there is one.
    ///
    /// Should all fail that come after it, the busy one is asked after all.
    private mutating func passesOver(
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) -> Bool {
        guard let current = call?.machine.target, let next = call?.machine.nextTarget, let count = plan?.targets.count,
            next < count, call?.cameBack == false
        else { return false }
        // Only a larger window helps a prompt that was too long for another target.
        let tooSmall = call?.machine.endingSoFar?.kind == .contextLength ? call?.tooSmallWindow ?? .max : -1
        let written = translated
        for place in next..<count {
            guard let target = plan?.targets[place], target.dialect != .mock,
                target.contextWindow.map({ $0 > tooSmall && Int64($0) > facts.estimatedInputTokens }) ?? (tooSmall < 0),
                isFree(target, &env), isReady(target, &env), writesAtOnce(for: target, &env, &actions),
                let taken = takeFree(target, &env, &actions)
            else { continue }
            trace.add(.skipped, current, Int(TargetStanding.Obstacle.busy.rawValue))
            endPermit(.abandoned, &env)
            if call?.passedOver == nil { call?.passedOver = current }
            call?.permit = taken.permit
            call?.machine.skip(to: place)
            startLeg(on: target, slot: taken.slot, &env, &actions)
            return true
        }
        translated = written
        return false
    }

    /// Leave to ask a target now, with a slot of it if it has a limit.
    mutating func takeFree(
        _ target: Target,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) -> (permit: AttemptPermit, slot: SlotID?)? {
        let slot = slots.next()
        let answer = env.takeTargetSlot(target, id: slot)
        guard answer != .full else { return nil }
        if answer == .granted { slots.hold(slot) }
        guard case .granted(let permit) = env.admitAttempt(on: target) else {
            if slots.release(slot) { actions.add(.releaseSlot(slot)) }
            return nil
        }
        return (permit, answer == .granted ? slot : nil)
    }

    /// Goes on when the target's waiting list has answered; a busy target is passed over while others are left.
    mutating func targetSlotAnswered(
        _ slot: SlotID?,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        deadlines.queue = nil
        guard let target = currentTarget else { return }
        if let slot {
            slots.hold(slot)
            trace.add(.queued, (env.now - receivedAt).wholeMilliseconds)
            return startLeg(on: target, slot: slot, &env, &actions)
        }
        endPermit(.abandoned, &env)
        if call?.cameBack == true, let failure = call?.machine.endingSoFar { return giveUp(failure, &env, &actions) }
        guard let busy = call?.machine, !isLastCandidate(after: busy.target, &env) else {
            return queueTimedOut(&env, &actions)
        }
        call?.machine.skip(to: busy.nextTarget)
        beginAttempt(&env, &actions)
    }

    /// The busy target that was passed over, once, where it may still answer.
    mutating func placePassedOver(
        after failure: AttemptFailure,
        _ situation: AttemptMachine.Situation
    ) -> Int? {
        switch failure.kind {
        case .clientError, .contentFilter, .contextLength: return nil
        default: break
        }
        guard let place = call?.passedOver, call?.machine.mayBegin == true, situation.timeLeft > .zero,
            !situation.mayNotRetry
        else { return nil }
        call?.passedOver = nil
        call?.cameBack = true
        return place
    }
}
