/// Base64 with padding.
///
/// - SeeAlso: RFC 4648 §4.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Encodes bytes.
    static func encode(_ data: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity((data.count + 2) / 3 * 4)
        var index = 0
        while index < data.count {
            let count = min(3, data.count - index)
            var bits = UInt32(data[index]) << 16
            if count > 1 { bits |= UInt32(data[index + 1]) << 8 }
            if count > 2 { bits |= UInt32(data[index + 2]) }
            for place in 0..<4 {
                let letter = alphabet[Int(bits >> UInt32(18 - 6 * place)) & 63]
                output.append(place <= count ? letter : UInt8(ascii: "="))
            }
            index += count
        }
        return output
    }
}
