import MartletCore
import Testing

@Suite("Gateway error") struct GatewayErrorTests {
    /// Status, OpenAI type, Anthropic status and type, and what SDKs are told about repeating.
    struct Row: Sendable {
        var code: GatewayError.Code
        var status: Int
        var openAI: String
        var anthropic: (Int, String)
        var retry: Bool?

        init(
            _ code: GatewayError.Code,
            _ status: Int,
            _ openAI: String,
            _ anthropicStatus: Int,
            _ anthropicType: String,
            retry: Bool?
        ) {
            self.code = code
            self.status = status
            self.openAI = openAI
            anthropic = (anthropicStatus, anthropicType)
            self.retry = retry
        }
    }

    private static let invalid = "invalid_request_error"
    private static let server = "server_error"

    static let rows: [Row] = [
        Row(.invalidJSON, 400, invalid, 400, invalid, retry: false),
        Row(.jsonTooDeep, 400, invalid, 400, invalid, retry: false),
        Row(.invalidValue, 400, invalid, 400, invalid, retry: false),
        Row(.missingRequiredParameter, 400, invalid, 400, invalid, retry: false),
        Row(.unsupportedParameter, 400, invalid, 400, invalid, retry: false),
        Row(.previousResponseNotFound, 400, invalid, 400, invalid, retry: false),
        Row(.modelNotAllowed, 400, invalid, 400, invalid, retry: false),
        Row(.urlNotAllowed, 400, invalid, 400, invalid, retry: false),
        Row(.badRequest, 400, invalid, 400, invalid, retry: false),
        Row(.contextLengthExceeded, 400, invalid, 400, invalid, retry: false),
        Row(.threadUnsupported, 400, invalid, 400, invalid, retry: false),
        Row(.threadNotFound, 404, invalid, 404, "not_found_error", retry: false),
        Row(.unauthorized, 401, invalid, 401, "authentication_error", retry: false),
        Row(.forbidden, 403, "permission_error", 403, "permission_error", retry: false),
        Row(.modelNotFound, 404, invalid, 404, "not_found_error", retry: false),
        Row(.notFound, 404, invalid, 404, "not_found_error", retry: false),
        Row(.methodNotAllowed, 405, invalid, 405, invalid, retry: false),
        Row(.requestTimeout, 408, invalid, 408, invalid, retry: nil),
        Row(.requestTooLarge, 413, invalid, 413, "request_too_large", retry: false),
        Row(.uriTooLong, 414, invalid, 414, invalid, retry: false),
        Row(.unsupportedMediaType, 415, invalid, 415, invalid, retry: false),
        Row(.expectationFailed, 417, invalid, 417, invalid, retry: false),
        Row(.hostNotAllowed, 421, invalid, 421, invalid, retry: false),
        Row(.rateLimitExceeded, 429, "rate_limit_error", 429, "rate_limit_error", retry: nil),
        Row(.providerRateLimited, 429, "rate_limit_error", 429, "rate_limit_error", retry: nil),
        Row(.quotaExceeded, 429, "insufficient_quota", 402, "billing_error", retry: false),
        Row(.headersTooLarge, 431, invalid, 431, invalid, retry: false),
        Row(.localNotConfigured, 500, server, 500, "api_error", retry: false),
        Row(.notImplemented, 501, server, 501, "api_error", retry: false),
        Row(.providerError, 502, server, 502, "api_error", retry: false),
        Row(.providerAuthError, 502, server, 502, "api_error", retry: false),
        Row(.streamInterrupted, 502, server, 502, "api_error", retry: false),
        Row(.overloaded, 503, server, 529, "overloaded_error", retry: true),
        Row(.draining, 503, server, 529, "overloaded_error", retry: true),
        Row(.circuitOpen, 503, server, 529, "overloaded_error", retry: true),
        Row(.localUnavailable, 503, server, 529, "overloaded_error", retry: true),
        Row(.dependencyUnavailable, 503, server, 503, "api_error", retry: true),
        Row(.providerTimeout, 504, server, 504, "timeout_error", retry: false),
    ]

    @Test("each code has its status, its type on both surfaces, and its word on repeating", arguments: rows)
    func table(row: Row) {
        #expect(row.code.status == row.status)
        #expect(row.code.openAIType == row.openAI)
        #expect(row.code.anthropic.status == row.anthropic.0)
        #expect(row.code.anthropic.type == row.anthropic.1)
        #expect(row.code.shouldRetry == row.retry)
    }

    @Test("a defect of the gateway is 500 on both surfaces")
    func internalError() {
        #expect(GatewayError.Code.internalError.status == 500)
        #expect(GatewayError.Code.internalError.openAIType == "server_error")
        #expect(GatewayError.Code.internalError.anthropic == (500, "api_error"))
    }

    @Test("no code is left out, and the names on the wire are lower case with underscores")
    func complete() {
        #expect(Set(Self.rows.map(\.code)).union([.internalError]) == Set(GatewayError.Code.allCases))
        for code in GatewayError.Code.allCases {
            #expect(code.rawValue.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "_") })
        }
    }
}
