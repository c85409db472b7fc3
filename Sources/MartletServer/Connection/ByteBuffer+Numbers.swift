import NIOCore

extension ByteBuffer {
    /// Writes a number in hexadecimal digits, as chunk sizes are (RFC 9112 §7.1).
    mutating func writeHexadecimal(_ value: Int) {
        var shift = (Int.bitWidth - value.leadingZeroBitCount + 3) / 4 * 4
        if shift == 0 { shift = 4 }
        while shift > 0 {
            shift -= 4
            let nibble = UInt8(truncatingIfNeeded: (value >> shift) & 15)
            writeInteger(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
        }
    }
}

extension TimeAmount {
    /// Rounds a duration up to whole nanoseconds; never negative.
    init(_ duration: Duration) {
        let parts = duration.components
        guard parts.seconds < 1_000_000_000 else {
            self = .hours(24)
            return
        }
        self = .nanoseconds(max(0, parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000))
    }
}
