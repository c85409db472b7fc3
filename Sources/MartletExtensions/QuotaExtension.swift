/// Decides for each request whether it may go on, and at which price.
///
/// It is asked once a request, after the plan is made and room for the request is there, and before anything is sent to a
/// provider. Whatever it reserves for a request it gives back when a ``SettlementObserver`` is told of the same id: that
/// happens once for every request it was asked about, also for one that was refused or whose caller left while it was
/// asked, and never twice. Only what does not fit into an observer's queue is not told; it is counted as dropped.
public protocol QuotaExtension: Sendable {
    /// How long an answer may take; 50 milliseconds unless the type says otherwise.
    ///
    /// Read once, when the gateway starts. The task of ``decide(_:)`` is cancelled when it is over.
    var deadline: Duration { get }

    /// What becomes of requests when no answer comes in time or an error is thrown; ``FailureMode/closed`` unless the type
    /// says otherwise.
    ///
    /// Read once, when the gateway starts.
    var failureMode: FailureMode { get }

    /// Decides about one request; called for many at once.
    ///
    /// - Throws: What made a decision impossible; then ``failureMode`` decides. Callers are not told of it.
    func decide(_ request: GatewayRequest) async throws -> QuotaDecision
}

extension QuotaExtension {
    /// 50 milliseconds.
    public var deadline: Duration { .milliseconds(50) }
    /// Requests are refused.
    public var failureMode: FailureMode { .closed }
}

/// What becomes of requests that nobody decided about.
public enum FailureMode: UInt8, Sendable, Hashable {
    /// They are refused with 503 `dependency_unavailable`.
    case closed
    /// They go on at the usual price.
    case open
}

/// What a quota says about a request.
public enum QuotaDecision: Sendable, Hashable {
    /// It goes on at the usual price.
    case allow
    /// It goes on at another price.
    case charge(PriceAdjustment)
    /// It is not served.
    case refuse(Refusal)
}
