import MartletCore

/// Where an upstream listens, and how its paths begin.
public struct Endpoint: Hashable, Sendable {
    /// Whether the connection uses TLS.
    public var tls: Bool
    /// Host name or IP literal without brackets; used for DNS, SNI and the name check.
    public var host: String
    /// TCP port, 1–65535.
    public var port: Int
    /// The path before `/chat/completions`, without a trailing slash (`/v1`).
    public var basePath: String

    /// Creates an endpoint.
    public init(tls: Bool, host: String, port: Int, basePath: String) {
        self.tls = tls
        self.host = host
        self.port = port
        self.basePath = basePath
    }

    /// The `Host` field's value: the port stands there only when it is not the scheme's own (RFC 9110 §7.2).
    public var authority: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return port == (tls ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// Whether the host is a loopback name or literal.
    public var isLoopback: Bool { Loopback.isHost(host) }
}
