/// Tells names and addresses that stay on this machine from all others.
public enum Loopback {
    /// Whether a host is `localhost`, `::1` or an address of 127.0.0.0/8 (RFC 6761 §6.3, RFC 1122 §3.2.1.3).
    ///
    /// - Parameter host: In lower case, without brackets and port. A name that merely begins like an address is none.
    public static func isHost(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0].elementsEqual("127".utf8)
            && parts.allSatisfy { part in
                (1...3).contains(part.count) && part.allSatisfy { (0x30...0x39).contains($0) }
                    && (Int(Substring(part)).map { $0 <= 255 } ?? false)
            }
    }
}
