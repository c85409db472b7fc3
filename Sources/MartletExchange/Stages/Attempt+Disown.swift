import MartletDialects
import MartletRouting

/// A history may hold reasoning that only its maker can read or prove; another account of the same provider cannot.
extension Exchange {
    /// Whether a request that was refused for its reasoning may go out again without.
    func mayDisownReasoning(isDraining: Bool) -> Bool {
        call?.disownsReasoning == false && !goesOnInThread && !isDraining
    }

    /// Asks the same target again, once, without the reasoning it refused.
    mutating func disownReasoning(
        _ leg: Leg,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        let failure = AttemptFailure(.clientError, status: leg.status)
        dropOthers(than: leg.id, &env, &actions)
        drop(leg, outcome: failure.outcomeLabel, .failed(failure), &env, &actions)
        trace.add(.disowned, leg.place)
        call?.disownsReasoning = true
        if call?.machine.target != leg.place { call?.machine.skip(to: leg.place) }
        beginAttempt(&env, &actions)
    }
}
