/// What an exit code of `martlet` means.
enum ExitReason: Int32, CaseIterable {
    case ok = 0
    case failed = 1
    case configurationInvalid = 2
    case gatewayUnreachable = 3
    case authentication = 4
    case notFound = 5
    case providerFailed = 6
    case limitReached = 7
    /// The same number as `EX_USAGE` of `sysexits.h`.
    case usage = 64
    /// 128 and the number of SIGINT, as shells show it.
    case interrupted = 130

    /// The `code` of errors that did not come from the gateway.
    var code: String {
        switch self {
        case .ok: "ok"
        case .failed: "failed"
        case .configurationInvalid: "configuration_invalid"
        case .gatewayUnreachable: "gateway_unreachable"
        case .authentication: "unauthorized"
        case .notFound: "not_found"
        case .providerFailed: "provider_error"
        case .limitReached: "limit_reached"
        case .usage: "usage"
        case .interrupted: "interrupted"
        }
    }

    /// Classifies an error answer of the gateway.
    ///
    /// - Parameters:
    ///   - httpStatus: The answer's status.
    ///   - code: The error's `code`, which says more than the status where both are known.
    init(httpStatus: Int, code: String?) {
        switch code {
        case "provider_error", "provider_auth_error", "provider_timeout", "circuit_open", "local_unavailable",
            "stream_interrupted":
            self = .providerFailed
        case "rate_limit_exceeded", "provider_rate_limited", "insufficient_quota", "quota_exceeded", "overloaded":
            self = .limitReached
        case "draining", "dependency_unavailable", "local_not_configured", "not_implemented": self = .failed
        default:
            switch httpStatus {
            case 401, 403: self = .authentication
            case 404: self = .notFound
            case 402, 429: self = .limitReached
            case 502, 504, 529: self = .providerFailed
            default: self = .failed
            }
        }
    }
}
