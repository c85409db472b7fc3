/// Finds single bytes in long buffers, eight bytes at a time.
///
/// The words are read in little-endian order, so the lowest flagged byte of a word is the first one in memory.
/// The test for "a byte of this word is zero" is the one of Mycroft, `(w - 0x01…) & ~w & 0x80…`: a borrow can flag a
/// byte wrongly only above a byte that is flagged rightly, hence the lowest flag is always right.
public enum ByteSearch {
    static let lows: UInt64 = 0x0101_0101_0101_0101
    static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Finds the first occurrence of a byte.
    ///
    /// - Parameters:
    ///   - byte: The byte to look for.
    ///   - bytes: The buffer to search.
    ///   - start: The offset to begin at; a negative offset counts as 0.
    /// - Returns: The offset from the start of `bytes`, or `nil` when there is none.
    /// - Complexity: O(n), no allocation.
    public static func firstIndex(of byte: UInt8, in bytes: UnsafeRawBufferPointer, from start: Int = 0) -> Int? {
        guard let base = bytes.baseAddress, start < bytes.count else { return nil }
        let found = unsafe index(of: byte, base, from: max(start, 0), to: bytes.count)
        return found < bytes.count ? found : nil
    }

    /// Finds the first LF or CR.
    ///
    /// - Parameters:
    ///   - bytes: The buffer to search.
    ///   - start: The offset to begin at; a negative offset counts as 0.
    /// - Returns: The offset from the start of `bytes`, or `nil` when there is none.
    /// - Complexity: O(n), no allocation.
    public static func firstLineBreak(in bytes: UnsafeRawBufferPointer, from start: Int = 0) -> Int? {
        guard let base = bytes.baseAddress, start < bytes.count else { return nil }
        let found = unsafe lineBreak(base, from: max(start, 0), to: bytes.count)
        return found < bytes.count ? found : nil
    }

    /// Reads eight bytes so that the first one in memory is the least significant.
    @inline(__always)
    static func word(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        unsafe UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Flags every zero byte of a word with its high bit; only the lowest flag is sure.
    @inline(__always)
    static func zeros(_ word: UInt64) -> UInt64 { (word &- lows) & ~word & highs }

    /// Finds a byte in `from..<to`; answers `to` when there is none.
    static func index(of byte: UInt8, _ base: UnsafeRawPointer, from: Int, to: Int) -> Int {
        let pattern = UInt64(byte) &* lows
        var offset = from
        while to &- offset >= 32 {
            let first = unsafe zeros(word(base, offset) ^ pattern)
            let second = unsafe zeros(word(base, offset &+ 8) ^ pattern)
            let third = unsafe zeros(word(base, offset &+ 16) ^ pattern)
            let fourth = unsafe zeros(word(base, offset &+ 24) ^ pattern)
            if (first | second) | (third | fourth) != 0 { break }
            offset &+= 32
        }
        while to &- offset >= 8 {
            let flags = unsafe zeros(word(base, offset) ^ pattern)
            if flags != 0 { return offset &+ flags.trailingZeroBitCount &>> 3 }
            offset &+= 8
        }
        while offset < to {
            if unsafe base.load(fromByteOffset: offset, as: UInt8.self) == byte { return offset }
            offset &+= 1
        }
        return to
    }

    /// Finds LF or CR in `from..<to`; answers `to` when there is none.
    ///
    /// It looks for "any byte below 0x20", which is one subtraction a word, and then at the byte it found: text on the wire has
    /// hardly any control bytes that are no line breaks.
    static func lineBreak(_ base: UnsafeRawPointer, from: Int, to: Int) -> Int {
        let space = 0x20 &* lows
        var offset = from
        while to &- offset >= 8 {
            while to &- offset >= 32 {
                let first = unsafe word(base, offset)
                let second = unsafe word(base, offset &+ 8)
                let third = unsafe word(base, offset &+ 16)
                let fourth = unsafe word(base, offset &+ 24)
                let low = (first &- space) & ~first | (second &- space) & ~second
                let high = (third &- space) & ~third | (fourth &- space) & ~fourth
                if (low | high) & highs != 0 { break }
                offset &+= 32
            }
            // Here is a control byte within four words, or the end.
            while to &- offset >= 8 {
                let word = unsafe word(base, offset)
                let flags = (word &- space) & ~word & highs
                guard flags != 0 else {
                    offset &+= 8
                    continue
                }
                offset &+= flags.trailingZeroBitCount &>> 3
                let byte = unsafe base.load(fromByteOffset: offset, as: UInt8.self)
                if byte == 0x0A || byte == 0x0D { return offset }
                offset &+= 1
                break
            }
        }
        while offset < to {
            let byte = unsafe base.load(fromByteOffset: offset, as: UInt8.self)
            if byte == 0x0A || byte == 0x0D { return offset }
            offset &+= 1
        }
        return to
    }
}
