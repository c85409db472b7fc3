/// Rules for the names and values of header fields that the gateway writes or reads.
///
/// - SeeAlso: RFC 9110 §5.1, §5.5, §5.6.2.
public enum HTTPField {
    /// Tells whether the bytes are a `token`: the form of field names and methods.
    ///
    /// - Parameter bytes: The bytes of a name.
    /// - Returns: `false` also for no bytes.
    public static func isToken(_ bytes: [UInt8]) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { byte in isTokenByte(byte) }
    }

    /// Tells whether the bytes may be written as a field value.
    ///
    /// Allowed are visible ASCII, bytes from 0x80, and space and tab inside; no CR, LF, NUL or other control byte, and no white
    /// space at either end, which a receiver would strip.
    ///
    /// - Parameter bytes: The bytes of a value.
    /// - Returns: `true` also for no bytes.
    public static func isValidValue(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first, let last = bytes.last else { return true }
        if first == 0x20 || first == 0x09 || last == 0x20 || last == 0x09 { return false }
        return bytes.allSatisfy { byte in isValueByte(byte) }
    }

    /// Tells whether a byte may be part of a token.
    @inline(__always)
    static func isTokenByte(_ byte: UInt8) -> Bool {
        let half = byte & 0x40 == 0 ? tokenLow : tokenHigh
        return byte < 0x80 && half &>> UInt64(byte & 0x3F) & 1 == 1
    }

    /// Tells whether a byte may be part of a field value or a reason phrase.
    @inline(__always)
    static func isValueByte(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7F || byte == 0x09
    }

    /// Bit n stands for byte n: `!#$%&'*+-.0-9`.
    private static let tokenLow: UInt64 = 0x03FF_6CFA_0000_0000
    /// Bit n stands for byte 64 + n: `A-Z ^ _ backtick a-z | ~`.
    private static let tokenHigh: UInt64 = 0x57FF_FFFF_C7FF_FFFE
}
