public import MartletCore

/// Decides after each failure of a call: the same target again, the next one, or the end.
///
/// Pure; told the time, a random number and whether the target's retry budget has room.
public struct AttemptMachine: Sendable {
    /// Index of the target the current attempt is on.
    public private(set) var target = 0
    /// Index of the target that was last asked; `nil` before the first attempt on this plan.
    public private(set) var asked: Int?
    /// Attempts begun for the whole request, over all targets and parts.
    public private(set) var attempts = 0
    /// Those of parts that are answered already.
    private var earlierAttempts = 0
    private var attemptsOnTarget = 0
    private var retriesOnTarget = 0
    /// The target that was asked beside another one and failed.
    private var failedBeside: Int?
    private let targetCount: Int
    private let policy: RetryPolicy
    private var lastFailure: AttemptFailure?
    private var latestFailure: AttemptFailure?
    private var onlyRateLimits = true
    private var shortestWait: Duration?

    /// Prepares for a plan of `targetCount` targets.
    public init(targetCount: Int, policy: RetryPolicy) {
        self.targetCount = targetCount
        self.policy = policy
    }

    /// What to do next.
    public enum Next: Sendable, Hashable {
        /// The same target after a wait.
        case retry(after: Duration)
        /// The target with this index, at once.
        case advance(Int)
        /// Nothing is left; the last failure decides what the caller sees.
        case giveUp(AttemptFailure)
    }

    /// What the performer knows at the time of a failure.
    public struct Situation: Sendable {
        /// Time left until the request's deadline.
        public var timeLeft: Duration
        /// A random number, used for the jitter.
        public var random: UInt64
        /// Whether the target's retry budget has room.
        public var budgetHasRoom: Bool
        /// Whether a retry is forbidden: the caller is gone, or the gateway drains.
        public var mayNotRetry: Bool
        /// Whether a target with a larger window follows, by index; asked only after a context-length failure.
        public var largerWindow: Int?
        /// Whether a target with another credential follows, by index; asked only after a credential was refused.
        public var otherCredential: Int?

        /// Describes a situation.
        public init(
            timeLeft: Duration,
            random: UInt64,
            budgetHasRoom: Bool = true,
            mayNotRetry: Bool = false,
            largerWindow: Int? = nil,
            otherCredential: Int? = nil
        ) {
            self.timeLeft = timeLeft
            self.random = random
            self.budgetHasRoom = budgetHasRoom
            self.mayNotRetry = mayNotRetry
            self.largerWindow = largerWindow
            self.otherCredential = otherCredential
        }
    }

    /// Counts an attempt that begins now.
    public mutating func begin() {
        attempts += 1
        attemptsOnTarget += 1
        asked = target
    }

    /// Whether one more attempt is allowed.
    public var mayBegin: Bool { attempts - earlierAttempts < policy.maxAttempts }

    /// Counts an attempt on another target that begins beside the current one.
    public mutating func beginBeside() { attempts += 1 }

    /// Notes that one of two attempts failed, and the other goes on.
    ///
    /// - Parameters:
    ///   - failed: The target of the one that failed.
    ///   - other: The target of the one that goes on.
    public mutating func lost(_ failure: AttemptFailure, on failed: Int, goingOnWith other: Int) {
        note(failure)
        if failed == target {
            skip(to: other)
            attemptsOnTarget = 1
            asked = other
        } else {
            failedBeside = failed
        }
    }

    /// Begins another part of the request, on the one target that answered, with a limit of attempts of its own.
    public mutating func beginNextPart() {
        self = AttemptMachine(targetCount: 1, policy: policy, earlierAttempts: attempts)
    }

    private init(targetCount: Int, policy: RetryPolicy, earlierAttempts: Int) {
        self.init(targetCount: targetCount, policy: policy)
        attempts = earlierAttempts
        self.earlierAttempts = earlierAttempts
    }

    /// Takes back the attempt that could not begin because its slot was refused, and moves on.
    public mutating func skip(to index: Int) {
        target = index
        attemptsOnTarget = 0
        retriesOnTarget = 0
    }

    /// Whether the current target is the last one of the plan.
    public var isLastTarget: Bool { nextTarget >= targetCount }

    /// The target after the current one, without one that failed beside it.
    public var nextTarget: Int { target + 1 == failedBeside ? target + 2 : target + 1 }

    /// What the caller sees when all targets that are left must not be asked; `nil` when nothing has failed yet.
    public var endingSoFar: AttemptFailure? { latestFailure.map(ending) }

    /// The shortest wait that any failed target asked for; what `Retry-After` says when all are rate limited.
    public var retryAfter: Duration? { shortestWait }

    /// Decides what follows a failure of the current attempt.
    public mutating func failed(_ failure: AttemptFailure, _ now: Situation) -> Next {
        note(failure)
        if !mayBegin || now.timeLeft <= .zero { return .giveUp(ending(failure)) }
        if let wait = waitBeforeRetry(failure, now) {
            retriesOnTarget += 1
            return .retry(after: wait)
        }
        switch failure.kind {
        case .contentFilter, .clientError:
            return .giveUp(failure)
        case .contextLength:
            guard let index = now.largerWindow, !now.mayNotRetry else { return .giveUp(failure) }
            skip(to: index)
            return .advance(index)
        case .auth:
            // The same credential would be refused again, unless it only may not use this model.
            let index = now.otherCredential ?? nextTarget
            guard index < targetCount, !now.mayNotRetry else { return .giveUp(ending(failure)) }
            skip(to: index)
            return .advance(index)
        default:
            guard !isLastTarget, !now.mayNotRetry else { return .giveUp(ending(failure)) }
            skip(to: nextTarget)
            return .advance(target)
        }
    }

    private mutating func note(_ failure: AttemptFailure) {
        latestFailure = failure
        if failure.kind == .rateLimited {
            let wait = failure.retryAfter ?? AttemptFailure.defaultWait
            shortestWait = min(shortestWait ?? wait, wait)
        } else {
            onlyRateLimits = false
            lastFailure = failure
        }
    }

    /// Whether ``failed(_:_:)`` would ask the same target again if the budget had room.
    ///
    /// Asked first, so that only what is repeated takes from the budget.
    public func wouldRetry(_ failure: AttemptFailure, _ now: Situation) -> Bool {
        var now = now
        now.budgetHasRoom = true
        return mayBegin && waitBeforeRetry(failure, now) != nil
    }

    /// The failure the caller sees: a rate limit only if every candidate was rate limited.
    private func ending(_ failure: AttemptFailure) -> AttemptFailure {
        guard failure.kind == .rateLimited, !onlyRateLimits, let other = lastFailure else { return failure }
        return other
    }

    /// The wait before the same target is asked again, or `nil` if it must not be.
    private func waitBeforeRetry(_ failure: AttemptFailure, _ now: Situation) -> Duration? {
        guard
            policy.enabled, !now.mayNotRetry, now.budgetHasRoom, retriesOnTarget < policy.retriesPerTarget
        else { return nil }
        let wait: Duration
        switch failure.kind {
        case .connect, .connectTimeout:
            wait = .zero
        case .reset, .serverError:
            let backoff = Self.backoff(attempt: retriesOnTarget, policy: policy, random: now.random)
            wait = max(backoff, failure.retryAfter ?? .zero)
            guard failure.retryAfter ?? .zero <= policy.retryAfterWaitMax else { return nil }
        case .rateLimited:
            guard let asked = failure.retryAfter, asked <= policy.retryAfterWaitMax else { return nil }
            wait = asked
        default:
            return nil
        }
        return wait < now.timeLeft ? wait : nil
    }

    /// Waits before the next attempt on the same target: full jitter, uniform in `0...min(cap, base × 2^attempt)`.
    public static func backoff(attempt: Int, policy: RetryPolicy, random: UInt64) -> Duration {
        var ceiling = policy.baseDelay
        for _ in 0..<min(max(0, attempt), 16) where ceiling < policy.maxDelay { ceiling *= 2 }
        ceiling = min(ceiling, policy.maxDelay)
        let fraction = Double(random >> 11) / Double(1 << 53)
        return ceiling * fraction
    }
}

extension AttemptFailure {
    /// The error the caller sees when nothing is left and no upstream body passes.
    ///
    /// - Parameters:
    ///   - retryAfter: The smallest wait over the candidates.
    ///   - isCallers: Whether the credential was one that the request brought.
    public func finalError(retryAfter: Duration?, isCallers: Bool = false) -> GatewayError {
        var error = error(retryAfter, isCallers)
        // Also where the same code says elsewhere that nobody was asked: an SDK that asks again multiplies the load.
        if kind == .serverError { error.isFinal = true }
        return error
    }

    private func error(_ retryAfter: Duration?, _ isCallers: Bool) -> GatewayError {
        switch kind {
        case .auth where isCallers:
            GatewayError(.providerAuthError, "The provider refused the credential that the request brought.")
        case .quotaExhausted where isCallers:
            GatewayError(.providerError, "The provider's quota for the credential that the request brought is used up.")
        case .connectTimeout, .timeout:
            GatewayError(.providerTimeout, "The provider did not answer in time.")
        case .rateLimited:
            GatewayError(
                .providerRateLimited,
                "Every provider of this model is limiting the rate of requests.",
                retryAfterSeconds: Self.wholeSeconds(retryAfter ?? Self.defaultWait)
            )
        case .auth:
            GatewayError(.providerAuthError, "The provider refused the gateway's own credential.")
        case .quotaExhausted:
            GatewayError(.providerError, "The provider's quota for the gateway's account is used up.")
        case .notFound:
            GatewayError(.providerError, "The provider does not know this model.")
        case .contextLength:
            GatewayError(.contextLengthExceeded, "The prompt does not fit the model's context window.")
        case .connect:
            GatewayError(.providerError, "The provider could not be reached.")
        case .reset:
            GatewayError(.providerError, "The provider closed the connection before its answer was complete.")
        case .badResponse, .redirect:
            GatewayError(.providerError, "The provider's answer was not a valid response.")
        case .serverError where status == 529:
            // The one failure of a server that callers know how to wait for; so do translations of Anthropic's errors.
            GatewayError(
                .overloaded,
                "The provider is overloaded.",
                retryAfterSeconds: Self.wholeSeconds(self.retryAfter ?? Self.overloadedWait)
            )
        case .forbidden:
            GatewayError(.localUnavailable, "No local target can serve this model.", retryAfterSeconds: 5)
        case .serverError, .contentFilter, .clientError, .refused:
            GatewayError(.providerError, "The provider failed to answer\(status.map { " (status \($0))" } ?? "").")
        }
    }

    /// How long a target that limits its rate is left alone when it does not say.
    public static let defaultWait = Duration.seconds(10)

    /// How long a caller is told to wait for a target that is overloaded and does not say.
    public static let overloadedWait = Duration.seconds(5)

    /// Whole seconds, rounded up, at least 1.
    public static func wholeSeconds(_ duration: Duration) -> Int {
        let parts = duration.components
        return Int(max(1, min(parts.seconds + (parts.attoseconds > 0 ? 1 : 0), 3_600)))
    }
}
