import AsyncHTTPClient
import MartletConfig
import MartletProviders
import MartletRouting
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Sends calls for credentials; replaced in tests.
protocol CredentialTransport: Sendable {
    /// Sends a call.
    ///
    /// - Throws: ``CredentialFailure`` when no answer comes.
    func send(_ call: CredentialCall) async throws(CredentialFailure) -> CredentialReply
}

/// Sends them by Async HTTP Client: no redirects, no connection kept, through the environment's proxy unless the service
/// is the machine's own.
struct ClientCredentialTransport: CredentialTransport {
    let group: any EventLoopGroup
    /// The proxy for an endpoint.
    let proxy: @Sendable (Endpoint) -> Proxy?

    /// Bytes of an answer's body.
    static let maxBodyBytes = 1 << 20

    func send(_ call: CredentialCall) async throws(CredentialFailure) -> CredentialReply {
        // Names of accounts stand in paths, with bytes that no base URL has.
        guard let endpoint = LoadedConfig.endpoint(of: Self.origin(of: call.url)) else {
            throw CredentialFailure("the address of a token service cannot be used")
        }
        let place = endpoint.authority
        guard endpoint.tls || endpoint.isLoopback || call.isMachineLocal else {
            throw CredentialFailure("\(place) is not asked, because it is not https")
        }
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        // What is not on this machine's own network does not answer there either.
        let limit = TimeAmount.seconds(call.isMachineLocal ? 2 : 5)
        configuration.timeout = .init(connect: limit, read: limit, write: limit)
        configuration.connectionPool.retryConnectionEstablishment = false
        if !call.isMachineLocal, let proxy = proxy(endpoint) {
            let credentials = proxy.authorization.map { $0.hasPrefix("Basic ") ? String($0.dropFirst(6)) : $0 }
            configuration.proxy = .server(
                host: proxy.host,
                port: proxy.port,
                authorization: credentials.map { .basic(credentials: $0) }
            )
        }
        let client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
        let result: Result<CredentialReply, any Error>
        do {
            result = .success(try await Self.ask(call, client))
        } catch {
            result = .failure(error)
        }
        try? await client.shutdown()
        switch result {
        case .success(let reply): return reply
        case .failure(let error):
            let (words, cause) = Self.words(error)
            throw CredentialFailure("\(place) \(words)", cause)
        }
    }

    /// Scheme, host and port of an address.
    static func origin(of url: String) -> String {
        guard let slashes = url.firstRange(of: "://") else { return url }
        let rest = url[slashes.upperBound...]
        return String(url[..<(rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? url.endIndex)])
    }

    private static func ask(_ call: CredentialCall, _ client: HTTPClient) async throws -> CredentialReply {
        var request = HTTPClientRequest(url: call.url)
        request.method = HTTPMethod(rawValue: call.method)
        for (name, value) in call.fields.sorted(by: { $0.key < $1.key }) {
            request.headers.add(name: name, value: value)
        }
        request.headers.add(name: "user-agent", value: "martlet/\(MartletVersion.text)")
        if !call.body.isEmpty { request.body = .bytes(call.body) }
        let response = try await client.execute(request, timeout: .seconds(8))
        let body = try await response.body.collect(upTo: maxBodyBytes)
        var fields: [String: String] = [:]
        for (name, value) in response.headers { fields[name.lowercased()] = value }
        return CredentialReply(
            status: Int(response.status.code),
            body: Array(body.readableBytesView),
            fields: fields
        )
    }

    private static let timeouts: [HTTPClientError] = [
        .deadlineExceeded, .readTimeout, .connectTimeout, .tlsHandshakeTimeout,
    ]

    /// What went wrong; the error itself is not shown, since it may hold what was sent.
    private static func words(_ error: any Error) -> (String, CredentialFailure.Cause) {
        switch error {
        case let error as HTTPClientError where timeouts.contains(error): ("does not answer in time", .unreachable)
        case let error as NIOConnectionError where error.connectionErrors.isEmpty:
            ("cannot be reached: its name is not found", .unknownName)
        case is NIOConnectionError, is IOError: ("cannot be reached", .unreachable)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            ("has a certificate that is not trusted, or speaks no TLS", .unusable)
        case is NIOTooManyBytesError: ("answers too much", .unusable)
        default: ("gives no usable answer", .unusable)
        }
    }
}
