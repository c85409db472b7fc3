import MartletCore
import MartletRouting
import Testing

@Suite("Attempt failure") struct AttemptFailureTests {
    @Test(
        "classifies a status and its code",
        arguments: [
            (301, nil, .redirect), (401, nil, .auth), (403, nil, .auth), (402, nil, .quotaExhausted),
            (404, nil, .notFound),
            (408, nil, .serverError), (425, nil, .serverError), (429, nil, .rateLimited),
            (429, "insufficient_quota", .quotaExhausted), (429, "other", .rateLimited), (400, nil, .clientError),
            (400, "context_length_exceeded", .contextLength), (400, "exceed_context_size_error", .contextLength),
            (400, "content_filter", .contentFilter), (400, "content_policy_violation", .contentFilter),
            (413, "context_length_exceeded", .clientError), (409, nil, .clientError), (422, nil, .clientError),
            (405, nil, .refused), (451, nil, .refused), (500, nil, .serverError), (529, nil, .serverError),
            (599, nil, .serverError), (999, nil, .serverError), (101, nil, .serverError),
        ] as [(Int, String?, AttemptFailure.Kind)]
    )
    func classify(status: Int, code: String?, kind: AttemptFailure.Kind) {
        let failure = AttemptFailure(status: status, code: code, retryAfter: .seconds(1))
        #expect(failure == AttemptFailure(kind, status: status, retryAfter: .seconds(1)))
    }

    @Test(
        "says what the caller sees when nothing is left",
        arguments: [
            (.connect, .providerError), (.connectTimeout, .providerTimeout), (.reset, .providerError),
            (.timeout, .providerTimeout), (.serverError, .providerError), (.rateLimited, .providerRateLimited),
            (.quotaExhausted, .providerError), (.auth, .providerAuthError), (.notFound, .providerError),
            (.contextLength, .contextLengthExceeded), (.contentFilter, .providerError), (.clientError, .providerError),
            (.refused, .providerError), (.badResponse, .providerError), (.redirect, .providerError),
            (.forbidden, .localUnavailable),
        ] as [(AttemptFailure.Kind, GatewayError.Code)]
    )
    func finalError(kind: AttemptFailure.Kind, code: GatewayError.Code) {
        let error = AttemptFailure(kind, status: 503).finalError(retryAfter: nil)
        #expect(error.code == code)
        #expect(error.retryAfterSeconds == (kind == .rateLimited ? 10 : kind == .forbidden ? 5 : nil))
    }

    @Test("an overloaded provider is told as such, with its own wait or one of five seconds")
    func overloaded() {
        let error = AttemptFailure(.serverError, status: 529).finalError(retryAfter: nil)
        #expect(error.code == .overloaded && error.retryAfterSeconds == 5)
        let told = AttemptFailure(.serverError, status: 529, retryAfter: .milliseconds(7_200))
        #expect(told.finalError(retryAfter: nil).retryAfterSeconds == 8)
    }

    @Test("every kind has a label of the metrics' closed list", arguments: AttemptFailure.Kind.allCases)
    func labels(kind: AttemptFailure.Kind) {
        let labels = [
            "connect", "timeout", "reset", "rate_limited", "auth", "client_error", "server_error", "bad_response",
        ]
        #expect(labels.contains(AttemptFailure(kind).outcomeLabel))
    }

    @Test(
        "rounds waits up to whole seconds, at least one and at most an hour",
        arguments: [
            (.zero, 1), (.milliseconds(1), 1), (.seconds(1), 1), (.milliseconds(1_001), 2), (.seconds(90), 90),
            (.seconds(3_600), 3_600), (.seconds(90_000), 3_600), (.seconds(-5), 1),
        ] as [(Duration, Int)]
    )
    func seconds(duration: Duration, seconds: Int) { #expect(AttemptFailure.wholeSeconds(duration) == seconds) }
}
