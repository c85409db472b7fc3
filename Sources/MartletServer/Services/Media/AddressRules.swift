import NIOCore

/// Which addresses a request from outside may make the gateway connect to: those of the public internet.
///
/// - SeeAlso: RFC 6890 (special-purpose addresses), RFC 4291 §2.5 and RFC 6052 (IPv4 inside IPv6), RFC 3056 (6to4).
enum AddressRules {
    /// Whether an address is public, and none of this machine's own.
    static func isAllowed(_ address: SocketAddress, own: Set<[UInt8]>) -> Bool {
        guard let bytes = bytes(of: address) else { return false }
        return isPublic(bytes) && !own.contains(bytes)
    }

    /// The addresses of this machine.
    static func own() -> Set<[UInt8]> {
        let devices = (try? System.enumerateDevices()) ?? []
        return Set(devices.compactMap(\.address).compactMap { bytes(of: $0) })
    }

    /// The bytes of an address in network order: 4, or 16 where no IPv4 address is inside.
    static func bytes(of address: SocketAddress) -> [UInt8]? {
        switch address {
        case .v4(let address):
            // `sin_addr` stands behind family and port, on all systems.
            return unsafe withUnsafeBytes(of: address.address) { unsafe Array($0[4..<8]) }
        case .v6(let address):
            // `sin6_addr` stands behind family, port and flow.
            let all = unsafe withUnsafeBytes(of: address.address) { unsafe Array($0[8..<24]) }
            return embedded(all) ?? all
        case .unixDomainSocket: return nil
        }
    }

    /// The IPv4 address inside an IPv6 one: mapped, of a NAT64, or of 6to4.
    private static func embedded(_ bytes: [UInt8]) -> [UInt8]? {
        let zeros = [UInt8](repeating: 0, count: 10)
        if bytes[0..<10].elementsEqual(zeros), bytes[10] == 0xFF, bytes[11] == 0xFF { return Array(bytes[12...]) }
        let nat64: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
        if bytes[0..<12].elementsEqual(nat64) { return Array(bytes[12...]) }
        if bytes[0] == 0x20, bytes[1] == 0x02 { return Array(bytes[2..<6]) }
        return nil
    }

    static func isPublic(_ bytes: [UInt8]) -> Bool {
        if bytes.count == 4 {
            let value = bytes.reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
            return !special.contains { value >> (32 - $0.bits) == $0.prefix >> (32 - $0.bits) }
        }
        guard bytes.count == 16 else { return false }
        // Global unicast is 2000::/3; of it 2001::/23 (protocols, Teredo), 2001:db8::/32 and 3fff::/20 (documentation) are not.
        guard bytes[0] >> 5 == 1 else { return false }
        if bytes[0] == 0x20, bytes[1] == 0x01, bytes[2] < 2 { return false }
        if bytes[0] == 0x20, bytes[1] == 0x01, bytes[2] == 0x0D, bytes[3] == 0xB8 { return false }
        return !(bytes[0] == 0x3F && bytes[1] == 0xFF && bytes[2] < 0x10)
    }

    private static func prefix(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ bits: UInt32) -> (prefix: UInt32, bits: UInt32)
    {
        (a << 24 | b << 16 | c << 8, bits)
    }

    /// Special-purpose prefixes of IPv4.
    private static let special: [(prefix: UInt32, bits: UInt32)] = [
        prefix(0, 0, 0, 8), prefix(10, 0, 0, 8), prefix(100, 64, 0, 10), prefix(127, 0, 0, 8), prefix(169, 254, 0, 16),
        prefix(172, 16, 0, 12), prefix(192, 0, 0, 24), prefix(192, 0, 2, 24), prefix(192, 88, 99, 24),
        prefix(192, 168, 0, 16), prefix(198, 18, 0, 15), prefix(198, 51, 100, 24), prefix(203, 0, 113, 24),
        prefix(224, 0, 0, 4), prefix(240, 0, 0, 4),
    ]
}
