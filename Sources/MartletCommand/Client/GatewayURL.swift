/// Where the gateway is that a command talks to.
struct GatewayURL: Hashable, CustomStringConvertible {
    /// Where a gateway listens unless told otherwise.
    static let standard = "http://127.0.0.1:8004"

    /// Scheme, host, port and the path of a proxy in front, without a slash at the end.
    private let root: String
    /// What stands before `/chat/completions`.
    private let api: String

    /// Reads a base URL: the gateway's root, or a mount as other clients name it (`…/v1`, `…/ai/v1`).
    ///
    /// `nil` unless it is an `http` or `https` URL with a host and without user, query and fragment.
    init?(_ text: String) {
        guard let scheme = ["http://", "https://"].first(where: { text.lowercased().hasPrefix($0) }) else { return nil }
        let rest = text.dropFirst(scheme.utf8.count)
        let authority = rest.prefix { $0 != "/" }
        let isPlain = rest.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !Self.refused.contains($0) }
        guard isPlain, Self.isAuthority(authority) else { return nil }
        var path = String(rest.dropFirst(authority.count))
        while path.hasSuffix("/") { path.removeLast() }
        let base = scheme + authority
        guard path.hasSuffix("/v1") else {
            root = base + path
            api = base + path + "/v1"
            return
        }
        api = base + path
        path.removeLast(3)
        if path.hasSuffix("/ai") { path.removeLast(3) }
        root = base + path
    }

    /// `@` `?` `#` `\` `"` `<` `>`: a user, a query, a fragment, or no URL at all.
    private static let refused = Set("@?#\\\"<>".utf8)

    private static func isAuthority(_ text: Substring) -> Bool {
        var port: Substring?
        var host = text
        if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
            port = text[text.index(after: colon)...]
            host = text[..<colon]
        }
        guard !host.isEmpty, port.map({ UInt16($0) != nil && !$0.hasPrefix("+") }) ?? true else { return false }
        if host.hasPrefix("[") { return host.hasSuffix("]") && host.count > 2 }
        return !host.contains(":")
    }

    /// The URL of an endpoint of the API, such as `/models`.
    func endpoint(_ path: String) -> String { api + path }

    /// The URL of the status page.
    var status: String { root + "/status" }

    /// The URL of a path of the control plane, such as `/reload`.
    func admin(_ path: String) -> String { root + "/admin" + path }

    /// The root, as messages show it.
    var description: String { root }
}
