/// Why an attempt did not give an answer, before the commit point.
public struct AttemptFailure: Sendable, Hashable {
    /// What happened.
    public var kind: Kind
    /// The upstream's status, when there was one.
    public var status: Int?
    /// How long the upstream asked to wait, already parsed and bounded.
    public var retryAfter: Duration?

    /// Creates a failure.
    public init(_ kind: Kind, status: Int? = nil, retryAfter: Duration? = nil) {
        self.kind = kind
        self.status = status
        self.retryAfter = retryAfter
    }

    /// The rows of the failure table.
    public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
        /// DNS, refused connection or TLS error.
        case connect
        /// The connection was not made in time.
        case connectTimeout
        /// Reset or end before a complete response or the first event.
        case reset
        /// No head, first token or end in time.
        case timeout
        /// 500 502 503 504 408 425 529 and their like.
        case serverError
        /// 429.
        case rateLimited
        /// 402, or 429 because a quota is used up.
        case quotaExhausted
        /// 401 or 403.
        case auth
        /// 404.
        case notFound
        /// 400 because the prompt does not fit.
        case contextLength
        /// 400 because a filter refused.
        case contentFilter
        /// 400 409 413 422 for another reason: the caller's own doing.
        case clientError
        /// Any other 4xx: this target cannot serve the request, another one might.
        case refused
        /// A 2xx that is no answer: wrong type, not JSON, empty, over a limit, bad framing.
        case badResponse
        /// A redirect; never followed.
        case redirect
        /// The target's address is none that the request may go to: nothing was sent, and the target is not at fault.
        case forbidden
    }

    /// Classifies an upstream status and its typed error code.
    ///
    /// - Parameters:
    ///   - status: The HTTP status, not 2xx.
    ///   - code: The error body's `code` or `type`, when one could be read.
    public init(status: Int, code: String?, retryAfter: Duration?) {
        let kind: Kind =
            switch status {
            case 300..<400: .redirect
            case 401, 403: .auth
            case 402: .quotaExhausted
            case 404: .notFound
            case 408, 425: .serverError
            case 429: code == "insufficient_quota" ? .quotaExhausted : .rateLimited
            case 400 where code == "context_length_exceeded" || code == "exceed_context_size_error": .contextLength
            case 400 where code == "invalid_api_key": .auth
            case 400 where code == "content_filter" || code == "content_policy_violation": .contentFilter
            case 400, 409, 413, 422: .clientError
            case 400..<500: .refused
            default: .serverError
            }
        self.init(kind, status: status, retryAfter: retryAfter)
    }

    /// The `outcome` label of `gateway_attempts_total`.
    public var outcomeLabel: String {
        switch kind {
        case .connect, .forbidden: "connect"
        case .connectTimeout, .timeout: "timeout"
        case .reset: "reset"
        case .serverError: "server_error"
        case .rateLimited, .quotaExhausted: "rate_limited"
        case .auth: "auth"
        case .notFound, .contextLength, .contentFilter, .clientError, .refused: "client_error"
        case .badResponse, .redirect: "bad_response"
        }
    }
}
