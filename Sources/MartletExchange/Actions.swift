public import MartletCore
public import MartletExtensions
public import MartletGovernance
public import MartletRouting
public import NIOCore

/// What an exchange wants done, in order.
public enum ExchangeAction {
    /// Deliver more of the client's body.
    case readClient
    /// Tell a client that waits for it to go on (RFC 9110 §10.1.1).
    case sendContinue
    /// Begin the answer.
    indirect case respond(ResponseHead)
    /// Bytes of the answer.
    case body(ByteBuffer)
    /// The answer is complete.
    case endBody
    /// The answer cannot be completed: cut it so that the client sees it is incomplete.
    case abort
    /// Get a connection for a leg; a fresh one if the pooled one was stale.
    case dial(LegID, Target, privacy: PrivacyClass, fresh: Bool, deadline: Instant)
    /// Send a leg's whole request; the performer flushes it after the records before it are written.
    indirect case sendUp(LegID, UpstreamRequest)
    /// Read more of a leg's response.
    case readLeg(LegID)
    /// The leg is not needed any more; its connection is closed.
    case cancelLeg(LegID)
    /// Get an answer from a service.
    indirect case ask(AskID, Ask)
    /// Wake up at this time; replaces nothing earlier.
    case setTimer(Instant)
    /// Give a slot back.
    case releaseSlot(SlotID)
    /// Remember which account made a message for a key, so that the conversation goes on there.
    indirect case rememberMessage(id: String, key: APIKeyID, account: AccountName)
    /// Write a record before any byte that follows in this list.
    indirect case record(LedgerRecord)
    /// Keep an answer before any byte that follows in this list; whether it can be kept changes nothing for them.
    indirect case keep(AnswerToKeep)
    /// The exchange is over: write the ending before any byte that follows, release everything, count it.
    indirect case settle(Outcome)
    /// Tell observers what became of the exchange, once what was recorded of it is written.
    indirect case observe(Settlement)
}

/// A reused list of actions.
public struct ActionList {
    /// The actions that were not taken out yet, in order.
    public private(set) var items: [ExchangeAction] = []

    /// Starts empty, without memory.
    public init() {}

    /// Appends an action.
    public mutating func add(_ action: ExchangeAction) { items.append(action) }

    /// Takes all actions out, one after the other in their order; each belongs to who performs it.
    public mutating func takeAll(_ perform: (consuming ExchangeAction) -> Void) {
        items.reverse()
        while let action = items.popLast() { perform(action) }
    }

    /// Empties the list, keeping its memory.
    public mutating func removeAll() { items.removeAll(keepingCapacity: true) }
}

/// A request as it goes upstream: what the HTTP adapter needs to write it.
public struct UpstreamRequest {
    /// The path below the target's base path.
    public var path: String
    /// Whether it stands beside the version of the API that the base path ends with.
    public var isUnversioned = false
    /// The method.
    public var method = ClientHead.Method.post
    /// The media type of the body; empty where there is none.
    public var contentType = "application/json"
    /// The media type that is expected.
    public var accept: String
    /// Fields of this request alone; they take the place of the target's of the same name.
    public var fields: [HeaderField]
    /// The body.
    public var body: SplicedBody
    /// Whether the fields show already who sends it, so that the target's authorization adds nothing.
    public var isAuthorized = false

    /// Creates a request.
    public init(path: String, accept: String, fields: [HeaderField] = [], body: SplicedBody) {
        self.path = path
        self.fields = fields
        self.accept = accept
        self.body = body
    }
}

/// How an exchange ended; told exactly once.
public struct Outcome {
    /// The ledger's ending; `nil` for requests that never were admitted.
    public var record: LedgerRecord?
    /// Whose key was presented; `nil` where none is needed or none was accepted.
    public var key: APIKeyID?
    /// The endpoint's name, for the access log.
    public var endpoint: String
    /// The status shown; 499 when the client left first.
    public var status: Int
    /// `provider` label: the account, or `none`.
    public var provider: String
    /// `model` label: a configured or registry name, `other` or `none`.
    public var model: String
    /// Whether the request asked for inference, and so counts in the request metrics.
    public var isInference: Bool
    /// Each attempt's account and outcome label.
    public var attempts: [AttemptOutcome]
    /// Where it was routed and why; `nil` before a plan existed.
    public var route: RouteOutcome?
    /// From receipt to the end.
    public var duration: Duration
    /// From the upstream request to the first content of a stream.
    public var firstToken: Duration?
    /// The gateway's own time by stage.
    public var overhead: StageTimes
    /// Usage of the call; `nil` when none was made.
    public var usage: Usage?
    /// Cost in nano-dollars; `nil` when the model has no price or no call was made.
    public var cost: NanoUSD?

    /// An attempt's account and outcome label.
    public struct AttemptOutcome: Hashable, Sendable {
        /// The account.
        public var provider: String
        /// One of the outcome labels.
        public var outcome: String
    }

    /// A route and its reason.
    public struct RouteOutcome: Hashable, Sendable {
        /// `local` or `cloud`.
        public var route: String
        /// Why.
        public var reason: RouteReason
    }

    /// The gateway's own time, without waits for the client, queues or upstreams.
    public struct StageTimes: Hashable, Sendable {
        /// From the complete request to the upstream request.
        public var attempt: Duration?
        /// From the last upstream byte to the end.
        public var relay: Duration?
    }
}
