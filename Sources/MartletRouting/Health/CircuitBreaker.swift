public import MartletCore

/// Leaves a target alone for a while when it fails, then lets single requests try it.
///
/// A pure value: told what happened, the time and random bits. Every call is O(1) and allocates nothing.
///
/// | State | Attempts | Leaves when |
/// |---|---|---|
/// | closed | all begin | failures in a row, or too large a share of failures → open |
/// | open | none begins | the pause is over → half open |
/// | half open | one at a time | two successes → closed; one failure → open, for twice as long |
///
/// What began before the last opening says nothing any more, except a try: its success always counts, because it is
/// newer evidence than the failures that opened the circuit.
public struct CircuitBreaker: Sendable {
    /// States as they are told to people and metrics.
    public enum State: UInt8, Sendable, Hashable, CaseIterable {
        /// Nothing is wrong.
        case closed = 0
        /// Single requests try the target.
        case halfOpen = 1
        /// The target is left alone.
        case open = 2
    }

    private var stored = State.closed
    /// End of the pause; of meaning while open.
    private var until = Instant(nanoseconds: .min)
    /// When the pause began; of meaning while open.
    private var openedAt = Instant(nanoseconds: .min)
    /// Whether the pause is due to a quota that is used up.
    private var isQuotaPause = false
    /// Openings in a row without a closing between them, less one.
    private var level: UInt8 = 0
    private var openings: UInt32 = 0
    private var failuresInARow: Int32 = 0
    private var successes: UInt8 = 0
    /// The try that runs, 0 for none.
    private var trial: UInt32 = 0
    private var lastTrial: UInt32 = 0
    private var trialLease = Instant(nanoseconds: .min)
    private var results = ResultWindow()

    /// Starts closed.
    public init() {}

    // MARK: Questions

    /// The state at a time.
    public func state(at now: Instant) -> State { stored == .open && now >= until ? .halfOpen : stored }

    /// When the pause ends; `nil` unless it lasts at that time.
    public func pauseEnd(at now: Instant) -> Instant? { stored == .open && now < until ? until : nil }

    /// Whether a try would have to wait for another one that runs.
    public func isBeingTried(at now: Instant) -> Bool {
        state(at: now) == .halfOpen && trial != 0 && now < trialLease
    }

    /// Whether the pause is due to a quota that is used up.
    public var isOutOfQuota: Bool { stored == .open && isQuotaPause }

    /// Whether attempts may begin without a look at the time.
    public var isClosed: Bool { stored == .closed }

    // MARK: Attempts

    /// Lets an attempt begin, or not.
    public mutating func admit(_ now: Instant, _ policy: CircuitBreakerPolicy) -> AttemptAdmission {
        guard stored != .closed, policy.enabled else { return .granted(permit(now)) }
        if stored == .open {
            guard now >= until else { return .refused(.circuitOpen, until: until) }
            halfOpen()
        }
        guard trial == 0 || now >= trialLease else { return .refused(.circuitHalfOpen, until: nil) }
        lastTrial = lastTrial == .max ? 1 : lastTrial + 1
        trial = lastTrial
        trialLease = now + policy.trialLease
        return .granted(AttemptPermit(givenAt: now, openings: openings, trial: trial))
    }

    /// The target answered an attempt.
    public mutating func succeeded(
        _ permit: AttemptPermit,
        _ now: Instant,
        _ policy: CircuitBreakerPolicy,
        _ random: UInt64
    ) {
        giveBack(permit)
        guard policy.enabled else { return }
        if permit.isTrial, stored != .closed {
            if stored == .open { halfOpen() }
            successes += 1
            if successes >= CircuitBreakerPolicy.successesToClose { close() }
        } else if stored == .closed, permit.openings == openings {
            failuresInARow = 0
            count(isFailure: false, now, policy, random)
        }
    }

    /// An attempt failed for a reason of the target's.
    public mutating func failed(
        _ permit: AttemptPermit,
        _ now: Instant,
        _ policy: CircuitBreakerPolicy,
        _ random: UInt64
    ) {
        giveBack(permit)
        guard policy.enabled, permit.openings == openings else { return }
        switch stored {
        case .closed:
            failuresInARow &+= 1
            count(isFailure: true, now, policy, random)
        case .halfOpen:
            level = min(level + 1, 32)
            open(now, for: policy.pause(opening: Int(level), random: random))
        case .open:
            break
        }
    }

    /// An attempt ended in a way that says nothing about the target.
    public mutating func abandoned(_ permit: AttemptPermit) { giveBack(permit) }

    /// The target said that its quota is used up: nothing else is asked of it for some time.
    public mutating func quotaExhausted(_ permit: AttemptPermit, _ now: Instant, _ policy: CircuitBreakerPolicy) {
        giveBack(permit)
        guard policy.enabled else { return }
        let end = now + CircuitBreakerPolicy.quotaPause
        guard stored != .open || until < end else { return }
        open(now, for: CircuitBreakerPolicy.quotaPause)
        isQuotaPause = true
    }

    /// A try that goes on has answered: its success counts now, and its place is free for the next one.
    ///
    /// - Returns: What the rest of the attempt is reported under.
    public mutating func trialAnswered(
        _ permit: AttemptPermit,
        _ now: Instant,
        _ policy: CircuitBreakerPolicy,
        _ random: UInt64
    ) -> AttemptPermit {
        guard permit.isTrial else { return permit }
        succeeded(permit, now, policy, random)
        return AttemptPermit(givenAt: permit.givenAt, openings: openings)
    }

    // MARK: Probes from beside

    /// A probe that is no request found out whether the target lives.
    ///
    /// A sign of life ends the pause, so that the next request tries the target. Silence holds the pause for some time,
    /// but not beyond five minutes after the opening: a probe that asks for the wrong thing must not shut a target off.
    ///
    /// - Parameter hold: How long the pause lasts at least after silence.
    public mutating func probed(isAlive: Bool, _ now: Instant, hold: Duration) {
        guard heedsProbes else { return }
        if isAlive {
            until = min(until, now)
        } else {
            until = max(until, min(now + hold, openedAt + CircuitBreakerPolicy.longestHold))
        }
    }

    /// Whether a probe can change when the target is tried: it is left alone, and not for want of quota, which no probe
    /// looks at.
    public var heedsProbes: Bool { stored == .open && !isQuotaPause }

    // MARK: Changes

    private func permit(_ now: Instant) -> AttemptPermit { AttemptPermit(givenAt: now, openings: openings) }

    private mutating func giveBack(_ permit: AttemptPermit) { if permit.isTrial, permit.trial == trial { trial = 0 } }

    private mutating func count(isFailure: Bool, _ now: Instant, _ policy: CircuitBreakerPolicy, _ random: UInt64) {
        results.add(isFailure: isFailure, now, window: policy.window)
        let isShare =
            policy.failureRatio > 0 && results.sum >= policy.minRequests && results.failureSum > 0
            && Double(results.failureSum) >= policy.failureRatio * Double(results.sum)
        guard Int(failuresInARow) >= max(1, policy.consecutiveFailures) || isShare else { return }
        open(now, for: policy.pause(opening: 0, random: random))
    }

    private mutating func open(_ now: Instant, for pause: Duration) {
        stored = .open
        until = now + pause
        openedAt = now
        isQuotaPause = false
        openings &+= 1
        successes = 0
        trial = 0
        failuresInARow = 0
        results = ResultWindow()
    }

    private mutating func halfOpen() {
        stored = .halfOpen
        isQuotaPause = false
        successes = 0
        trial = 0
    }

    private mutating func close() {
        stored = .closed
        level = 0
        trial = 0
        failuresInARow = 0
        results = ResultWindow()
    }
}
