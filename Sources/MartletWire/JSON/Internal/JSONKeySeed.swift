/// Makes the hash of object keys unknowable from outside, so that nobody can write keys that collide.
struct JSONKeySeed: Sendable {
    var first: UInt64
    var second: UInt64

    /// The seed of this process, drawn once.
    static let process: JSONKeySeed = {
        var generator = SystemRandomNumberGenerator()
        return JSONKeySeed(first: generator.next(), second: generator.next())
    }()

    /// Multiplies to 128 bits and folds the halves, as wyhash does.
    @inline(__always)
    static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    /// Hashes up to eight bytes, the same way as ``hash(_:_:_:_:)``.
    @inline(__always)
    func shortHash(_ prefix: UInt64, _ length: Int) -> UInt64 {
        Self.fold(prefix ^ first, UInt64(truncatingIfNeeded: length) ^ second)
    }

    /// Hashes a range into the upper half of the result; `prefix` is its first up to eight bytes, zero-filled.
    @inline(__always)
    func hash(_ bytes: JSONBytes, _ start: Int, _ length: Int, _ prefix: UInt64) -> UInt64 {
        var left = prefix
        var right = UInt64(truncatingIfNeeded: length)
        if length > 8 {
            if length > 16 { left = longHash(bytes, start, length) }
            right ^= bytes.word(start &+ length &- 8) &* 0x9E37_79B9_7F4A_7C15
        }
        return Self.fold(left ^ first, right ^ second)
    }

    @inline(never)
    private func longHash(_ bytes: JSONBytes, _ start: Int, _ length: Int) -> UInt64 {
        var state = second
        var index = start
        let end = start + length
        while index + 16 <= end {
            state = Self.fold(bytes.word(index) ^ first, bytes.word(index + 8) ^ state)
            index += 16
        }
        if index + 8 <= end { state = Self.fold(bytes.word(index) ^ first, state ^ second) }
        return state
    }
}
