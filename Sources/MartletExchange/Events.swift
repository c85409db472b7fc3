public import MartletCore
public import MartletExtensions
public import MartletGovernance
public import NIOCore

/// What an exchange is told.
public enum ExchangeEvent {
    /// The client's request head.
    case clientHead(ClientHead)
    /// Bytes of the client's body.
    case clientBytes(ByteBuffer)
    /// The client's body is complete.
    case clientEnd
    /// The client's request broke framing after its head.
    indirect case clientBroke(GatewayError)
    /// The client went away, in any phase.
    case clientGone
    /// The client takes bytes again, or no longer.
    case clientWritable(Bool)
    /// A leg's connection is ready for its request; whether it had served another one before.
    case legConnected(LegID, reused: Bool)
    /// A leg's response head.
    case legHead(LegID, UpstreamHead)
    /// Bytes of a leg's response body.
    case legBytes(LegID, ByteBuffer)
    /// A leg's response is complete.
    case legEnd(LegID)
    /// A leg ended without a complete response.
    case legFailed(LegID, LegFailure)
    /// The answer to an ask.
    indirect case answer(AskID, Answer)
    /// The timer fired; it may be early.
    case timer
    /// Running requests must end now.
    case drain
}

/// Names an ask within its exchange.
public struct AskID: Hashable, Sendable {
    /// Counts from 0.
    public let rawValue: UInt16

    /// Wraps a number.
    public init(_ rawValue: UInt16) { self.rawValue = rawValue }
}

/// What must wait: done off the loop by a service, and answered by an event.
public enum Ask {
    /// Look the presented key up in the store.
    case authenticate(Credentials)
    /// Wait for room in the process or on a target, until the deadline.
    case slot(SlotRequest, deadline: Instant)
    /// Answer a page that takes longer to make than a loop should be held.
    case page(Page)
    /// Find the account that made a message for a key.
    case messageAccount(messageID: String, key: APIKeyID)
    /// Hand a request to the control plane.
    case control(ControlRequest)
    /// Do work that would hold the loop up.
    case compute(Computation)
    /// Write bytes of an upload to a file.
    case spool(UploadWrite)
    /// Fetch what a request names by address, for a target that takes only bytes.
    case fetchMedia(MediaRequest)
    /// Get the credential that requests to a target need.
    case credential(CredentialRequest)
    /// Put the conversation so far in front of a request.
    case history(HistoryRequest)
    /// Read or delete a kept response.
    case storedResponse(StoredResponseRequest)
    /// Ask the program that runs the gateway whether a request may go on, and at which price.
    case quota(GatewayRequest)
}

/// The answer to an ask.
public enum Answer {
    /// The key is known now, or refused.
    case authenticated(AuthAnswer)
    /// A slot was granted, or not before the deadline.
    case slot(SlotID?)
    /// A page.
    case page(PageAnswer)
    /// The account that made a message; `nil` when nobody knows any more, or it was made for another key.
    case messageAccount(AccountName?, isAnothers: Bool = false)
    /// What came of work.
    case computed(Computed)
    /// The file that holds the bytes now; `nil` when they could not be written.
    case spooled((any UploadFile)?)
    /// What was fetched.
    case media(MediaAnswer)
    /// Whether a credential is there now.
    case credential(CredentialAnswer)
    /// A request with the conversation so far.
    case history(HistoryAnswer)
    /// Whether the request may go on.
    case quota(QuotaAnswer)
}

/// What is known of presented credentials.
public enum AuthAnswer: Sendable {
    /// One valid key.
    case principal(Principal)
    /// No valid key, or two different ones.
    case refused
    /// The key may be valid, but must be looked up first.
    case mustAsk
    /// The store that knows is down.
    case unavailable
}

/// Where room is needed.
public enum SlotRequest: Sendable {
    /// In the process.
    case process
    /// On a target's account.
    case target(TargetID, limit: Int)
}

/// A granted slot; the performer owns the resource behind it.
public struct SlotID: Hashable, Sendable {
    /// Counts from 0 within its exchange.
    public let rawValue: UInt16

    /// Wraps a number.
    public init(_ rawValue: UInt16) { self.rawValue = rawValue }
}

/// A body answered from memory.
public enum Page: Sendable, Hashable {
    /// The process runs.
    case live
    /// New requests may be sent here.
    case ready
    /// State of every component.
    case health
    /// Prometheus text.
    case metrics
    /// What Claude Code asks to see whether its base URL answers.
    case hello

    /// The name in the access log.
    var name: String {
        switch self {
        case .live: "live"
        case .ready: "ready"
        case .health: "health"
        case .metrics: "metrics"
        case .hello: "hello"
        }
    }
}

/// An answer made outside the exchange.
public struct PageAnswer: Sendable {
    /// The HTTP status.
    public var status: Int
    /// The media type.
    public var contentType: String
    /// The body.
    public var body: ByteBuffer
    /// An `Allow` field, on 405.
    public var allow: String?

    /// Creates an answer.
    public init(status: Int, contentType: String, body: ByteBuffer, allow: String? = nil) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.allow = allow
    }
}

/// A request for the control plane.
public struct ControlRequest: Sendable {
    /// The method token.
    public var method: String
    /// The path as sent.
    public var path: String
    /// The query without `?`.
    public var query: String?
    /// The media type of the body.
    public var contentType: String?
    /// The body, at most 1 MiB.
    public var body: ByteBuffer
    /// Who asks.
    public var principal: Principal

    /// Creates a request.
    public init(
        method: String,
        path: String,
        query: String?,
        contentType: String?,
        body: ByteBuffer,
        principal: Principal
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.contentType = contentType
        self.body = body
        self.principal = principal
    }
}
