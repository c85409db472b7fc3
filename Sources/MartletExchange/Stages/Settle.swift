import MartletCore
import MartletDialects
import MartletGovernance
import MartletRouting
import NIOCore

/// Stage *settle*: usage, cost and outcome, exactly once in every history.
extension Exchange {
    /// Ends the exchange: emits `settle` before whatever of the answer depends on it.
    mutating func settle(
        _ state: LedgerRecord.State,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        guard stage != .done, stage != .settle else { return }
        let isObserved = env.extensions.contains(.settlements) && wasAdmitted
        stage = .settle
        for index in call?.legs.indices ?? 0..<0 {
            guard let id = call?.legs[index].id, let target = call?.legs[index].target,
                let permit = call?.legs[index].permit
            else { continue }
            let outcome = outcomeLabel(of: id, state)
            call?.outcomes.append(.init(provider: target.account.rawValue, outcome: outcome))
            if state != .settled || id != call?.winner { actions.add(.cancelLeg(id)) }
            env.attemptEnded(on: target, permit, attemptEnd(of: id, target, state, env.now))
        }
        endPermit(.abandoned, &env)
        let target = answeringTarget
        var usage = answer.usage ?? Usage(inputTokens: 0, outputTokens: 0)
        if answer.usage == nil, state == .cancelled || state == .interrupted {
            usage = reportedUsage ?? estimatedUsage()
        }
        if let target { usage = usage.believed(of: target) }
        let charge = target.map { Charge(usage, on: $0, after: spent) }
        let isAnswered = state == .settled || answer.isCommitted
        let cost = Self.adjusted(charge?.cost, by: adjustment, isAnswered: isAnswered)
        notePrice(charge?.cost)
        if let target { noteMoney(usage, charge, on: target) }
        if let spent { usage = usage.adding(spent.value.usage) }
        while let slot = slots.releaseOne() { actions.add(.releaseSlot(slot)) }
        _ = env.holdBytes(-body.drop())
        var outcome = Outcome(
            record: nil,
            key: principal?.key,
            endpoint: endpoint?.name ?? "none",
            status: answer.status,
            provider: target?.account.rawValue ?? "none",
            model: modelLabel,
            isInference: isInference,
            attempts: call?.outcomes ?? [],
            route: plan.flatMap { plan in
                target.map { .init(route: $0.isLocal ? "local" : "cloud", reason: plan.reason) }
            },
            duration: env.now - receivedAt,
            firstToken: answer.firstToken,
            overhead: .init(
                attempt: answer.sentAt.flatMap { sent in bodyComplete.map { sent - $0 } },
                relay: answer.upstreamEnded.map { env.now - $0 }
            ),
            usage: call == nil ? nil : usage,
            cost: cost
        )
        if call?.intentLeg != nil || endsUnreached(state) {
            outcome.record = ledgerRecord(state, usage: usage, cost: cost, &env)
            outcome.record?.listedCost = charge?.listed
        }
        actions.add(.settle(outcome))
        if isObserved { observe(state, outcome, &actions) }
        call?.legs.removeAll()
        stage = .done
    }

    /// What became of a leg that is still there at the end.
    private func outcomeLabel(of leg: LegID, _ state: LedgerRecord.State) -> String {
        switch state {
        case .settled: leg == call?.winner ? "ok" : "cancelled"
        case .cancelled: "cancelled"
        case .intent, .interrupted, .failed:
            switch answer.errorCode {
            case .providerTimeout: "timeout"
            case .draining: "cancelled"
            default: "reset"
            }
        }
    }

    /// What the stream that goes to the client has reported so far.
    private var reportedUsage: Usage? {
        guard let winner = call?.winner, let index = call?.index(of: winner) else { return nil }
        return call?.legs[index].reportedUsage
    }

    /// The target that answered, or was asked last; what comes behind it in the plan was not asked.
    var answeringTarget: Target? {
        // Field by field: a copy of the call or the plan would cost more than all the rest.
        guard let count = plan?.targets.count, let attempts = call?.machine.attempts, attempts > 0 else { return nil }
        if let winner = call?.winner, let index = call?.index(of: winner) { return call?.legs[index].target }
        return plan?.targets[min(call?.machine.asked ?? call?.machine.target ?? 0, count - 1)]
    }

    /// The `model` label: a name that exists here, else `other` or `none`.
    private var modelLabel: String {
        guard let plan else { return "none" }
        return plan.isNamed ? plan.label : "other"
    }

    /// What a call used whose upstream did not say: ⌈bytes / 4⌉ of the input and of what was delivered.
    func estimatedUsage() -> Usage {
        // Nothing is counted for a call whose request was not sent, or whose attempts are all over.
        guard call?.legs.contains(where: { $0.sentAt != nil }) == true else {
            return Usage(inputTokens: 0, outputTokens: 0, estimated: true)
        }
        let watched = call?.legs.reduce(0) { $0 + $1.contentBytes } ?? 0
        return Usage(
            inputTokens: facts.estimatedInputTokens,
            outputTokens: Usage.estimatedTokens(textBytes: watched),
            estimated: true
        )
    }

    /// A line of the ledger for this request as it stands.
    ///
    /// Changes nothing: `mutating` so that the exchange is handed over in place, not as a copy with all its references.
    mutating func ledgerRecord(
        _ state: LedgerRecord.State,
        usage: Usage,
        cost: NanoUSD?,
        _ env: inout some ExchangeEnvironment
    ) -> LedgerRecord {
        let target = answeringTarget
        return LedgerRecord(
            id: id,
            state: state,
            receivedAt: receivedWall,
            recordedAt: env.wallMilliseconds,
            key: principal?.key ?? .anonymous,
            model: plan?.label ?? "",
            provider: target?.account.rawValue ?? "none",
            upstreamModel: target?.upstreamModel ?? "",
            attempts: UInt16(clamping: call?.machine.attempts ?? 0),
            status: UInt16(clamping: answer.status),
            streamed: facts.stream,
            usage: usage,
            cost: cost,
            durationMilliseconds: UInt32(clamping: (env.now - receivedAt).wholeMilliseconds),
            firstTokenMilliseconds: UInt32(clamping: answer.firstToken?.wholeMilliseconds ?? 0),
            clientRequestID: requestID.clientText,
            errorCode: answer.errorCode?.rawValue,
            trace: packedTrace(state, target)
        )
    }

    /// The client went away: everything stops in this very event.
    mutating func clientGone(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        trace.add(.clientGone)
        answer.status = 499
        settle(.cancelled, &env, &actions)
        actions.add(.abort)
    }
}
