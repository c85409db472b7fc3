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

    /// The values of the letters; 255 for every other byte.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
        return values
    }()

    /// Decodes text with padding, in one line; answers whether it is such.
    static func appendDecoded(_ text: borrowing Span<UInt8>, to output: inout [UInt8]) -> Bool {
        guard text.count % 4 == 0 else { return false }
        let values = values.span
        let quads = text.count / 4
        for quad in 0..<quads {
            let start = quad &* 4
            var bits: UInt32 = 0
            var letters = 4
            for place in 0..<4 {
                let byte = text[start &+ place]
                let value = values[Int(byte)]
                if value < 64, letters == 4 {
                    bits = bits << 6 | UInt32(value)
                } else {
                    guard byte == UInt8(ascii: "="), quad == quads - 1, place >= 2 else { return false }
                    letters = min(letters, place)
                    bits <<= 6
                }
            }
            output.append(UInt8(truncatingIfNeeded: bits >> 16))
            if letters > 2 { output.append(UInt8(truncatingIfNeeded: bits >> 8)) }
            if letters > 3 { output.append(UInt8(truncatingIfNeeded: bits)) }
        }
        return true
    }
}
