internal import MartletCore
public import MartletRouting

extension LoadedConfig {
    /// The environment's proxy for an endpoint; `nil` goes straight, also when the variable cannot be read.
    public func environmentProxy(for endpoint: Endpoint) -> Proxy? {
        (try? ProxyReader(environment: environment).proxy(for: endpoint, own: nil))?.proxy
    }

    /// Reads the endpoint of a URL, with its path; `nil` when it is not one that anything is sent to.
    public static func endpoint(of url: String) -> Endpoint? {
        let end = url.firstIndex { $0 == "?" } ?? url.endIndex
        var base = url[..<end]
        while base.hasSuffix("/") { base = base.dropLast() }
        return try? BaseURL.parse(String(base))
    }
}

/// Chooses the proxy of an account: its own, else the environment's.
struct ProxyReader {
    let environment: [String: String]

    /// Why a proxy's URL is refused; never holds the URL, which may bear a password.
    struct Refusal: Error, Hashable {
        var message: String
    }

    /// The proxy for an upstream.
    ///
    /// Loopback upstreams have none, whatever is configured: what must stay on this machine would leave it.
    ///
    /// - Parameter own: The account's own key; empty goes without the environment's.
    /// - Returns: The proxy, and the variable that named it.
    func proxy(for endpoint: Endpoint, own: String?) throws(Refusal) -> (proxy: Proxy, variable: String?)? {
        guard !endpoint.isLoopback else { return nil }
        if let own { return own.isEmpty ? nil : (try Self.parse(own), nil) }
        let names = endpoint.tls ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy", "HTTP_PROXY"]
        for name in names {
            guard let text = environment[name], !text.isEmpty else { continue }
            let exceptions = environment["no_proxy"] ?? environment["NO_PROXY"] ?? ""
            return Self.isExcepted(endpoint, exceptions) ? nil : (try Self.parse(text), name)
        }
        return nil
    }

    /// Parses `[http://][user[:password]@]host[:port]`; the port is 80 if none is said.
    static func parse(_ text: String) throws(Refusal) -> Proxy {
        var rest = text[...]
        if let scheme = text.firstRange(of: "://") {
            guard text[..<scheme.lowerBound].lowercased() == "http" else {
                throw Refusal(message: "a proxy is spoken to by http://")
            }
            rest = text[scheme.upperBound...]
        }
        var authorization: String?
        if let at = rest.lastIndex(of: "@") {
            guard let credentials = decoded(rest[..<at]) else {
                throw Refusal(message: "the credentials of a proxy are percent-encoded UTF-8")
            }
            authorization = "Basic " + base64(credentials)
            rest = rest[rest.index(after: at)...]
        }
        let endpoint: Endpoint
        do {
            endpoint = try BaseURL.parse("http://" + rest)
        } catch {
            throw Refusal(message: "a proxy is written http://host:port")
        }
        guard endpoint.basePath.isEmpty else { throw Refusal(message: "a proxy's URL has no path") }
        return Proxy(host: endpoint.host, port: endpoint.port, authorization: authorization)
    }

    /// Whether `NO_PROXY` names the host: `*`, a name with all below it, an address, each with an optional port.
    static func isExcepted(_ endpoint: Endpoint, _ list: String) -> Bool {
        list.split(whereSeparator: { $0 == "," || $0 == " " }).contains { entry in
            var name = entry.lowercased()
            if name == "*" { return true }
            if let colon = name.lastIndex(of: ":"), name.firstIndex(of: ":") == colon || name.hasPrefix("["),
                let port = Int(name[name.index(after: colon)...])
            {
                guard port == endpoint.port else { return false }
                name = String(name[..<colon])
            }
            if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
            while name.hasPrefix(".") || name.hasPrefix("*") { name.removeFirst() }
            guard !name.isEmpty else { return false }
            return endpoint.host == name || endpoint.host.hasSuffix("." + name)
        }
    }

    /// User and password with `%XX` decoded (RFC 3986 §2.1); `nil` when that is malformed.
    private static func decoded(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
        }
        return bytes.contains(UInt8(ascii: ":")) ? bytes : bytes + [UInt8(ascii: ":")]
    }

    /// RFC 4648 §4.
    static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var out: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
            for index in 0..<4 {
                let isPadding = index > group.count
                out.append(isPadding ? UInt8(ascii: "=") : alphabet[Int(bits >> (18 - 6 * UInt32(index)) & 63)])
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
