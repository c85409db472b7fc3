public import MartletCore

/// One line of the ledger: what became of one request.
///
/// An `intent` is written before the first byte goes upstream; exactly one ending follows it.
public struct LedgerRecord: Hashable, Sendable {
    /// The gateway's own id of the request; the ledger's only key.
    public var id: RecordID
    /// What the record says.
    public var state: State
    /// When the request was received, in milliseconds since 1970 (UTC).
    public var receivedAt: UInt64
    /// When the record was made, in milliseconds since 1970 (UTC).
    public var recordedAt: UInt64
    /// The public id of the key.
    public var key: APIKeyID
    /// The model as configured or registered; what the caller asked for when it passes through.
    public var model: String
    /// The account that answered or was last tried; `none` if no target was reached.
    public var provider: String
    /// The upstream's model name; empty if no target was reached.
    public var upstreamModel: String
    /// Attempts made.
    public var attempts: UInt16
    /// The HTTP status shown to the caller; 499 when the caller left first.
    public var status: UInt16
    /// Whether the answer was a stream.
    public var streamed: Bool
    /// Token counts; in an intent, the estimate of the input.
    public var usage: Usage
    /// Cost in nano-dollars; `nil` when the model has no price.
    public var cost: NanoUSD?
    /// What the price list gives, where the provider said itself what the answer cost (``Usage/reportedCost``).
    public var listedCost: NanoUSD?
    /// Milliseconds from receipt to the end.
    public var durationMilliseconds: UInt32
    /// Milliseconds from the upstream request to its first content; 0 when there was none.
    public var firstTokenMilliseconds: UInt32
    /// The caller's own request id, kept beside ours; decides nothing.
    public var clientRequestID: String?
    /// The error code shown to the caller, if any.
    public var errorCode: String?
    /// The packed decision trace, at most 512 bytes; text in records of the first releases, and only where they failed.
    public var trace: [UInt8]

    /// How far a request has come.
    public enum State: UInt8, Sendable, Hashable, CaseIterable {
        /// Admitted; an upstream call is about to be made.
        case intent = 0
        /// Answered in full.
        case settled = 1
        /// The caller left first.
        case cancelled = 2
        /// The process or the stream ended before the answer did.
        case interrupted = 3
        /// No answer could be given.
        case failed = 4

        /// The name in the API and the database.
        public var name: String {
            switch self {
            case .intent: "intent"
            case .settled: "settled"
            case .cancelled: "cancelled"
            case .interrupted: "interrupted"
            case .failed: "failed"
            }
        }
    }

    /// Creates a record.
    public init(
        id: RecordID,
        state: State,
        receivedAt: UInt64,
        recordedAt: UInt64,
        key: APIKeyID,
        model: String,
        provider: String,
        upstreamModel: String,
        attempts: UInt16,
        status: UInt16,
        streamed: Bool,
        usage: Usage,
        cost: NanoUSD?,
        durationMilliseconds: UInt32 = 0,
        firstTokenMilliseconds: UInt32 = 0,
        clientRequestID: String? = nil,
        errorCode: String? = nil,
        trace: [UInt8] = []
    ) {
        self.id = id
        self.state = state
        self.receivedAt = receivedAt
        self.recordedAt = recordedAt
        self.key = key
        self.model = model
        self.provider = provider
        self.upstreamModel = upstreamModel
        self.attempts = attempts
        self.status = status
        self.streamed = streamed
        self.usage = usage
        self.cost = cost
        self.durationMilliseconds = durationMilliseconds
        self.firstTokenMilliseconds = firstTokenMilliseconds
        self.clientRequestID = clientRequestID
        self.errorCode = errorCode
        self.trace = trace
    }
}
