/// What a look at an escape or at a UTF-8 sequence found.
enum JSONStep {
    /// A complete unit: its raw length and the length of what it stands for in UTF-8, both in bytes.
    case unit(raw: Int, decoded: Int)
    /// The buffer ends inside the unit.
    case incomplete
    /// The unit is not acceptable.
    case failed(JSONError.Kind)
}

// The word tests below mark a byte by its highest bit. A subtraction can borrow from the next byte only out of a byte
// that is marked itself, so the lowest mark is exact; only that one is used.
extension JSONBytes {
    /// Marks quotes, backslashes, control characters and bytes above 0x7F.
    @inline(__always)
    static func marks(_ word: UInt64) -> UInt64 {
        let quote = (word ^ 0x2222_2222_2222_2222) &- 0x0101_0101_0101_0101
        let backslash = (word ^ 0x5C5C_5C5C_5C5C_5C5C) &- 0x0101_0101_0101_0101
        let control = word &- 0x2020_2020_2020_2020
        return (quote | backslash | control | word) & 0x8080_8080_8080_8080
    }

    /// Finds the next byte of a string that needs a look, or the end of the buffer.
    @inline(__always)
    func textStop(from start: Int) -> Int {
        var index = start
        // Most texts between two stops are short: one word alone first, then four at a time.
        if index &+ 8 <= count {
            let marks = Self.marks(word(index))
            if marks != 0 { return index &+ marks.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index &+ 32 <= count {
            let first = Self.marks(word(index))
            let second = Self.marks(word(index &+ 8))
            let third = Self.marks(word(index &+ 16))
            let fourth = Self.marks(word(index &+ 24))
            if first | second | third | fourth != 0 { break }
            index &+= 32
        }
        while index &+ 8 <= count {
            let marks = Self.marks(word(index))
            if marks != 0 { return index &+ marks.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < count {
            let byte = byte(index)
            if byte == ASCII.quote || byte == ASCII.backslash || byte < 0x20 || byte >= 0x80 { return index }
            index &+= 1
        }
        return index
    }

    /// Skips white space, of which the first byte was seen already.
    @inline(__always)
    func spaceEnd(from start: Int) -> Int {
        let next = start &+ 1
        if next < count, byte(start) == 0x20, byte(next) > 0x20 { return next }
        return longSpaceEnd(from: start)
    }

    @inline(never)
    private func longSpaceEnd(from start: Int) -> Int {
        var index = start
        while index < count {
            if index &+ 8 <= count, word(index) == 0x2020_2020_2020_2020 {
                index &+= 8
            } else if ASCII.isSpace(byte(index)) {
                index &+= 1
            } else {
                break
            }
        }
        return index
    }

    /// Goes back over white space.
    @inline(never)
    func trimmedEnd(_ end: Int) -> Int {
        var index = end
        while index > 0, ASCII.isSpace(byte(index - 1)) { index -= 1 }
        return index
    }

    /// Skips well-formed multi-byte UTF-8; stops at ASCII, at anything doubtful and near the end of the buffer.
    ///
    /// Well-formed means no overlong form, no surrogate, nothing above U+10FFFF (RFC 3629 §4).
    @inline(__always)
    func multiByteEnd(from start: Int) -> Int {
        var index = start
        while index &+ 8 <= count {
            let word = word(index)
            if word & 0x0000_0000_00C0_C0F0 == 0x0000_0000_0080_80E0 {
                // The bits that tell an overlong form (all zero) and a surrogate (0x200D).
                let tail = word & 0x200F
                if tail == 0 || tail == 0x200D { return index }
                index &+= 3
                let second = word &>> 24
                if second & 0x0000_0000_00C0_C0F0 == 0x0000_0000_0080_80E0 {
                    let tail = second & 0x200F
                    if tail == 0 || tail == 0x200D { return index }
                    index &+= 3
                }
            } else if word & 0x0000_C0E0 == 0x0000_80C0 {
                if word & 0x001E == 0 { return index }
                // Four at once: every lead byte has one of the bits that an overlong form lacks.
                let leads = (word & 0x001E_001E_001E_001E) &+ 0x7FFF_7FFF_7FFF_7FFF
                if word & 0xC0E0_C0E0_C0E0_C0E0 == 0x80C0_80C0_80C0_80C0,
                    leads & 0x8000_8000_8000_8000 == 0x8000_8000_8000_8000
                {
                    index &+= 8
                } else {
                    index &+= 2
                }
            } else if word & 0xC0C0_C0F8 == 0x8080_80F0 {
                let lead = word & 7
                if word & 0x3007 == 0 || lead > 4 || (lead == 4 && word & 0x3000 != 0) { return index }
                index &+= 4
            } else if word & 0x80 == 0, Self.marks(word & 0xFF | 0x6161_6161_6161_6100) == 0 {
                // A single space or letter between others, as in most scripts.
                index &+= 1
                if word & 0x8000 == 0 { return index }
            } else {
                return index
            }
        }
        return index
    }

    /// Judges the UTF-8 sequence at an index, whose first byte is above 0x7F.
    func multiByteStep(at index: Int) -> JSONStep {
        let lead = byte(index)
        let length: Int
        var lowest: UInt8 = 0x80
        var highest: UInt8 = 0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF:
            length = 3
            if lead == 0xE0 { lowest = 0xA0 }
            if lead == 0xED { highest = 0x9F }
        case 0xF0...0xF4:
            length = 4
            if lead == 0xF0 { lowest = 0x90 }
            if lead == 0xF4 { highest = 0x8F }
        default: return .failed(.invalidUTF8)
        }
        for offset in 1..<length {
            guard index + offset < count else { return .incomplete }
            let next = byte(index + offset)
            guard next >= lowest, next <= highest else { return .failed(.invalidUTF8) }
            lowest = 0x80
            highest = 0xBF
        }
        return .unit(raw: length, decoded: length)
    }

    /// Judges the escape at an index, whose first byte is a backslash.
    @inline(__always)
    func escapeStep(at index: Int) -> JSONStep {
        guard index + 1 < count else { return .incomplete }
        let letter = byte(index + 1)
        if letter == 0x75 { return unicodeStep(at: index) }
        return Self.isSimpleEscape(letter) ? .unit(raw: 2, decoded: 1) : .failed(.invalidEscape)
    }

    /// Tells whether a byte may follow a backslash: `" \ / b f n r t`.
    @inline(__always)
    static func isSimpleEscape(_ letter: UInt8) -> Bool {
        let low: UInt64 = 1 << 0x22 | 1 << 0x2F
        let high: UInt64 =
            1 << (0x5C - 64) | 1 << (0x62 - 64) | 1 << (0x66 - 64) | 1 << (0x6E - 64) | 1 << (0x72 - 64)
            | 1 << (0x74 - 64)
        return letter < 0x80 && (letter < 64 ? low : high) &>> UInt64(letter & 63) & 1 == 1
    }

    /// Judges `\uXXXX`, with the second half when the first is a high surrogate.
    @inline(never)
    func unicodeStep(at index: Int) -> JSONStep {
        for offset in 2..<6 {
            guard index + offset < count else { return .incomplete }
            guard Self.hexValue(byte(index + offset)) < 16 else { return .failed(.invalidEscape) }
        }
        let unit = hexUnit(at: index + 2)
        switch unit {
        case 0..<0x80: return .unit(raw: 6, decoded: 1)
        case 0x80..<0x800: return .unit(raw: 6, decoded: 2)
        case 0xDC00..<0xE000: return .failed(.loneSurrogate)
        case 0xD800..<0xDC00: break
        default: return .unit(raw: 6, decoded: 3)
        }
        guard index + 6 < count else { return .incomplete }
        guard byte(index + 6) == ASCII.backslash else { return .failed(.loneSurrogate) }
        guard index + 7 < count else { return .incomplete }
        guard byte(index + 7) == 0x75 else { return .failed(.loneSurrogate) }
        for offset in 8..<12 {
            guard index + offset < count else { return .incomplete }
            guard Self.hexValue(byte(index + offset)) < 16 else { return .failed(.loneSurrogate) }
        }
        let second = hexUnit(at: index + 8)
        return second >= 0xDC00 && second < 0xE000 ? .unit(raw: 12, decoded: 4) : .failed(.loneSurrogate)
    }

    /// The value of a hexadecimal digit, or 16.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt32 {
        if ASCII.isDigit(byte) { return UInt32(byte &- ASCII.zero) }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? UInt32(letter) + 10 : 16
    }

    /// The value of four hexadecimal digits that are known to be some.
    @inline(__always)
    func hexUnit(at index: Int) -> UInt32 {
        var unit: UInt32 = 0
        for offset in 0..<4 { unit = unit &<< 4 | Self.hexValue(byte(index + offset)) & 15 }
        return unit
    }
}
