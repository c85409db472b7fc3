/// Why a request is not served; the caller gets it in the error format of its own API.
public struct Refusal: Sendable, Hashable {
    /// What stands in the way.
    public var kind: Kind
    /// One sentence for the caller, at most 500 bytes; no secret.
    public var message: String
    /// Seconds after which the caller may try again, where that helps.
    public var retryAfterSeconds: Int?

    /// What stands in the way.
    public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
        /// A quota is used up: 429 `quota_exceeded`, on Anthropic's surface 402 `billing_error`.
        case quotaExceeded
        /// The caller may not do this: 403 `forbidden`.
        case forbidden
        /// It cannot be done now: 503 `dependency_unavailable`.
        case unavailable
    }

    /// Creates a refusal.
    public init(_ kind: Kind, _ message: String, retryAfterSeconds: Int? = nil) {
        self.kind = kind
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
    }
}
