// Skipping over JSON that is known to be valid: only what is needed to find the end is looked at. Every step is bounded by
// `limit` all the same, so that wrong bytes give a wrong answer and nothing worse.
extension JSONBytes {
    /// Finds the closing quote of a string.
    ///
    /// - Parameter start: The first byte after the opening quote.
    @inline(__always)
    func stringEnd(from start: Int, limit: Int) -> (end: Int, hasEscapes: Bool) {
        var index = start
        var hasEscapes = false
        while index < limit {
            if index + 8 <= limit {
                let word = word(index)
                let quote = word ^ 0x2222_2222_2222_2222
                let backslash = word ^ 0x5C5C_5C5C_5C5C_5C5C
                let marks =
                    ((quote &- 0x0101_0101_0101_0101) & ~quote | (backslash &- 0x0101_0101_0101_0101) & ~backslash)
                    & 0x8080_8080_8080_8080
                if marks == 0 {
                    index += 8
                    continue
                }
                index += marks.trailingZeroBitCount &>> 3
            }
            let byte = byte(index)
            if byte == ASCII.quote { return (index, hasEscapes) }
            if byte == ASCII.backslash {
                hasEscapes = true
                index += 1
            }
            index += 1
        }
        return (limit, hasEscapes)
    }

    /// Finds the end of an object or array that starts at an index.
    func containerEnd(from start: Int, limit: Int) -> Int {
        var index = start
        var depth = 0
        while index < limit {
            if index + 8 <= limit {
                // Setting bit 5 turns brackets into braces and leaves the quote alone.
                let word = word(index) | 0x2020_2020_2020_2020
                let quote = word ^ 0x2222_2222_2222_2222
                let open = word ^ 0x7B7B_7B7B_7B7B_7B7B
                let close = word ^ 0x7D7D_7D7D_7D7D_7D7D
                let marks =
                    ((quote &- 0x0101_0101_0101_0101) & ~quote | (open &- 0x0101_0101_0101_0101) & ~open
                        | (close &- 0x0101_0101_0101_0101) & ~close) & 0x8080_8080_8080_8080
                if marks == 0 {
                    index += 8
                    continue
                }
                index += marks.trailingZeroBitCount &>> 3
            }
            switch byte(index) {
            case ASCII.quote: index = stringEnd(from: index + 1, limit: limit).end
            case ASCII.openBrace, ASCII.openBracket: depth += 1
            case ASCII.closeBrace, ASCII.closeBracket:
                depth -= 1
                if depth == 0 { return index + 1 }
            default: break
            }
            index += 1
        }
        return limit
    }

    /// Finds the end of the value that starts at an index.
    @inline(__always)
    func valueEnd(from start: Int, limit: Int) -> Int {
        switch byte(start) {
        case ASCII.quote: return min(stringEnd(from: start + 1, limit: limit).end + 1, limit)
        case ASCII.openBrace, ASCII.openBracket: return containerEnd(from: start, limit: limit)
        default:
            var index = start
            while index < limit {
                let byte = byte(index)
                if byte == ASCII.comma || byte <= 0x20 || byte == ASCII.closeBrace || byte == ASCII.closeBracket {
                    break
                }
                index += 1
            }
            return index
        }
    }

    /// Skips white space up to a limit.
    @inline(__always)
    func spaceEnd(from start: Int, limit: Int) -> Int {
        var index = start
        while index < limit, byte(index) <= 0x20 { index += 1 }
        return index
    }
}
