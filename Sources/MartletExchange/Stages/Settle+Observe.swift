import MartletCore
import MartletExtensions
import MartletGovernance
import MartletRouting

extension Exchange {
    /// Whether the request has come as far as a quota is asked, so that observers are told of its end.
    var wasAdmitted: Bool { plan != nil && isInference && stage.rawValue >= Stage.admit.rawValue }

    /// Tells observers what became of the request; the performer keeps it back until its record is written.
    mutating func observe(_ state: LedgerRecord.State, _ outcome: Outcome, _ actions: inout ActionList) {
        let target = answeringTarget
        let usage = outcome.usage ?? Usage(inputTokens: 0, outputTokens: 0)
        let settlement = Settlement(
            id: id.description,
            key: (principal?.key ?? .anonymous).rawValue,
            model: plan?.label ?? "",
            endpoint: outcome.endpoint,
            state: Settlement.State(state),
            status: outcome.status,
            errorCode: answer.errorCode?.rawValue,
            provider: target?.account.rawValue,
            upstreamModel: target?.upstreamModel,
            region: target?.region,
            attempts: call?.machine.attempts ?? 0,
            isStream: facts.stream,
            inputTokens: usage.inputTokens,
            outputTokens: usage.outputTokens,
            isEstimated: usage.estimated,
            cost: outcome.cost?.rawValue,
            duration: outcome.duration,
            isRecorded: outcome.record != nil
        )
        actions.add(.observe(settlement))
    }
}

extension Settlement.State {
    init(_ state: LedgerRecord.State) {
        switch state {
        case .settled: self = .settled
        case .cancelled: self = .cancelled
        case .interrupted: self = .interrupted
        case .failed, .intent: self = .failed
        }
    }
}
