import MartletRouting

/// Sends the GET requests of probes; a seam, so that tests can script an engine.
protocol EngineHTTP: Sendable {
    /// Sends a GET and gathers the answer.
    ///
    /// - Parameters:
    ///   - endpoint: Where to; its base path does not count.
    ///   - path: The whole path.
    ///   - headers: Fields to add.
    func get(_ endpoint: Endpoint, path: String, headers: [HeaderField]) async throws(EngineFailure) -> EngineAnswer
}

/// What an engine answered.
struct EngineAnswer: Sendable, Hashable {
    /// The HTTP status.
    var status: Int
    /// The `Server` field.
    var server: String?
    /// Whether the answer has an `X-Gateway` field: it is a gateway's, maybe our own.
    var isGateway = false
    /// The body, at most 1 MiB.
    var body: [UInt8] = []
}

/// Why there is no answer.
enum EngineFailure: Error, Hashable {
    /// Nothing listens there.
    case unreachable
    /// Something listens and did not answer in time.
    case timeout
    /// What came is no answer, or too long.
    case unusable
}
