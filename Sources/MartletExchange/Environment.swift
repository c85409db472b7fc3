public import MartletCore
public import MartletExtensions
public import MartletGovernance
public import MartletRouting
public import NIOCore

/// What an exchange may ask and get answered at once: bounded time, no I/O.
///
/// A recorder can wrap it; events plus answers replay an exchange bit for bit.
public protocol ExchangeEnvironment: PlanningEnvironment {
    /// Monotonic time of the current event.
    var now: Instant { get }
    /// 64 random bits.
    mutating func random() -> UInt64
    /// Wall time of the current event, in milliseconds since 1970 (UTC); for records only.
    var wallMilliseconds: UInt64 { get }
    /// The configuration; kept by the exchange to its end.
    var snapshot: Snapshot { get }
    /// Whether new requests are refused because the process ends.
    var isDraining: Bool { get }
    /// Whether memory is short.
    var memory: MemoryPressure { get }
    /// Whether a new request can be recorded.
    var spoolHasRoom: Bool { get }
    /// What the program that runs the gateway wants to be asked; the same for the whole life of the process.
    var extensions: ExtensionPoints { get }
    /// How its quota is asked.
    var quotaTerms: QuotaTerms { get }
    /// Asks it which targets a request may go to.
    mutating func choose(among options: [TargetOption], for request: GatewayRequest) -> TargetDecision
    /// Checks presented credentials against what is known.
    mutating func authenticate(_ credentials: Credentials) -> AuthAnswer
    /// Takes a slot of the key, then one of the process; both stand under the id.
    mutating func admit(_ principal: Principal, id: SlotID) -> AdmitAnswer
    /// Takes a slot on a target.
    mutating func takeTargetSlot(_ target: Target, id: SlotID) -> SlotAnswer
    /// Takes one retry from a target's budget.
    mutating func takeRetry(_ target: Target) -> Bool
    /// How long 95 of 100 answers of a target take: streams to their first content, others to their end; `nil` while too
    /// few are known.
    mutating func usualWait(for target: Target, isStream: Bool) -> Duration?
    /// Lets an attempt on a target begin, if its circuit breaker does; one that may begin is counted.
    ///
    /// Whoever is given leave hands it back with ``attemptEnded(on:_:_:)``, exactly once.
    mutating func admitAttempt(on target: Target) -> AttemptAdmission
    /// Tells that an attempt has begun to answer and goes on; the answer is what its end is told under.
    ///
    /// - Parameter isCallers: Whether the request showed a key of the caller's.
    mutating func attemptAnswered(on target: Target, _ permit: AttemptPermit, isCallers: Bool) -> AttemptPermit
    /// Tells what became of an attempt.
    mutating func attemptEnded(on target: Target, _ permit: AttemptPermit, _ end: AttemptEnd)
    /// Tells why a target refused the gateway's own credential, for the operator.
    mutating func refused(_ target: Target, status: Int, saying said: UpstreamFailure)
    /// Whether the credential of an authorization is there; one that ends soon is renewed meanwhile.
    ///
    /// - Parameter mayFetch: Whether anything may be asked for because of this request.
    mutating func credential(_ authorization: Authorization, mayFetch: Bool) -> CredentialAnswer
    /// Whether bytes show the credential that an authorization has now.
    mutating func isShown(_ authorization: Authorization, in bytes: ByteBuffer) -> Bool
    /// A page from memory.
    mutating func page(_ page: Page) -> PageAnswer
    /// The list of models as OpenAI shows it, or one of them.
    mutating func modelPage(_ id: String?) -> PageAnswer?
    /// Counts bytes held by all exchanges; the answer says whether there is room for more.
    mutating func holdBytes(_ change: Int) -> Bool
}

/// How short memory is.
public enum MemoryPressure: UInt8, Sendable, Comparable {
    /// Enough.
    case normal
    /// No keep-alive, no new cache entries.
    case high
    /// New requests are refused.
    case critical

    /// Orders by severity.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// Whether a request is admitted.
public enum AdmitAnswer: Sendable, Hashable {
    /// Slots of process and key are taken.
    case granted
    /// The key has as many requests in flight as it may.
    case keyFull
    /// The process is full: wait, holding the slot of the key.
    case processFull
}

/// Whether an attempt may begin.
public enum SlotAnswer: Sendable, Hashable {
    /// There is no limit, so nothing is held.
    case unlimited
    /// A slot is taken.
    case granted
    /// Wait.
    case full
}
