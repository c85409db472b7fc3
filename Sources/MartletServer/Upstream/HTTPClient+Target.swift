import AsyncHTTPClient
import MartletRouting
import NIOCore

extension HTTPClient.Configuration {
    /// What it takes to ask a target's endpoint beside the request path: its TLS, its proxy, no redirects.
    ///
    /// - Parameter connect: How long a connection with its TLS may take to be made.
    init(for target: Target, connect: Duration) throws {
        self.init(redirectConfiguration: .disallow)
        timeout.connect = TimeAmount(connect)
        httpVersion = .http1Only
        connectionPool.retryConnectionEstablishment = false
        tlsConfiguration = try UpstreamTLS.configuration(for: target.tls)
        proxy = target.proxy.map { proxy in
            let credentials = proxy.authorization.map { $0.hasPrefix("Basic ") ? String($0.dropFirst(6)) : $0 }
            return .server(
                host: proxy.host,
                port: proxy.port,
                authorization: credentials.map { .basic(credentials: $0) }
            )
        }
    }
}
