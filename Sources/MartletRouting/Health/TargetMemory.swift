public import MartletCore
public import Synchronization

/// The one place where all requests find what is remembered of a target; outlives configurations.
public final class TargetMemory: Sendable {
    /// What is remembered, under the target's own lock.
    public let health = Mutex(TargetHealth())
    private let credential: CredentialMemory

    /// Starts without a fault.
    ///
    /// - Parameter credential: What is remembered of the credential that the target is shown, with all that are shown it.
    public init(credential: CredentialMemory = CredentialMemory()) { self.credential = credential }

    /// What a plan should know; a credential that another target refused counts as refused here.
    public func standing(_ now: Instant, _ policy: CircuitBreakerPolicy) -> TargetStanding {
        var standing = health.withLock { $0.standing(now, policy) }
        guard standing.obstacle == nil || standing.obstacle == .coolingDown else { return standing }
        if let end = credential.refusedUntil(now) {
            (standing.obstacle, standing.until) = (.credentialRefused, end)
        }
        return standing
    }

    /// An attempt has begun to answer and goes on; see ``TargetHealth/answered(_:isCallers:_:_:_:)``.
    public func answered(
        _ permit: AttemptPermit,
        isCallers: Bool,
        _ now: Instant,
        _ policy: CircuitBreakerPolicy,
        _ random: UInt64
    ) -> AttemptPermit {
        if !isCallers { credential.accepted(askedAt: permit.givenAt) }
        return health.withLock { $0.answered(permit, isCallers: isCallers, now, policy, random) }
    }

    /// An attempt has ended; see ``TargetHealth/ended(_:_:_:_:_:)``.
    public func ended(
        _ permit: AttemptPermit,
        _ end: AttemptEnd,
        _ now: Instant,
        _ policy: CircuitBreakerPolicy,
        _ random: UInt64
    ) {
        switch end {
        case .succeeded: credential.accepted(askedAt: permit.givenAt)
        case .failed(let failure) where failure.kind == .auth: credential.refused(now)
        default: break
        }
        health.withLock { $0.ended(permit, end, now, policy, random) }
    }
}

/// What is remembered of a credential, shared by all targets that are shown it. Lock-free.
public final class CredentialMemory: Sendable {
    /// When it was refused last, in nanoseconds; the smallest number: it was not.
    private let refusedAt = Atomic<Int64>(.min)

    /// Starts without a fault.
    public init() {}

    func refused(_ now: Instant) { refusedAt.store(now.nanoseconds, ordering: .relaxed) }

    /// An answer says that a mark is out of date, unless it was asked for before the mark was set.
    func accepted(askedAt asked: Instant) {
        let mark = refusedAt.load(ordering: .relaxed)
        guard mark != .min, asked.nanoseconds >= mark else { return }
        // A refusal that came in between stays.
        _ = refusedAt.compareExchange(expected: mark, desired: .min, ordering: .relaxed)
    }

    func refusedUntil(_ now: Instant) -> Instant? {
        let mark = refusedAt.load(ordering: .relaxed)
        guard mark != .min else { return nil }
        let end = Instant(nanoseconds: mark) + TargetHealth.credentialMark
        return now < end ? end : nil
    }
}
