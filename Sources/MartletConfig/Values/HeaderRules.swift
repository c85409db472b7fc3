/// Which header fields an operator may add to upstream requests.
enum HeaderRules {
    /// Fields that frame the message or that the gateway writes itself (RFC 9110 §7.6.1, RFC 9112 §6).
    private static let reserved: Set<String> = [
        "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings", "host",
        "content-length", "content-type", "content-encoding", "accept-encoding", "expect",
    ]

    /// Parts of names whose values are secrets.
    private static let secretParts = [
        "authorization", "authentication", "api-key", "apikey", "token", "secret", "cookie", "password", "credential",
        "signature",
    ]

    /// Says why a field with a lower-case name is refused; `nil` when it may be sent.
    static func refusal(name: String, value: String) -> String? {
        guard !name.isEmpty, name.utf8.count <= 256, name.utf8.allSatisfy(isTokenByte) else {
            return "is not a header name"
        }
        if reserved.contains(name) || name.hasPrefix("proxy-") { return "is written by the gateway itself" }
        let bytes = Array(value.utf8)
        guard bytes.count <= 8_192, bytes.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) else {
            return "has a value that cannot stand in a header"
        }
        if let first = bytes.first, let last = bytes.last, [first, last].contains(where: { $0 == 0x20 || $0 == 0x09 }) {
            return "has a value with a blank at its start or end"
        }
        return nil
    }

    /// Whether the values of such a field must not be shown.
    static func isSecret(name: String) -> Bool {
        let name = name.lowercased()
        let words = name.split { $0 == "-" || $0 == "_" }
        // Azure's and others' names end so: `Ocp-Apim-Subscription-Key`, `X-Functions-Key`, `X-Auth`.
        return secretParts.contains { name.contains($0) } || words.last == "key" || words.last == "auth"
    }

    /// Whether a value is a secret by its form, whatever its field is called (RFC 9110 §11.1).
    static func isSecret(value: String) -> Bool {
        let value = value.lowercased()
        return ["bearer ", "basic "].contains { value.hasPrefix($0) }
    }

    /// `tchar` of RFC 9110 §5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
