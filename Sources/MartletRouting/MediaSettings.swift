/// What may be fetched for requests that name pictures and documents by address.
public struct MediaSettings: Sendable, Hashable {
    /// Whether anything is fetched.
    public var isFetched = false
    /// Hosts (`cdn.example.com`, `10.0.0.5:8080`) that may be asked although they are private, without TLS, or on the named
    /// port.
    public var hosts: [String] = []

    /// Creates the defaults.
    public init() {}
}
