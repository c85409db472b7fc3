/// An HTTP proxy between the gateway and an upstream.
public struct Proxy: Hashable, Sendable {
    /// Host name or IP literal without brackets.
    public var host: String
    /// TCP port, 1–65535.
    public var port: Int
    /// The value of `Proxy-Authorization` (RFC 9110 §11.7.1); `nil` sends none.
    ///
    /// Never logged.
    public var authorization: String?

    /// Creates a proxy.
    public init(host: String, port: Int, authorization: String? = nil) {
        self.host = host
        self.port = port
        self.authorization = authorization
    }
}
