/// Tells names and addresses that stay on this machine from all others.
public enum Loopback {
    /// Whether a host is `localhost`, `::1` or an address of 127.0.0.0/8 (RFC 6761 §6.3, RFC 1122 §3.2.1.3).
    ///
    /// - Parameter host: In lower case, without brackets and port. A name that merely begins like an address is none.
    public static func isHost(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        guard host.utf8.starts(with: "127.".utf8) else { return false }
        var dots = 0
        var digits = 0
        var number = 0
        for byte in host.utf8 {
            if byte == UInt8(ascii: ".") {
                guard digits > 0 else { return false }
                dots += 1
                (digits, number) = (0, 0)
            } else {
                guard (0x30...0x39).contains(byte), digits < 3 else { return false }
                number = number * 10 + Int(byte - 0x30)
                digits += 1
                guard number <= 255 else { return false }
            }
        }
        return dots == 3 && digits > 0
    }
}
