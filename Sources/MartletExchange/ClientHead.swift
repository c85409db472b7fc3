public import MartletCore
public import MartletRouting

/// The head of a client's request, whatever the HTTP version it came by.
///
/// The connection's adapter fills it in; framing errors it found stand in `refusal`, so that they are answered in the
/// dialect of the path.
public final class ClientHead {
    /// The method.
    public var method: Method
    /// The path as sent, without the query.
    public var path: String
    /// The query without `?`; only the control plane looks at it.
    public var query: String?
    /// The `Host` field or `:authority`.
    public var host: String?
    /// The `Content-Type` field.
    public var contentType: String?
    /// The `Content-Encoding` field.
    public var contentEncoding: String?
    /// The announced body length; `nil` when it is chunked or absent.
    public var contentLength: Int?
    /// Whether the body comes in chunks of unknown total length.
    public var isChunked = false
    /// The `Expect` field.
    public var expectation: String?
    /// The `Authorization` field.
    public var authorization: String?
    /// The `x-api-key` field.
    public var xAPIKey: String?
    /// The `api-key` field.
    public var apiKey: String?
    /// The `x-request-id` field.
    public var requestID: String?
    /// The `Origin` field.
    public var origin: String?
    /// The `Access-Control-Request-Headers` field of a preflight.
    public var requestedHeaders: String?
    /// Fields of a vendor's own that go to a target of the caller's dialect as they came: `anthropic-*`; names in lower
    /// case.
    public var vendorFields: [HeaderField] = []
    /// Credentials of the caller's own for accounts that take them: the rest of `X-Gateway-Credential-NAME` in lower
    /// case, and its value; never logged, and sent to no other account.
    public var credentials: [HeaderField] = []
    /// The `X-Gateway-Route` field.
    public var gatewayRoute: String?
    /// What other fields say about the choice of a model; `nil` when none is there.
    public var routing: RoutingFields?
    /// The `X-Gateway-Privacy` field.
    public var gatewayPrivacy: String?
    /// What the adapter already knows to be wrong.
    public var refusal: GatewayError?

    /// Fields about the choice of a model that few requests have.
    public struct RoutingFields: Sendable {
        /// The `X-Gateway-Quality` field.
        public var quality: String?
        /// The `X-Gateway-Smart-Routing` field.
        public var smartRouting: String?

        /// Creates fields that are absent.
        public init() {}
    }

    /// Request methods (RFC 9110 §9).
    public enum Method: Hashable, Sendable {
        case get, head, post, put, patch, delete, options
        case other(String)

        /// The token.
        public var name: String {
            switch self {
            case .get: "GET"
            case .head: "HEAD"
            case .post: "POST"
            case .put: "PUT"
            case .patch: "PATCH"
            case .delete: "DELETE"
            case .options: "OPTIONS"
            case .other(let name): name
            }
        }
    }

    /// Starts with a method and a path.
    public init(method: Method, path: String) {
        self.method = method
        self.path = path
    }

    /// Whether any credential header stands in the request.
    public var presentsCredential: Bool { authorization != nil || xAPIKey != nil || apiKey != nil }
}
