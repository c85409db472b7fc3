/// What a look at `true`, `false` or `null` found.
enum JSONLiteralStep {
    case complete(Int)
    case incomplete
    case failed(at: Int)
}

extension JSONBytes {
    /// Reads a number that ends inside the buffer.
    ///
    /// - Returns: Where it ends; or its start when it is wrong, or may go on behind the buffer.
    @inline(__always)
    func numberEnd(from start: Int) -> Int {
        var index = start
        var byte = byte(index)
        if byte == ASCII.minus {
            index += 1
            guard index < count else { return start }
            byte = self.byte(index)
        }
        guard ASCII.isDigit(byte) else { return start }
        index += 1
        if byte != ASCII.zero { index = digitsEnd(from: index) }
        guard index < count else { return start }
        byte = self.byte(index)
        if byte == ASCII.dot {
            let digits = index + 1
            index = digitsEnd(from: digits)
            guard index > digits, index < count else { return start }
            byte = self.byte(index)
        }
        if byte | 0x20 == 0x65 {
            index += 1
            guard index < count else { return start }
            byte = self.byte(index)
            if byte == 0x2B || byte == ASCII.minus { index += 1 }
            let digits = index
            index = digitsEnd(from: digits)
            guard index > digits, index < count else { return start }
        }
        return index
    }

    @inline(__always)
    func digitsEnd(from start: Int) -> Int {
        var index = start
        while index < count, ASCII.isDigit(byte(index)) { index += 1 }
        return index
    }

    /// Reads `true`, `false` or `null`.
    @inline(__always)
    func literalStep(at index: Int) -> JSONLiteralStep {
        if index + 5 <= count {
            switch half(index) {
            case 0x6575_7274, 0x6C6C_756E: return .complete(4)
            case 0x736C_6166 where byte(index + 4) == 0x65: return .complete(5)
            default: break
            }
        }
        return slowLiteralStep(at: index)
    }

    @inline(never)
    private func slowLiteralStep(at index: Int) -> JSONLiteralStep {
        let word: UInt64
        let length: Int
        switch byte(index) {
        case 0x74: (word, length) = (0x6575_7274, 4)
        case 0x66: (word, length) = (0x65_736C_6166, 5)
        case 0x6E: (word, length) = (0x6C6C_756E, 4)
        default: return .failed(at: index)
        }
        for offset in 0..<length {
            guard index + offset < count else { return .incomplete }
            if byte(index + offset) != UInt8(truncatingIfNeeded: word &>> UInt64(8 * offset)) {
                return .failed(at: index + offset)
            }
        }
        return .complete(length)
    }
}
