/// A request could not be served; rendered in the caller's dialect at the edge.
public struct GatewayError: Error, Sendable, Hashable {
    /// The stable code clients may match on.
    public var code: Code
    /// Text for the caller: no secret, no prompt text, no internal address.
    public var message: String
    /// The offending field (`messages[2].content`), when there is one.
    public var param: String?
    /// Seconds the caller should wait; set on 429 and 503.
    public var retryAfterSeconds: Int?
    /// Methods the path has; set on 405.
    public var allow: String?
    /// Whether the gateway has used its attempts already, so that an SDK should not begin anew.
    public var isFinal = false

    /// Creates an error.
    public init(
        _ code: Code,
        _ message: String,
        param: String? = nil,
        retryAfterSeconds: Int? = nil,
        allow: String? = nil
    ) {
        self.code = code
        self.message = message
        self.param = param
        self.retryAfterSeconds = retryAfterSeconds
        self.allow = allow
    }

    /// What went wrong, as a closed list with one name on the wire each.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        case invalidJSON = "invalid_json"
        case jsonTooDeep = "json_too_deep"
        case invalidValue = "invalid_value"
        case missingRequiredParameter = "missing_required_parameter"
        case unsupportedParameter = "unsupported_parameter"
        case previousResponseNotFound = "previous_response_not_found"
        case modelNotAllowed = "model_not_allowed"
        case urlNotAllowed = "url_not_allowed"
        case badRequest = "bad_request"
        case unauthorized
        case forbidden
        case modelNotFound = "model_not_found"
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
        case requestTimeout = "request_timeout"
        case requestTooLarge = "request_too_large"
        case uriTooLong = "uri_too_long"
        case unsupportedMediaType = "unsupported_media_type"
        case expectationFailed = "expectation_failed"
        case hostNotAllowed = "host_not_allowed"
        case rateLimitExceeded = "rate_limit_exceeded"
        case providerRateLimited = "provider_rate_limited"
        case headersTooLarge = "headers_too_large"
        case internalError = "internal_error"
        case localNotConfigured = "local_not_configured"
        case notImplemented = "not_implemented"
        case providerError = "provider_error"
        case providerAuthError = "provider_auth_error"
        case overloaded
        case draining
        case circuitOpen = "circuit_open"
        case dependencyUnavailable = "dependency_unavailable"
        case localUnavailable = "local_unavailable"
        case providerTimeout = "provider_timeout"
        case contextLengthExceeded = "context_length_exceeded"
        case streamInterrupted = "stream_interrupted"
        case threadUnsupported = "thread_unsupported_request"
        case threadNotFound = "thread_not_found"
    }
}

extension GatewayError.Code {
    /// The HTTP status of the code on OpenAI-shaped surfaces (RFC 9110 §15).
    public var status: Int {
        switch self {
        case .invalidJSON, .jsonTooDeep, .invalidValue, .missingRequiredParameter, .unsupportedParameter,
            .previousResponseNotFound, .modelNotAllowed, .urlNotAllowed, .badRequest, .contextLengthExceeded,
            .threadUnsupported:
            400
        case .unauthorized: 401
        case .forbidden: 403
        case .modelNotFound, .notFound, .threadNotFound: 404
        case .methodNotAllowed: 405
        case .requestTimeout: 408
        case .requestTooLarge: 413
        case .uriTooLong: 414
        case .unsupportedMediaType: 415
        case .expectationFailed: 417
        case .hostNotAllowed: 421
        case .rateLimitExceeded, .providerRateLimited: 429
        case .headersTooLarge: 431
        case .internalError, .localNotConfigured: 500
        case .notImplemented: 501
        case .providerError, .providerAuthError, .streamInterrupted: 502
        case .overloaded, .draining, .circuitOpen, .dependencyUnavailable, .localUnavailable: 503
        case .providerTimeout: 504
        }
    }

    /// The `type` member of an OpenAI error body.
    public var openAIType: String {
        switch self {
        case .forbidden: "permission_error"
        case .rateLimitExceeded, .providerRateLimited: "rate_limit_error"
        case .internalError, .localNotConfigured, .notImplemented, .providerError, .providerAuthError, .overloaded,
            .draining, .circuitOpen, .dependencyUnavailable, .localUnavailable, .providerTimeout, .streamInterrupted:
            "server_error"
        default: "invalid_request_error"
        }
    }

    /// The status and `type` of the code on Anthropic-shaped surfaces.
    public var anthropic: (status: Int, type: String) {
        switch self {
        case .unauthorized: (401, "authentication_error")
        case .forbidden: (403, "permission_error")
        case .modelNotFound, .notFound, .threadNotFound: (404, "not_found_error")
        case .requestTooLarge: (413, "request_too_large")
        case .rateLimitExceeded, .providerRateLimited: (429, "rate_limit_error")
        case .overloaded, .draining, .circuitOpen, .localUnavailable: (529, "overloaded_error")
        case .dependencyUnavailable: (503, "api_error")
        case .internalError, .localNotConfigured, .notImplemented: (status, "api_error")
        case .providerError, .providerAuthError, .streamInterrupted: (502, "api_error")
        case .providerTimeout: (504, "timeout_error")
        default: (status, "invalid_request_error")
        }
    }

    /// What `x-should-retry` says: SDKs retry 408, 409, 429 and 5xx by themselves unless told otherwise.
    ///
    /// `nil` leaves the decision to the SDK.
    public var shouldRetry: Bool? {
        switch self {
        case .overloaded, .draining, .circuitOpen, .localUnavailable, .dependencyUnavailable: true
        case .requestTimeout, .rateLimitExceeded, .providerRateLimited: nil
        default: false
        }
    }
}
