extension JSONBytes {
    /// Decodes the escape of a valid string at an index.
    ///
    /// - Returns: Up to four bytes of UTF-8, little-endian in `bytes`, their number, and the raw length. The raw length is
    ///   at least 1 and never reaches beyond the buffer, even if the string was not valid after all.
    func decodedEscape(at index: Int) -> (bytes: UInt32, length: Int, raw: Int) {
        guard case .unit(let raw, let length) = escapeStep(at: index) else { return (UInt32(byte(index)), 1, 1) }
        if raw == 2 {
            let letter = byte(index + 1)
            let decoded: UInt8 =
                switch letter {
                case 0x62: 0x08
                case 0x66: 0x0C
                case 0x6E: 0x0A
                case 0x72: 0x0D
                case 0x74: 0x09
                default: letter
                }
            return (UInt32(decoded), 1, 2)
        }
        var scalar = hexUnit(at: index + 2)
        if raw == 12 { scalar = 0x1_0000 + (scalar & 0x3FF) &<< 10 + hexUnit(at: index + 8) & 0x3FF }
        let bytes: UInt32 =
            switch length {
            case 1: scalar
            case 2: 0x80C0 | scalar &>> 6 | (scalar & 0x3F) &<< 8
            case 3: 0x8080E0 | scalar &>> 12 | (scalar &>> 6 & 0x3F) &<< 8 | (scalar & 0x3F) &<< 16
            default:
                0x8080_80F0 | scalar &>> 18 | (scalar &>> 12 & 0x3F) &<< 8 | (scalar &>> 6 & 0x3F) &<< 16
                    | (scalar & 0x3F) &<< 24
            }
        return (bytes, length, raw)
    }

    /// Appends the decoded text of a valid string, given without its quotes.
    func appendDecoded(_ range: Range<Int>, to output: inout [UInt8]) {
        var index = range.lowerBound
        while index < range.upperBound {
            let stop = nextBackslash(index, range.upperBound)
            if stop > index { unsafe output.append(contentsOf: slice(index..<stop)) }
            index = stop
            guard index < range.upperBound else { break }
            let unit = decodedEscape(at: index)
            var bytes = unit.bytes
            for _ in 0..<unit.length {
                output.append(UInt8(truncatingIfNeeded: bytes))
                bytes &>>= 8
            }
            index += unit.raw
        }
    }

    /// Finds the next backslash before a limit.
    @inline(__always)
    func nextBackslash(_ start: Int, _ limit: Int) -> Int {
        var index = start
        while index + 8 <= limit {
            let found = (word(index) ^ 0x5C5C_5C5C_5C5C_5C5C)
            let marks = (found &- 0x0101_0101_0101_0101) & ~found & 0x8080_8080_8080_8080
            if marks != 0 { return index + marks.trailingZeroBitCount &>> 3 }
            index += 8
        }
        while index < limit, byte(index) != ASCII.backslash { index += 1 }
        return index
    }

    /// Compares a string, given without its quotes, with decoded bytes.
    func decodedEquals(_ range: Range<Int>, _ hasEscapes: Bool, _ other: JSONBytes, _ otherRange: Range<Int>) -> Bool {
        if !hasEscapes {
            return range.count == otherRange.count
                && equal(range.lowerBound, other, otherRange.lowerBound, range.count)
        }
        // Every escape is longer than what it stands for.
        guard range.count > otherRange.count else { return false }
        var cursor = JSONDecodedCursor(self, at: range.lowerBound, hasEscapes: true)
        for position in otherRange {
            guard cursor.index < range.upperBound || cursor.remaining > 0 else { return false }
            if cursor.next() != other.byte(position) { return false }
        }
        return cursor.index >= range.upperBound && cursor.remaining == 0
    }
}

/// Walks the decoded bytes of a valid string.
struct JSONDecodedCursor {
    let bytes: JSONBytes
    let hasEscapes: Bool
    private(set) var index: Int
    private var pending: UInt32 = 0
    private(set) var remaining = 0

    init(_ bytes: JSONBytes, at index: Int, hasEscapes: Bool) {
        self.bytes = bytes
        self.index = index
        self.hasEscapes = hasEscapes
    }

    /// The next decoded byte; the caller knows that there is one.
    mutating func next() -> UInt8 {
        if remaining == 0 {
            let byte = bytes.byte(index)
            if !hasEscapes || byte != ASCII.backslash {
                index += 1
                return byte
            }
            let escape = bytes.decodedEscape(at: index)
            index += escape.raw
            pending = escape.bytes
            remaining = escape.length
        }
        let byte = UInt8(truncatingIfNeeded: pending)
        pending &>>= 8
        remaining -= 1
        return byte
    }
}
