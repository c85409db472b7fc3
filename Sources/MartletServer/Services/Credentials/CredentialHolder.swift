import MartletCore
import MartletExchange
import MartletProviders
import Synchronization

/// One credential over all loops: at most one fetch runs, and everybody who needs its result waits for that one.
final class CredentialHolder: Sendable {
    /// Where the credential comes from.
    let source: CredentialSource

    private struct Waiter {
        /// Whether a request was refused with the credential there is, so that only another one helps.
        var needsOther: Bool
        var reply: @Sendable (CredentialAnswer) -> Void
    }

    private struct State {
        var current: KeptCredential?
        var isFetching = false
        var waiters: [Waiter] = []
        /// Why the last fetch brought nothing.
        var reason: String?
        /// Until when its source is left alone since.
        var pausedUntil: Instant?
        var failuresInARow = 0
        var lastUsed: Instant
        /// When it was last renewed because a target refused it.
        var renewedAt: Instant?
        /// When a refusal told that the time of signatures was wrong.
        var clockCorrectedAt: Instant?

        /// Notes that there is no new one, and leaves its source alone for a while.
        mutating func fail(_ reason: String, at now: Instant) {
            failuresInARow += 1
            self.reason = reason
            pausedUntil = now + CredentialHolder.pause(after: failuresInARow)
        }

        /// Whether there is none, and its source is left alone.
        func isPaused(at now: Instant) -> Bool { !isFetching && pausedUntil.map { now < $0 } ?? false }

        func mayFetch(at now: Instant) -> Bool { !isFetching && !isPaused(at: now) }
    }

    private let state: Mutex<State>
    private let clock = ClockOffset()
    private let begin: @Sendable (CredentialHolder) -> Void

    /// A refused credential is renewed at most this often.
    static let pauseBetweenRenewals = Duration.seconds(60)
    /// A credential that nobody used for so long is not renewed before it is needed again.
    static let idleTime = Duration.seconds(3_600)

    /// Starts without a credential, unless the source holds it itself.
    ///
    /// - Parameter begin: Starts a fetch, whose end is told by ``finish(_:now:unixSeconds:)``; called outside all locks.
    init(_ source: CredentialSource, now: Instant, begin: @escaping @Sendable (CredentialHolder) -> Void) {
        self.source = source
        self.begin = begin
        var first = State(lastUsed: now)
        if case .aws(let chain) = source, let keys = chain.fixed {
            first.current = KeptCredential(
                FetchedCredential(.aws(keys), expires: nil),
                now: now,
                unixSeconds: 0,
                clock: clock
            )
        }
        state = Mutex(first)
    }

    /// The credential, while it may be used.
    func current(at now: Instant) -> KeptCredential? {
        state.withLock { state in
            state.lastUsed = now
            return state.current.flatMap { $0.isUsable(at: now) ? $0 : nil }
        }
    }

    /// Whether there is a credential; one that ends soon is renewed beside the request.
    func check(at now: Instant, mayFetch: Bool) -> CredentialAnswer {
        let (answer, begins) = state.withLock { state -> (CredentialAnswer, Bool) in
            state.lastUsed = now
            if let current = state.current, current.isUsable(at: now) {
                let begins = mayFetch && current.isDue(at: now) && state.mayFetch(at: now)
                if begins { state.isFetching = true }
                return (.ready, begins)
            }
            return (state.isPaused(at: now) ? .failed : .mustAsk, false)
        }
        if begins { begin(self) }
        return answer
    }

    /// Gets a credential; `reply` is called once, from any thread.
    ///
    /// - Parameter refusedSince: When a request was sent that the target refused.
    func obtain(at now: Instant, refusedSince: Instant?, reply: @escaping @Sendable (CredentialAnswer) -> Void) {
        let (answer, begins) = state.withLock { state -> (CredentialAnswer?, Bool) in
            state.lastUsed = now
            let usable = state.current.flatMap { $0.isUsable(at: now) ? $0 : nil }
            if let refusedSince {
                // It was replaced since.
                if let usable, usable.obtainedAt > refusedSince { return (.ready, false) }
                // It was signed with a time that has been corrected since.
                if usable != nil, let corrected = state.clockCorrectedAt, corrected > refusedSince {
                    return (.ready, false)
                }
                if !state.isFetching {
                    if let last = state.renewedAt, now - last < Self.pauseBetweenRenewals {
                        return (.failed, false)
                    }
                    state.renewedAt = now
                }
            } else {
                if usable != nil { return (.ready, false) }
                if state.isPaused(at: now) { return (.failed, false) }
            }
            state.waiters.append(Waiter(needsOther: refusedSince != nil, reply: reply))
            guard !state.isFetching else { return (nil, false) }
            state.isFetching = true
            return (nil, true)
        }
        if let answer { return reply(answer) }
        if begins { begin(self) }
    }

    /// Takes over the time that a refusal tells.
    ///
    /// - Returns: By how many seconds this machine's clock is corrected; `nil` when that was not the reason.
    func refused(at date: Int64, now: Instant, unixSeconds: Int64) -> Int64? {
        guard clock.correct(date, at: unixSeconds) else { return nil }
        state.withLock { $0.clockCorrectedAt = now }
        return clock.seconds
    }

    /// Renews a credential that ends soon, or is not there after a failure, while it is in use.
    func renewIfDue(at now: Instant) {
        let begins = state.withLock { state -> Bool in
            guard let current = state.current, current.isDue(at: now), now - state.lastUsed < Self.idleTime,
                state.mayFetch(at: now)
            else { return false }
            state.isFetching = true
            return true
        }
        if begins { begin(self) }
    }

    /// Reads its source anew, because the configuration was; the old credential counts until then.
    func renew() {
        let begins = state.withLock { state -> Bool in
            guard state.current != nil, !state.isFetching else { return false }
            state.isFetching = true
            return true
        }
        if begins { begin(self) }
    }

    /// What a fetch changed that an operator wants to know.
    enum News: Sendable, Hashable {
        /// There is none, for a reason that was not told before.
        case failed(String)
        /// It is there again.
        case recovered
    }

    /// A fetch ended.
    func finish(_ result: Result<FetchedCredential, CredentialFailure>, now: Instant, unixSeconds: Int64) -> News? {
        let (replies, news) = state.withLock { state -> ([(CredentialAnswer, Waiter)], News?) in
            state.isFetching = false
            let toldReason = state.reason
            var isOther = false
            switch result {
            case .success(let fetched):
                let kept = KeptCredential(fetched, now: now, unixSeconds: unixSeconds, clock: clock)
                guard kept.isUsable(at: now) else {
                    state.fail("it had ended when it came; check the clock", at: now)
                    break
                }
                isOther = state.current?.value != fetched.value
                state.current = kept
                state.reason = nil
                state.pausedUntil = nil
                state.failuresInARow = 0
            case .failure(let failure):
                state.fail(failure.reason, at: now)
            }
            let waiters = state.waiters
            state.waiters = []
            let isUsable = state.current?.isUsable(at: now) == true
            let replies = waiters.map { waiter -> (CredentialAnswer, Waiter) in
                ((waiter.needsOther ? isOther : isUsable) ? .ready : .failed, waiter)
            }
            guard state.reason != toldReason else { return (replies, nil) }
            return (replies, state.reason.map { .failed($0) } ?? .recovered)
        }
        for (answer, waiter) in replies { waiter.reply(answer) }
        return news
    }

    /// How long nothing is fetched after failures: 1 s, then twice as long each time, up to 30 s.
    private static func pause(after failures: Int) -> Duration {
        .seconds(min(30, 1 << min(5, max(0, failures - 1))))
    }
}
