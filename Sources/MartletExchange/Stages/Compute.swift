import MartletCore
import MartletDialects
import MartletRouting

/// Work on large bodies, which is done elsewhere while the loop goes on.
extension Exchange {
    /// How long it may take, waits for a thread included.
    private static let computeLimit = Duration.seconds(30)

    /// Hands work over; its result comes back as an event, which nobody waits for once the exchange is done.
    mutating func compute(
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList,
        _ work: @escaping @Sendable () -> Computed.Value
    ) {
        ask(.compute(Computation { Computed(value: work()) }), within: Self.computeLimit, &env, &actions)
    }

    /// Goes on with what came of it.
    mutating func computed(
        _ result: Computed,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        switch result.value {
        case .request(let made):
            guard let target = currentTarget else { return }
            do throws(GatewayError) {
                guard try use(try made.get(), for: target, &env, &actions) else { return }
            } catch {
                return cannotCarry(error, &env, &actions)
            }
            takeTargetSlot(target, &env, &actions)
        case .answer(let leg, let outcome):
            guard let index = call?.index(of: leg) else { return }
            answerWorkDone(outcome, index, &env, &actions)
        }
    }
}
