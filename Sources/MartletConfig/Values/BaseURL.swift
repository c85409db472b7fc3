import MartletCore
internal import MartletRouting

/// Reads an upstream's base URL, on bytes and strictly: it decides where credentials are sent.
enum BaseURL {
    /// Why a base URL is refused.
    struct Refusal: Error, Hashable {
        var message: String
        var suggestion: String?

        init(_ message: String, suggestion: String? = nil) {
            self.message = message
            self.suggestion = suggestion
        }
    }

    /// The end of the path that clients of the API add themselves.
    private static let operation = "/chat/completions"

    /// Parses `http(s)://host[:port][/path]`.
    ///
    /// No user-info, query, fragment, backslash, dot segment or empty segment is accepted (RFC 3986 allows them; they
    /// make two readers disagree about the host or the path). The host becomes lower case.
    static func parse(_ text: String) throws(Refusal) -> Endpoint {
        guard text.utf8.count <= 2_048, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Refusal("a base URL holds visible ASCII characters only, at most 2048")
        }
        let tls: Bool
        var rest = text[...]
        if let after = dropping("https://", from: rest) {
            tls = true
            rest = after
        } else if let after = dropping("http://", from: rest) {
            tls = false
            rest = after
        } else {
            throw Refusal("a base URL begins with http:// or https://")
        }
        for (byte, name) in [
            (UInt8(ascii: "@"), "user-info"), (UInt8(ascii: "?"), "query"), (UInt8(ascii: "#"), "fragment"),
            (UInt8(ascii: "\\"), "backslash"),
        ] where rest.utf8.contains(byte) {
            throw Refusal("a base URL has no \(name)")
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let (host, port) = try authority(String(rest[..<slash]), tls: tls)
        var path = String(rest[slash...])
        while path.hasSuffix("/") { path.removeLast() }
        if path.hasSuffix(operation) {
            let fixed = text.trimmedTrailingSlashes().dropLast(operation.utf8.count)
            throw Refusal("a base URL ends before \(operation), which the gateway adds", suggestion: String(fixed))
        }
        for segment in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) where !path.isEmpty {
            guard !segment.isEmpty, segment != ".", segment != "..", !segment.utf8.contains(UInt8(ascii: "%")) else {
                throw Refusal("a base URL's path has no empty, dot or percent-encoded parts")
            }
        }
        return Endpoint(tls: tls, host: host, port: port, basePath: path)
    }

    /// Whether a host is this machine for sure: `localhost`, `::1`, or four decimal parts of 127.0.0.0/8.
    ///
    /// `127.0.0.1.example.com` is not.
    static func isLoopback(_ host: String) -> Bool {
        Loopback.isHost(host)
    }

    private static func dropping(_ prefix: String, from text: Substring) -> Substring? {
        guard text.utf8.count >= prefix.utf8.count else { return nil }
        let head = text.prefix(prefix.utf8.count)
        return head.lowercased() == prefix ? text.dropFirst(prefix.utf8.count) : nil
    }

    private static func authority(_ text: String, tls: Bool) throws(Refusal) -> (host: String, port: Int) {
        let standard = tls ? 443 : 80
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { throw Refusal("the host's bracket is not closed") }
            let host = text[text.index(after: text.startIndex)..<close].lowercased()
            guard host.utf8.contains(UInt8(ascii: ":")), host.utf8.allSatisfy(isIPv6Byte) else {
                throw Refusal("brackets hold an IPv6 address")
            }
            let after = text[text.index(after: close)...]
            guard !after.isEmpty else { return (host, standard) }
            guard after.hasPrefix(":") else { throw Refusal("only a port may follow the host") }
            return (host, try port(String(after.dropFirst())))
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let host = parts.first.map { $0.lowercased() } ?? ""
        guard !host.isEmpty, host.utf8.count <= 253, host.utf8.allSatisfy(isHostByte), !host.hasPrefix("."),
            !host.hasPrefix("-")
        else {
            throw Refusal("the host must be a name of letters, digits, dots and hyphens, or an IP address")
        }
        switch parts.count {
        case 1: return (host, standard)
        case 2: return (host, try port(String(parts[1])))
        default: throw Refusal("an IPv6 address stands in brackets")
        }
    }

    private static func port(_ text: String) throws(Refusal) -> Int {
        guard let port = PortNumber.parse(text), port > 0 else { throw Refusal("the port must be 1 to 65535") }
        return port
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isIPv6Byte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }
}

extension String {
    fileprivate func trimmedTrailingSlashes() -> Substring {
        var text = self[...]
        while text.hasSuffix("/") { text.removeLast() }
        return text
    }
}
