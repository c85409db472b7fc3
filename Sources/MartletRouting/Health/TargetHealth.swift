public import MartletCore

/// All that is remembered of a target from one request to the next.
///
/// A pure value; whoever shares it holds one lock for it. Every call is O(1) and allocates nothing.
public struct TargetHealth: Sendable {
    /// Leaves it alone when it fails.
    public private(set) var breaker = CircuitBreaker()
    /// Attempts that run.
    public private(set) var inFlight = 0
    private var budget = RetryBudget()
    private var latency = LatencyEstimate()
    private var streamWaits = WaitQuantile()
    private var wholeWaits = WaitQuantile()
    /// Until when it limits the rate of requests.
    private var coolUntil: Instant?
    /// Until when its credential counts as refused.
    private var refusedUntil: Instant?
    /// When these two were set last.
    private var markedAt = Instant(nanoseconds: .min)
    private var failuresInARow = 0
    /// Attempts in a row that another target outran before this one said anything.
    private var outrunsInARow = 0
    /// When an attempt ended last.
    private var lastEnd = Instant(nanoseconds: .min)

    /// Starts without a fault.
    public init() {}

    /// How long a target is asked last whose credential was refused.
    static let credentialMark = Duration.seconds(30)
    /// From the how manieth outrun in a row on each counts as a failure.
    static let silentOutruns = 5
    /// How long faults of a target are told of that nobody asks any more.
    static let relevance = Duration.seconds(3_600)
    /// The longest cool-down a target may ask for.
    static let longestCoolDown = Duration.seconds(3_600)

    // MARK: Attempts

    /// Lets an attempt begin, or not; one that begins is counted.
    public mutating func admit(_ now: Instant, _ policy: CircuitBreakerPolicy) -> AttemptAdmission {
        let answer = breaker.admit(now, policy)
        switch answer {
        case .granted:
            inFlight += 1
            budget.countRequest(second: Self.second(now))
        case .refused(.circuitOpen, let until) where breaker.isOutOfQuota:
            return .refused(.outOfQuota, until: until)
        case .refused: break
        }
        return answer
    }

    /// Takes one retry from the target's budget, if there is room; the attempt that follows is no request of its own.
    public mutating func takeRetry(_ now: Instant) -> Bool {
        guard budget.takeRetry(second: Self.second(now)) else { return false }
        budget.discountRequest(second: Self.second(now))
        return true
    }

    /// An attempt has begun to answer and goes on: what it found out is known to all from now on.
    ///
    /// - Parameter isCallers: Whether the request showed a key of the caller's.
    /// - Returns: What its end is reported under.
    public mutating func answered(
        _ permit: AttemptPermit,
        isCallers: Bool = false,
        _ now: Instant,
        _ policy: CircuitBreakerPolicy,
        _ random: UInt64
    ) -> AttemptPermit {
        failuresInARow = 0
        outrunsInARow = 0
        if !isCallers { clearMarks(before: permit.givenAt) }
        return breaker.trialAnswered(permit, now, policy, random)
    }

    /// An attempt has ended.
    public mutating func ended(
        _ permit: AttemptPermit,
        _ end: AttemptEnd,
        _ now: Instant,
        _ policy: CircuitBreakerPolicy,
        _ random: UInt64
    ) {
        inFlight = max(0, inFlight - 1)
        lastEnd = now
        switch end {
        case .abandoned:
            breaker.abandoned(permit)
        case .outrun(let isStream, let duration):
            outrun(isStream, duration, permit, now, policy, random)
        case .succeeded(let sample):
            failuresInARow = 0
            outrunsInARow = 0
            clearMarks(before: permit.givenAt)
            breaker.succeeded(permit, now, policy, random)
            add(sample, now)
        case .succeededForCaller(let sample):
            failuresInARow = 0
            outrunsInARow = 0
            breaker.succeeded(permit, now, policy, random)
            add(sample, now)
        case .failed(let failure):
            failed(failure, permit, now, policy, random)
        }
    }

    /// Another target answered first.
    ///
    /// Nobody knows what this one would have taken: now and then that says nothing, but a target that is outrun over and
    /// over without a word is as silent as one that is waited for until a limit.
    private mutating func outrun(
        _ isStream: Bool,
        _ duration: Duration,
        _ permit: AttemptPermit,
        _ now: Instant,
        _ policy: CircuitBreakerPolicy,
        _ random: UInt64
    ) {
        outrunsInARow += 1
        latency.outrun(after: duration, now)
        // Never more than what answers were seen to take: waits for answers that never come would only grow.
        if isStream { streamWaits.addAtMostUsual(duration) } else { wholeWaits.addAtMostUsual(duration) }
        if outrunsInARow < Self.silentOutruns { return breaker.abandoned(permit) }
        failuresInARow += 1
        breaker.failed(permit, now, policy, random)
    }

    private mutating func add(_ sample: LatencySample?, _ now: Instant) {
        guard let sample else { return }
        latency.add(sample, now)
        switch sample {
        case .stream(let firstToken, _, _): streamWaits.add(firstToken)
        case .whole(let duration, _): wholeWaits.add(duration)
        }
    }

    private mutating func failed(
        _ failure: AttemptFailure,
        _ permit: AttemptPermit,
        _ now: Instant,
        _ policy: CircuitBreakerPolicy,
        _ random: UInt64
    ) {
        switch failure.kind {
        case .rateLimited:
            breaker.abandoned(permit)
            coolDown(for: failure.retryAfter ?? AttemptFailure.defaultWait, now)
        case .quotaExhausted:
            failuresInARow += 1
            breaker.quotaExhausted(permit, now, policy)
            // Without a breaker it is at least asked after all others.
            if !policy.enabled { coolDown(for: CircuitBreakerPolicy.quotaPause, now) }
        case .auth:
            failuresInARow += 1
            breaker.abandoned(permit)
            refusedUntil = now + Self.credentialMark
            markedAt = now
        case .connect, .connectTimeout, .reset, .timeout, .serverError, .badResponse, .redirect:
            failuresInARow += 1
            breaker.failed(permit, now, policy, random)
            latency.failed(now)
        case .notFound, .contextLength, .contentFilter, .clientError, .refused, .forbidden:
            breaker.abandoned(permit)
        }
    }

    private mutating func coolDown(for wait: Duration, _ now: Instant) {
        let end = now + min(wait, Self.longestCoolDown)
        // One answer that names no time does not shorten what another one named.
        coolUntil = max(coolUntil ?? end, end)
        markedAt = now
    }

    /// An answer says that a mark is out of date, unless it was asked for before the mark was set.
    private mutating func clearMarks(before asked: Instant) {
        guard asked >= markedAt else { return }
        coolUntil = nil
        refusedUntil = nil
    }

    // MARK: Probes from beside

    /// A probe that is no request found out whether the target lives.
    ///
    /// - Parameter hold: How long silence keeps the circuit open at least.
    public mutating func probed(isAlive: Bool, _ now: Instant, hold: Duration) {
        breaker.probed(isAlive: isAlive, now, hold: hold)
    }

    // MARK: Questions

    /// How long 95 of 100 answers take: streams to their first content, others to their end; `nil` while too few are known.
    public func usualWait(isStream: Bool) -> Duration? { isStream ? streamWaits.value : wholeWaits.value }

    /// What a plan should know.
    public func standing(_ now: Instant, _ policy: CircuitBreakerPolicy) -> TargetStanding {
        var standing = TargetStanding(
            firstToken: latency.firstToken(now),
            perToken: latency.perToken(now),
            inFlight: inFlight
        )
        if policy.enabled, let end = breaker.pauseEnd(at: now) {
            (standing.obstacle, standing.until) = (breaker.isOutOfQuota ? .outOfQuota : .circuitOpen, end)
        } else if policy.enabled, breaker.isBeingTried(at: now) {
            standing.obstacle = .circuitHalfOpen
        } else if let end = refusedUntil, now < end {
            (standing.obstacle, standing.until) = (.credentialRefused, end)
        } else if let end = coolUntil, now < end {
            (standing.obstacle, standing.until) = (.coolingDown, end)
        }
        return standing
    }

    /// Whether the last attempts failed for a reason of the target's, or its circuit is not closed.
    ///
    /// Not for ever: of a target that nobody asks any more nothing is known after an hour.
    public func isDegraded(_ now: Instant) -> Bool {
        (failuresInARow > 0 || !breaker.isClosed)
            && (lastEnd > now - Self.relevance || breaker.pauseEnd(at: now) != nil)
    }

    /// Whether there is nothing about it that the next request should know.
    public func isForgettable(_ now: Instant) -> Bool {
        inFlight == 0 && !isDegraded(now) && (coolUntil.map { $0 <= now } ?? true)
            && (refusedUntil.map { $0 <= now } ?? true)
    }

    private static func second(_ now: Instant) -> Int64 { now.nanoseconds / 1_000_000_000 }
}
