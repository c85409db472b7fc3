import AsyncHTTPClient
import MartletRouting
import NIOCore
import NIOHTTP1
import NIOPosix

/// Probes by Async HTTP Client: one second a request, 1 MiB a body, no redirects, no proxy, no connection kept.
final class ClientEngineHTTP: EngineHTTP {
    /// Bytes of an answer's body.
    static let maxBodyBytes = 1 << 20

    private let client: HTTPClient
    private let timeout: Duration

    /// Creates a client on loops of the caller's; `shutdown` must be called before they end.
    init(group: any EventLoopGroup, timeout: Duration = .seconds(1)) {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.proxy = nil
        configuration.timeout = .init(connect: .seconds(1), read: .seconds(1), write: .seconds(1))
        // Without this a refused connection is tried again until the time is over.
        configuration.connectionPool.retryConnectionEstablishment = false
        // Engines come and go between rounds; a kept connection would be a stale one.
        configuration.connectionPool.idleTimeout = .seconds(1)
        client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
        self.timeout = timeout
    }

    /// Closes the client.
    func shutdown() async { try? await client.shutdown() }

    func get(_ endpoint: Endpoint, path: String, headers: [HeaderField]) async throws(EngineFailure) -> EngineAnswer {
        let url = "\(endpoint.tls ? "https" : "http")://\(endpoint.authority)\(path)"
        let timeout = timeout
        do {
            // The client's own deadline does not hold for a body that trickles.
            return try await withThrowingTaskGroup(of: EngineAnswer.self) { group in
                group.addTask { [client] in
                    try await Self.send(url, headers, client, timeout: TimeAmount(timeout))
                }
                group.addTask {
                    try await Task.sleep(for: timeout)
                    throw EngineFailure.timeout
                }
                defer { group.cancelAll() }
                guard let answer = try await group.next() else { throw EngineFailure.unusable }
                return answer
            }
        } catch {
            throw Self.failure(error)
        }
    }

    private static func send(
        _ url: String,
        _ headers: [HeaderField],
        _ client: HTTPClient,
        timeout: TimeAmount
    ) async throws -> EngineAnswer {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "accept", value: "application/json")
        request.headers.add(name: "user-agent", value: "martlet")
        for field in headers { request.headers.add(name: field.name, value: field.value) }
        let response = try await client.execute(request, timeout: timeout)
        let body = try await response.body.collect(upTo: maxBodyBytes)
        return EngineAnswer(
            status: Int(response.status.code),
            server: response.headers.first(name: "server"),
            isGateway: response.headers.contains(name: "x-gateway"),
            body: Array(body.readableBytesView)
        )
    }

    private static let timeouts: [HTTPClientError] = [.deadlineExceeded, .readTimeout, .connectTimeout]

    private static func failure(_ error: any Error) -> EngineFailure {
        switch error {
        case let error as EngineFailure: error
        case let error as HTTPClientError where timeouts.contains(error): .timeout
        case is CancellationError: .timeout
        case is NIOConnectionError, is IOError: .unreachable
        default: .unusable
        }
    }
}
