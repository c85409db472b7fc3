import MartletCore
import MartletGovernance
import MartletRouting

extension Exchange {
    /// Stage *admit*: slots of process and key, taken after the body is in, so that slow uploads hold none.
    mutating func admit(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        guard let principal else { return }
        stage = .admit
        let slot = slots.next()
        switch env.admit(principal, id: slot) {
        case .granted:
            slots.hold(slot)
            slotsTaken(&env, &actions)
        case .keyFull:
            let error = GatewayError(
                .rateLimitExceeded,
                "This key has as many requests in flight as it may.",
                retryAfterSeconds: 1
            )
            refuse(error, closing: false, &env, &actions)
        case .processFull:
            slots.hold(slot)
            let deadline = env.now + snapshot.admission.queueWait
            deadlines.queue = deadline
            ask(.slot(.process, deadline: deadline), within: nil, &env, &actions)
        }
    }

    /// Goes on when the queue has answered.
    mutating func admitted(_ slot: SlotID?, _ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        deadlines.queue = nil
        guard let slot else { return queueTimedOut(&env, &actions) }
        slots.hold(slot)
        trace.add(.queued, (env.now - receivedAt).wholeMilliseconds)
        slotsTaken(&env, &actions)
    }

    private mutating func slotsTaken(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        if env.extensions.contains(.quota) { askQuota(&env, &actions) } else { beginCall(&env, &actions) }
    }

    /// No slot within the queue's wait.
    mutating func queueTimedOut(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        let error = GatewayError(.overloaded, "The gateway is busy.", retryAfterSeconds: 1)
        if call == nil { refuse(error, closing: false, &env, &actions) } else { fail(with: error, &env, &actions) }
    }

    /// Everything is there that the request needs: the first attempt begins.
    mutating func beginCall(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        guard let plan else { return }
        stage = .attempt
        deadlines.total = env.now + snapshot.timeouts.total
        call = Call(machine: AttemptMachine(targetCount: plan.targets.count, policy: snapshot.retry))
        beginAttempt(&env, &actions)
    }
}
