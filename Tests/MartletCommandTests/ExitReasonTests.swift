import MartletCore
import Testing

@testable import MartletCommand

@Suite struct ExitReasonTests {
    @Test(arguments: [
        (401, "unauthorized", ExitReason.authentication), (403, "forbidden", .authentication),
        (404, "model_not_found", .notFound), (404, "not_found", .notFound),
        (429, "rate_limit_exceeded", .limitReached), (429, "provider_rate_limited", .limitReached),
        (429, "insufficient_quota", .limitReached), (503, "overloaded", .limitReached),
        (502, "provider_error", .providerFailed), (502, "provider_auth_error", .providerFailed),
        (504, "provider_timeout", .providerFailed), (503, "circuit_open", .providerFailed),
        (503, "local_unavailable", .providerFailed), (502, "stream_interrupted", .providerFailed),
        (400, "invalid_value", .failed), (400, "context_length_exceeded", .failed), (500, "internal_error", .failed),
        (500, "local_not_configured", .failed), (503, "draining", .failed),
    ])
    func `an error of the gateway has the exit code of its kind`(status: Int, code: String, expected: ExitReason) {
        #expect(ExitReason(httpStatus: status, code: code) == expected)
    }

    @Test(arguments: [
        (400, ExitReason.failed), (401, .authentication), (402, .limitReached), (403, .authentication),
        (404, .notFound),
        (413, .failed), (429, .limitReached), (500, .failed), (502, .providerFailed), (503, .failed),
        (504, .providerFailed), (529, .providerFailed),
    ])
    func `a status alone decides when the code is unknown`(status: Int, expected: ExitReason) {
        #expect(ExitReason(httpStatus: status, code: nil) == expected)
        #expect(ExitReason(httpStatus: status, code: "new_in_a_later_release") == expected)
    }

    @Test(arguments: GatewayError.Code.allCases)
    func `no error of the gateway looks like success, usage or configuration`(code: GatewayError.Code) {
        let status = ExitReason(httpStatus: code.status, code: code.rawValue)
        #expect(![.ok, .usage, .configurationInvalid, .interrupted, .gatewayUnreachable].contains(status))
    }

    @Test func `the numbers are those that scripts rely on`() {
        #expect(ExitReason.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 5, 6, 7, 64, 130])
    }
}
