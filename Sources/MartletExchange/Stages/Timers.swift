import MartletCore
import MartletRouting

/// Time: one timer at the earliest deadline; what fires early re-arms.
extension Exchange {
    /// Moves the timer to the earliest deadline, unless it already stands at an earlier instant.
    mutating func arm(_ actions: inout ActionList) {
        guard let next = earliestDeadline() else { return }
        if let armed = deadlines.armed, armed <= next { return }
        deadlines.armed = next
        actions.add(.setTimer(next))
    }

    private func earliestDeadline() -> Instant? {
        let times = snapshot.timeouts
        var next: Instant?
        func take(_ instant: Instant?) {
            guard let instant else { return }
            next = next.map { min($0, instant) } ?? instant
        }
        take(bodyDeadline)
        take(deadlines.answer)
        take(deadlines.room)
        take(deadlines.queue)
        take(deadlines.retry)
        take(deadlines.hedge)
        for index in call?.legs.indices ?? 0..<0 { take(call?.legs[index].deadlines.earliest) }
        take(deadlines.total)
        if clientIsWritable {
            take(deadlines.lastEvent.map { $0 + times.idleStream })
            take(deadlines.lastContent.map { $0 + times.idleContent })
            if times.keepAliveComment > .zero { take(deadlines.lastSent.map { $0 + times.keepAliveComment }) }
        }
        take(deadlines.stalledSince.map { $0 + times.writeStall })
        return next
    }

    /// The end of the body's time: a minimum rate after ten seconds, and a limit in any case.
    private var bodyDeadline: Instant? {
        guard let began = deadlines.bodyBegan else { return nil }
        let times = snapshot.timeouts
        let earned = Duration.seconds(10 + body.count / max(1, times.clientBodyBytesPerSecond))
        return began + min(times.clientBody, earned)
    }

    /// The timer fired: does what is due, and re-arms.
    mutating func timer(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        deadlines.armed = nil
        let now = env.now
        func isDue(_ instant: Instant?) -> Bool { instant.map { $0 <= now } ?? false }
        if isDue(bodyDeadline) {
            let error = GatewayError(.requestTimeout, "The request body did not arrive in time.")
            refuse(error, closing: true, &env, &actions)
        } else if isDue(deadlines.total) {
            deadlines.total = nil
            fail(with: GatewayError(.providerTimeout, "The request took longer than it may."), &env, &actions)
        } else if isDue(deadlines.answer) {
            deadlines.answer = nil
            pendingAsk = nil
            if stage == .admit {
                quotaFailed(&env, &actions)
            } else {
                let error = GatewayError(
                    .dependencyUnavailable,
                    "A part of the gateway took too long to answer.",
                    retryAfterSeconds: 1
                )
                // A stream that is being continued has its head already.
                if call == nil {
                    refuse(error, closing: bodyIsUnread, &env, &actions)
                } else {
                    fail(with: error, &env, &actions)
                }
            }
        } else if isDue(deadlines.room) {
            roomLookedFor(&env, &actions)
        } else if isDue(deadlines.queue) {
            deadlines.queue = nil
            pendingAsk = nil
            if stage == .attempt { targetSlotAnswered(nil, &env, &actions) } else { queueTimedOut(&env, &actions) }
        } else if isDue(deadlines.stalledSince.map({ $0 + snapshot.timeouts.writeStall })) {
            clientGone(&env, &actions)
        } else if isDue(deadlines.retry) {
            beginAttempt(&env, &actions)
        } else if let late = call?.legs.first(where: { isDue($0.deadlines.earliest) }) {
            if answer.isCommitted, late.id == call?.winner {
                fail(with: GatewayError(.providerTimeout, "The provider took longer than it may."), &env, &actions)
            } else {
                expire(late, isDue(late.deadlines.connect) ? .connectTimeout : .timeout, &env, &actions)
            }
        } else if isDue(deadlines.hedge) {
            hedge(&env, &actions)
        } else if clientIsWritable,
            isDue(deadlines.lastEvent.map({ $0 + snapshot.timeouts.idleStream }))
                || isDue(deadlines.lastContent.map({ $0 + snapshot.timeouts.idleContent }))
        {
            interrupted(&env, &actions)
        } else if clientIsWritable, snapshot.timeouts.keepAliveComment > .zero,
            isDue(deadlines.lastSent.map({ $0 + snapshot.timeouts.keepAliveComment }))
        {
            keepAlive(&env, &actions)
        }
        if !isDone { arm(&actions) }
    }

    private mutating func expire(
        _ leg: Leg,
        _ kind: AttemptFailure.Kind,
        _ env: inout some ExchangeEnvironment,
        _ actions: inout ActionList
    ) {
        if leg.phase == .errorBody { return errorBodyEnded(leg, &env, &actions) }
        attemptFailed(leg.id, AttemptFailure(kind), &env, &actions)
    }

    /// The process ends: a committed stream gets its last event, everything else an error.
    mutating func drain(_ env: inout some ExchangeEnvironment, _ actions: inout ActionList) {
        fail(with: GatewayError(.draining, "The gateway is shutting down.", retryAfterSeconds: 1), &env, &actions)
    }
}
