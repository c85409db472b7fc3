/// Is told what became of each request.
///
/// Told once of every request that came as far as a ``QuotaExtension`` is asked, after its record was written to disk. One
/// after the other, on no event loop: an observer that takes its time holds nothing up. What it has not taken yet waits in
/// a queue of ``queueCapacity``; what does not fit is dropped and counts in `gateway_settlements_dropped_total`. When the
/// gateway stops, it waits up to ten seconds, but no longer than `server.shutdown_grace_s`, until the queue is empty.
///
/// The ledger is what counts for money. A process that is killed has written its records, but not told all of them.
public protocol SettlementObserver: Sendable {
    /// How many settlements may wait; 4,096 unless the type says otherwise.
    ///
    /// Read once, when the gateway starts.
    var queueCapacity: Int { get }

    /// Takes notice of one request's end.
    func settled(_ settlement: Settlement) async
}

extension SettlementObserver {
    /// 4,096.
    public var queueCapacity: Int { 4_096 }
}

/// What became of one request: values only, never its text.
public struct Settlement: Sendable, Hashable, Identifiable {
    /// The gateway's own id of the request; see ``GatewayRequest/id``.
    public var id: String
    /// The public id of the caller's gateway key; `none` where the gateway asks for no key.
    public var key: String
    /// The model, as ``GatewayRequest/model`` has it.
    public var model: String
    /// The endpoint, as ``GatewayRequest/endpoint`` has it.
    public var endpoint: String
    /// How it ended.
    public var state: State
    /// The HTTP status shown; 499 when the caller left first.
    public var status: Int
    /// The code of the error shown, if any.
    public var errorCode: String?
    /// The account that answered or was tried last; `nil` when none was asked.
    public var provider: String?
    /// That account's name of the model.
    public var upstreamModel: String?
    /// The region of that account, where it has one.
    public var region: String?
    /// Attempts made.
    public var attempts: Int
    /// Whether the answer was a stream.
    public var isStream: Bool
    /// Tokens of input, those read from a provider's cache included.
    public var inputTokens: Int64
    /// Tokens of output.
    public var outputTokens: Int64
    /// Whether the tokens are estimated, because the provider did not say.
    public var isEstimated: Bool
    /// The cost in nano-dollars (10⁻⁹ USD), as the ledger has it; `nil` when the model has no price.
    public var cost: Int64?
    /// From the receipt of the request to its end.
    public var duration: Duration
    /// Whether the ledger has a record of it: it has none of what a quota or the queue refused, or of a mistake of the
    /// caller's that showed before anything was sent.
    public var isRecorded: Bool

    /// How a request ended.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// It was answered in full.
        case settled
        /// The caller left first.
        case cancelled
        /// Its answer broke off.
        case interrupted
        /// It got an error instead of an answer.
        case failed
    }

    /// Creates a settlement, as tests of observers need it.
    public init(
        id: String,
        key: String,
        model: String,
        endpoint: String = "chat_completions",
        state: State = .settled,
        status: Int = 200,
        errorCode: String? = nil,
        provider: String? = nil,
        upstreamModel: String? = nil,
        region: String? = nil,
        attempts: Int = 1,
        isStream: Bool = false,
        inputTokens: Int64 = 0,
        outputTokens: Int64 = 0,
        isEstimated: Bool = false,
        cost: Int64? = nil,
        duration: Duration = .zero,
        isRecorded: Bool = true
    ) {
        self.id = id
        self.key = key
        self.model = model
        self.endpoint = endpoint
        self.state = state
        self.status = status
        self.errorCode = errorCode
        self.provider = provider
        self.upstreamModel = upstreamModel
        self.region = region
        self.attempts = attempts
        self.isStream = isStream
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.isEstimated = isEstimated
        self.cost = cost
        self.duration = duration
        self.isRecorded = isRecorded
    }
}
