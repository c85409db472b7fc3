import NIOCore

/// An address from outside that the gateway may connect to, as far as its text tells.
///
/// Stricter than RFC 3986, so that no two readers can understand a text differently.
struct MediaURL: Sendable, Hashable {
    let isTLS: Bool
    /// In lower case; an IPv6 address without its brackets.
    let host: String
    let port: Int
    /// Path and query, beginning with `/`.
    let target: String

    /// Why a text is not accepted.
    enum Refusal: Error, Hashable {
        /// Neither `https` nor, for an allowed host, `http`.
        case scheme
        /// Anything else: credentials, fragment, odd bytes, an odd host or port.
        case form
        /// A port that the operator did not allow.
        case port
    }

    /// Reads an address.
    ///
    /// - Parameter allowed: Hosts, or hosts with ports, that the operator allows.
    /// - Throws: ``Refusal``.
    init(_ text: String, allowed: [String]) throws(Refusal) {
        let bytes = Array(text.utf8)
        guard bytes.count <= 8_192, bytes.allSatisfy({ 0x21...0x7E ~= $0 }),
            !bytes.contains(UInt8(ascii: "\\")), !bytes.contains(UInt8(ascii: "#"))
        else { throw .form }
        guard let mark = text.firstRange(of: "://") else { throw .scheme }
        switch text[..<mark.lowerBound].lowercased() {
        case "https": isTLS = true
        case "http": isTLS = false
        default: throw .scheme
        }
        let rest = text[mark.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let (host, port) = try Self.authority(rest[..<end])
        self.host = host
        self.port = port ?? (isTLS ? 443 : 80)
        let tail = rest[end...]
        target = tail.hasPrefix("/") ? String(tail) : "/" + tail
        let isNamed = Self.isAllowed(host, self.port, by: allowed)
        guard isTLS || isNamed else { throw .scheme }
        guard self.port == 443 || isNamed else { throw .port }
    }

    /// Whether the operator allows it although a rule is against it: a host with its usual ports, or one with this port.
    func isAllowed(by hosts: [String]) -> Bool { Self.isAllowed(host, port, by: hosts) }

    /// The whole address.
    var text: String {
        let name = host.contains(":") ? "[\(host)]" : host
        let isUsual = port == (isTLS ? 443 : 80)
        return "\(isTLS ? "https" : "http")://\(name)\(isUsual ? "" : ":\(port)")\(target)"
    }

    private static func isAllowed(_ host: String, _ port: Int, by hosts: [String]) -> Bool {
        let name = host.contains(":") ? "[\(host)]" : host
        return hosts.contains("\(name):\(port)") || (port == 443 || port == 80) && hosts.contains(name)
    }

    private static func authority(_ text: Substring) throws(Refusal) -> (host: String, port: Int?) {
        guard !text.contains("@") else { throw .form }
        var name = text
        var port: Int?
        let lastColon = text.lastIndex(of: ":")
        if let colon = lastColon, text.last != "]" {
            let digits = text[text.index(after: colon)...]
            guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
                let number = Int(digits), (1...65_535).contains(number)
            else { throw .form }
            port = number
            name = text[..<colon]
        }
        if name.hasPrefix("[") {
            guard name.hasSuffix("]") else { throw .form }
            let inner = String(name.dropFirst().dropLast()).lowercased()
            guard !inner.contains("%"), (try? SocketAddress(ipAddress: inner, port: 0))?.protocol == .inet6 else {
                throw .form
            }
            return (inner, port)
        }
        let host = name.lowercased()
        guard (1...253).contains(host.utf8.count), !host.hasSuffix(".") else { throw .form }
        for label in host.split(separator: ".", omittingEmptySubsequences: false) {
            guard (1...63).contains(label.utf8.count), label.utf8.allSatisfy(isNameByte) else { throw .form }
        }
        if endsInNumber(host), !isDottedQuad(host) { throw .form }
        return (host, port)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Whether some readers take the name for an IPv4 address (WHATWG URL, "ends in a number").
    private static func endsInNumber(_ host: String) -> Bool {
        guard let last = host.split(separator: ".").last else { return false }
        if last.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) { return true }
        return last.hasPrefix("0x") && last.dropFirst(2).allSatisfy(\.isHexDigit)
    }

    /// Four decimal numbers without leading zeros.
    private static func isDottedQuad(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                part.utf8.allSatisfy { 0x30...0x39 ~= $0 } && UInt8(part).map { String($0) == part } == true
            }
    }
}
