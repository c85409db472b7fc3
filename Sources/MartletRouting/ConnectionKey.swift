/// What connections to an upstream must have in common to stand in for each other.
///
/// Its hash is made once, with the target, because every request looks its connections up.
public struct ConnectionKey: Hashable, Sendable {
    /// Where the upstream listens.
    public let endpoint: Endpoint
    /// TLS settings beyond the system's roots.
    public let tls: TLSOptions
    /// The proxy they go through; `nil` goes straight.
    public let proxy: Proxy?
    private let hash: Int

    init(endpoint: Endpoint, tls: TLSOptions, proxy: Proxy?) {
        self.endpoint = endpoint
        self.tls = tls
        self.proxy = proxy
        var hasher = Hasher()
        hasher.combine(endpoint.tls)
        hasher.combine(endpoint.host)
        hasher.combine(endpoint.port)
        hasher.combine(tls)
        hasher.combine(proxy)
        hash = hasher.finalize()
    }

    /// Compares what a connection depends on; the path does not matter.
    public static func == (left: Self, right: Self) -> Bool {
        left.hash == right.hash && left.endpoint.port == right.endpoint.port && left.endpoint.tls == right.endpoint.tls
            && left.endpoint.host == right.endpoint.host && left.tls == right.tls
            && left.proxy == right.proxy
    }

    /// Hashes the hash that is known.
    public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}
