/// A TCP port in decimal digits.
enum PortNumber {
    /// Parses 0 to 65535 without signs, spaces or a needless length.
    static func parse(_ text: String) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(text), number <= 65_535
        else { return nil }
        return number
    }
}

/// Host and port of a listener.
struct BindAddress: Hashable {
    /// A name or an IP literal without brackets.
    var host: String
    /// 0 picks one.
    var port: Int

    /// Parses `HOST:PORT` and `[IPv6]:PORT`; `nil` for anything else.
    static func parse(_ text: String) -> BindAddress? {
        guard let colon = text.lastIndex(of: ":"),
            let port = PortNumber.parse(String(text[text.index(after: colon)...]))
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard host.contains(":") else { return nil }
        } else if host.contains(":") {
            return nil
        }
        let isPlain = host.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: ":"):
                true
            default: false
            }
        }
        guard !host.isEmpty, isPlain else { return nil }
        return BindAddress(host: host, port: port)
    }
}
