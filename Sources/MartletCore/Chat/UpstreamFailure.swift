/// What a provider said about a failure, in whatever shape it said it.
///
/// The text is the provider's: it is shown to a caller only where the status shown is the provider's own.
public struct UpstreamFailure: Hashable, Sendable {
    /// The first message-like text; empty when there was none.
    public var message: String
    /// The provider's class of failure (`invalid_request_error`).
    public var type: String?
    /// The provider's code; numbers are written as digits.
    public var code: String?
    /// The offending field of the request.
    public var param: String?
    /// How long to wait before the next try, where the body says so; not negative.
    public var retryAfter: Duration?

    /// Creates a failure.
    public init(message: String, type: String? = nil, code: String? = nil, param: String? = nil) {
        self.message = message
        self.type = type
        self.code = code
        self.param = param
    }
}
