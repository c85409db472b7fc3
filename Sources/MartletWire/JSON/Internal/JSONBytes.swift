internal import CMartletBytes

/// Reads single bytes and little-endian words of a borrowed buffer.
///
/// Bounds are the caller's duty and asserted in debug builds only: the loops that use it compare against `count` once
/// per step. A value must not outlive the borrow that it was made from.
@safe
struct JSONBytes {
    let base: UnsafeRawPointer
    let count: Int

    /// Borrows a buffer; `nil` when it has no memory, which only an empty one may.
    @inline(__always)
    init?(_ buffer: UnsafeRawBufferPointer) {
        guard let base = buffer.baseAddress else { return nil }
        unsafe self.base = base
        self.count = buffer.count
    }

    @inline(__always)
    func byte(_ index: Int) -> UInt8 {
        assert(index >= 0 && index < count)
        return unsafe base.load(fromByteOffset: index, as: UInt8.self)
    }

    @inline(__always)
    func half(_ index: Int) -> UInt32 {
        assert(index >= 0 && index + 4 <= count)
        return UInt32(littleEndian: unsafe base.loadUnaligned(fromByteOffset: index, as: UInt32.self))
    }

    @inline(__always)
    func word(_ index: Int) -> UInt64 {
        assert(index >= 0 && index + 8 <= count)
        return UInt64(littleEndian: unsafe base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    }

    /// Which of the 64 bytes from a place on need a look inside a string; bit n stands for byte n.
    @inline(__always)
    func textMask(_ index: Int) -> UInt64 {
        assert(index >= 0 && index + 64 <= count)
        return unsafe martlet_text_mask(base + index)
    }

    /// The first up to eight bytes of a range as one little-endian word, zero-filled.
    @inline(__always)
    func prefixWord(_ start: Int, _ length: Int) -> UInt64 {
        if start + 8 <= count {
            let bits = 64 - 8 * min(length, 8)
            return word(start) & (UInt64.max >> UInt64(truncatingIfNeeded: bits))
        }
        var result: UInt64 = 0
        for offset in 0..<min(length, 8) { result |= UInt64(byte(start + offset)) &<< UInt64(8 * offset) }
        return result
    }

    /// Compares two ranges of one length byte by byte.
    @inline(__always)
    func equal(_ left: Int, _ other: JSONBytes, _ right: Int, _ length: Int) -> Bool {
        var offset = 0
        while offset + 8 <= length {
            if word(left + offset) != other.word(right + offset) { return false }
            offset += 8
        }
        while offset < length {
            if byte(left + offset) != other.byte(right + offset) { return false }
            offset += 1
        }
        return true
    }

    @inline(__always)
    func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        assert(range.lowerBound >= 0 && range.upperBound <= count)
        return unsafe UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
    }
}

/// Bytes that the grammar names.
enum ASCII {
    static var quote: UInt8 { 0x22 }
    static var comma: UInt8 { 0x2C }
    static var minus: UInt8 { 0x2D }
    static var dot: UInt8 { 0x2E }
    static var slash: UInt8 { 0x2F }
    static var zero: UInt8 { 0x30 }
    static var nine: UInt8 { 0x39 }
    static var colon: UInt8 { 0x3A }
    static var openBracket: UInt8 { 0x5B }
    static var backslash: UInt8 { 0x5C }
    static var closeBracket: UInt8 { 0x5D }
    static var openBrace: UInt8 { 0x7B }
    static var closeBrace: UInt8 { 0x7D }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- zero <= 9 }

    @inline(__always)
    static func isSpace(_ byte: UInt8) -> Bool {
        // Space, tab, line feed, carriage return: one test instead of four.
        byte <= 0x20 && (0x1_0000_2600 as UInt64) &>> UInt64(byte) & 1 == 1
    }
}
