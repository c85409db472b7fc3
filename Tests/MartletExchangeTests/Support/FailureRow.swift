import MartletCore
import Testing

/// One row of the failure table: what an upstream does, and what becomes of the request.
struct FailureRow: Sendable, CustomTestStringConvertible {
    var name: String
    var script: UpstreamScript
    /// Attempts over two targets that both fail like this.
    var attempts: Int
    /// The status and code shown at the end; no code where the upstream's own body passes.
    var status: Int
    var code: String?
    var isStream = false
    var retryAfter: String?
    var shouldRetry: String? = "false"
    /// Tokens that the attempts told they took, each time for nothing.
    var usage = Usage(inputTokens: 0, outputTokens: 0)

    var testDescription: String { name }
}
