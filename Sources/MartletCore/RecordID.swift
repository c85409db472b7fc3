/// A UUIDv7: 48 bits of Unix milliseconds, then random bits (RFC 9562 §5.7).
///
/// Made by the gateway at receive; never taken from a client.
public struct RecordID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The first eight bytes, big-endian.
    public let high: UInt64
    /// The last eight bytes, big-endian.
    public let low: UInt64

    /// Builds an id from a wall-clock time and random bits.
    ///
    /// - Parameters:
    ///   - unixMilliseconds: Milliseconds since 1970; the low 48 bits are used.
    ///   - random: Two random words, of which 74 bits are used.
    public init(unixMilliseconds: UInt64, random: (UInt64, UInt64)) {
        high = (unixMilliseconds << 16) | 0x7000 | (random.0 & 0x0FFF)
        low = (random.1 & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
    }

    /// Wraps the two halves of an existing id.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Parses the 36-character text form; `nil` when it is anything else.
    public init?(_ text: String) {
        var nibbles: [UInt8] = []
        nibbles.reserveCapacity(32)
        for (index, byte) in text.utf8.enumerated() {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): nibbles.append(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): nibbles.append(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        guard nibbles.count == 32, text.utf8.count == 36 else { return nil }
        high = nibbles[0..<16].reduce(0) { ($0 << 4) | UInt64($1) }
        low = nibbles[16..<32].reduce(0) { ($0 << 4) | UInt64($1) }
    }

    /// The time part, in milliseconds since 1970.
    public var unixMilliseconds: UInt64 { high >> 16 }

    /// Orders ids by time, then by their random bits.
    public static func < (left: Self, right: Self) -> Bool { (left.high, left.low) < (right.high, right.low) }

    /// The 36-character lower-case text form.
    public var description: String {
        unsafe String(unsafeUninitializedCapacity: 36) { unsafe write(to: UnsafeMutableRawBufferPointer($0)) }
    }

    /// Writes the text form; answers how many bytes that are: 36, or none where there is no room.
    public func write(to buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard buffer.count >= 36 else { return 0 }
        var out = 0
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 {
                unsafe buffer[out] = UInt8(ascii: "-")
                out += 1
            }
            let word = index < 16 ? high : low
            let nibble = UInt8(truncatingIfNeeded: (word >> (60 - 4 * UInt64(index & 15))) & 15)
            unsafe buffer[out] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
            out += 1
        }
        return 36
    }
}
