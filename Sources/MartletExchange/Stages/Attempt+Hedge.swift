import MartletCore
import MartletDialects
import MartletRouting

/// Hedging: when a target is slower than it mostly is, the next one is asked beside it, once in a call.
///
/// The first with content, or with a whole answer, wins, and in that very event the other is cancelled. What must wait for
/// anything else (a credential, a slot, a large translation) is no help against waiting, so that it is not begun.
extension Exchange {
    /// Notes when a second target is asked, if the first has said nothing by then.
    mutating func waitToHedge(_ target: Target, _ env: inout some ExchangeEnvironment) {
        guard mayHedge, let targets = plan?.targets.count, targets > 1, call?.legs.count == 1 else { return }
        let usual = snapshot.hedge.delay ?? env.usualWait(for: target, isStream: facts.stream)
        deadlines.hedge = usual.map { env.now + $0 }
    }

    /// Whether another target could answer, and asking twice does nothing twice but cost.
    private var mayHedge: Bool {
        guard call?.hasHedged == false, passThrough == nil, embedding == nil, !goesOnInThread, !answer.isCommitted
        else {
            return false
        }
        switch endpoint {
        case .chat?, .fim?: return true
        default: return false
        }
    }

    /// The first target has been silent for so long: asks the next one that may be asked, beside it.
    mutating func hedge(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        deadlines.hedge = nil
        guard mayHedge, pendingAsk == nil, call?.legs.count == 1, call?.machine.mayBegin == true, !env.isDraining,
            let first = call?.legs.first, first.phase == .sent || first.phase == .gate,
            first.contentBegan == nil,
            let place = placeToHedge(&env), let target = plan?.targets[place]
        else { return }
        guard writesAtOnce(for: target, &env, &actions), let taken = takeFree(target, &env, &actions) else {
            translated = nil
            return
        }
        // Last, so that only what is sent takes from the budget.
        guard env.takeRetry(target) else {
            translated = nil
            if let slot = taken.slot, slots.release(slot) { actions.add(.releaseSlot(slot)) }
            return env.attemptEnded(on: target, taken.permit, .abandoned)
        }
        let waited = first.sentAt.map { env.now - $0 } ?? .zero
        trace.add(.hedged, place, waited.wholeMilliseconds)
        call?.hasHedged = true
        call?.machine.beginBeside()
        if let id = addLeg(on: target, at: place, taken.permit, taken.slot) {
            dial(id, target, &env, &actions)
        }
    }

    /// The next target behind the current one that may be asked now and goes on where the first one is.
    private mutating func placeToHedge(_ env: inout some ExchangeEnvironment) -> Int? {
        guard let machine = call?.machine, let count = plan?.targets.count else { return nil }
        for place in min(machine.target + 1, count)..<count {
            guard let target = plan?.targets[place], target.dialect != .mock, isFree(target, &env) else { continue }
            return isReady(target, &env) ? place : nil
        }
        return nil
    }

    /// Whether nothing speaks against asking a target beside another one, or after it; content that may not leave the device
    /// goes to no remote one then either.
    mutating func isFree(_ target: Target, _ env: inout some ExchangeEnvironment) -> Bool {
        (privacy == .open || target.isLocal) && env.standing(of: target).obstacle == nil
    }

    /// Whether a request to a target can show who sends it without asking for anything.
    mutating func isReady(_ target: Target, _ env: inout some ExchangeEnvironment) -> Bool {
        guard let authorization = target.authorization, callerCredential(for: authorization) == nil else { return true }
        guard authorization.source != nil else { return authorization.isOptional }
        return env.credential(authorization, mayFetch: privacy == .open) == .ready
    }

    /// Makes the request for a target, unless that takes longer than a loop should be held.
    mutating func writesAtOnce(
        for target: Target,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) -> Bool {
        guard body.heldBytes <= Computation.threshold else { return false }
        do throws(GatewayError) {
            return try translate(for: target, mayAsk: false, &env, &actions)
        } catch {
            // What it cannot do it is not asked for.
            translated = nil
            return false
        }
    }

    /// One leg has won: the others end.
    mutating func dropOthers(than winner: LegID, _ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        deadlines.hedge = nil
        guard call?.legs.count ?? 0 > 1 else { return }
        for other in call?.legs.filter({ $0.id != winner }) ?? [] {
            // What it says that it took was taken, and is paid for.
            if let usage = other.reportedUsage { spend(usage, on: other.target) }
            let end = endOutrun(other, &env)
            trace.add(.outrun, other.place)
            drop(other, outcome: "cancelled", end, &env, &actions)
        }
    }

    /// What it says of a target that another one answered first: nothing, unless it was silent for longer than it mostly is.
    private mutating func endOutrun(_ other: Leg, _ env: inout some ExchangeEnvironment) -> AttemptEnd {
        guard other.contentBegan == nil, let waited = other.sentAt.map({ env.now - $0 }),
            let usual = snapshot.hedge.delay ?? env.usualWait(for: other.target, isStream: facts.stream),
            waited >= usual
        else { return .abandoned }
        return .outrun(isStream: facts.stream, after: waited)
    }

    /// One of two legs has failed and is gone: whether the other one goes on by itself.
    ///
    /// It does not where the first target finds the request at fault: nobody else would have been asked.
    mutating func leavesToOther(
        _ failed: Leg,
        _ failure: AttemptFailure,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) -> Bool {
        guard let other = call?.legs.first else { return false }
        let helps: Bool
        switch failure.kind {
        // What only the second one refuses the first, which would have answered alone, may still take.
        case .clientError, .contentFilter: helps = failed.place != call?.machine.target
        case .contextLength: helps = (other.target.contextWindow ?? 0) > (failed.target.contextWindow ?? .max)
        default: helps = true
        }
        guard helps else {
            drop(other, outcome: "cancelled", .abandoned, &env, &actions)
            return false
        }
        call?.machine.lost(failure, on: failed.place, goingOnWith: other.place)
        if other.target.timeouts.firstToken == nil, isLastCandidate(after: other.place, besides: failed.place, &env) {
            call?.legs[0].deadlines.firstToken = nil
        }
        return true
    }
}
