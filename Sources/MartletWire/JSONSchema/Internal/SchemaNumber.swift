/// An exact decimal: digits × 10^exponent.
struct SchemaNumber: Hashable, Sendable {
    /// Whether it is below zero.
    let isNegative: Bool
    /// The digits as values, the first and the last of which are not zero; empty for zero.
    let digits: [UInt8]
    /// The power of ten of the last digit; 0 for zero.
    let exponent: Int

    /// Reads a number; `nil` for other kinds.
    init?(_ view: JSONView) {
        guard view.kind == .number else { return nil }
        let parts = JSONNumberParts(view.bytes, view.range)
        guard let last = parts.lastSignificant else {
            (isNegative, digits, exponent) = (false, [], 0)
            return
        }
        var digits: [UInt8] = []
        digits.reserveCapacity(last - parts.digits.lowerBound + 1)
        for index in parts.digits.lowerBound...last {
            let byte = view.bytes.byte(index)
            if byte == ASCII.dot || digits.isEmpty && byte == ASCII.zero { continue }
            digits.append(byte &- ASCII.zero)
        }
        self.digits = digits
        isNegative = parts.isNegative
        // The written exponent is kept within ±10^17 and a document has less than 2^32 digits.
        exponent = parts.exponent - parts.power(of: last)
    }

    var isZero: Bool { digits.isEmpty }
    var isInteger: Bool { exponent >= 0 }

    /// The number as a count; a larger one than any count is `Int.max`, `nil` for fractions and below zero.
    var count: Int? {
        guard !isNegative, isInteger else { return nil }
        if isZero { return 0 }
        guard digits.count + exponent <= 18 else { return .max }
        var value = 0
        for digit in digits { value = value * 10 + Int(digit) }
        for _ in 0..<exponent { value *= 10 }
        return value
    }

    /// Compares exactly.
    static func < (left: SchemaNumber, right: SchemaNumber) -> Bool {
        if left.isZero || right.isZero || left.isNegative != right.isNegative {
            return left.isZero ? !right.isZero && !right.isNegative : left.isNegative
        }
        return left.isNegative ? right.isBelowIgnoringSign(left) : left.isBelowIgnoringSign(right)
    }

    private func isBelowIgnoringSign(_ other: SchemaNumber) -> Bool {
        let (top, otherTop) = (digits.count + exponent, other.digits.count + other.exponent)
        if top != otherTop { return top < otherTop }
        // Neither ends with zeros, so that the one that is a beginning of the other is the smaller.
        return digits.lexicographicallyPrecedes(other.digits)
    }

    /// The digits as an integer, for a divisor; `nil` when there are too many.
    var mantissa: UInt64? {
        guard digits.count <= 19, !isZero else { return nil }
        return digits.reduce(0) { $0 &* 10 &+ UInt64($1) }
    }

    /// Whether it is a whole multiple of a divisor, which has a ``mantissa`` and is above zero.
    func isMultiple(of divisor: SchemaNumber) -> Bool {
        guard let modulus = divisor.mantissa else { return false }
        if isZero { return true }
        // a × 10^x over b × 10^y. With x < y the quotient needs a factor of ten in a, which has none.
        guard exponent >= divisor.exponent else { return false }
        var rest: UInt64 = 0
        for digit in digits { rest = Self.sum(Self.product(rest, 10 % modulus, modulus), UInt64(digit), modulus) }
        var power = 1 % modulus
        var base = 10 % modulus
        var left = exponent - divisor.exponent
        while left > 0 {
            if left & 1 == 1 { power = Self.product(power, base, modulus) }
            base = Self.product(base, base, modulus)
            left >>= 1
        }
        return Self.product(rest, power, modulus) == 0
    }

    /// Both factors are below the modulus, so that the quotient fits.
    private static func product(_ left: UInt64, _ right: UInt64, _ modulus: UInt64) -> UInt64 {
        modulus.dividingFullWidth(left.multipliedFullWidth(by: right)).remainder
    }

    private static func sum(_ left: UInt64, _ right: UInt64, _ modulus: UInt64) -> UInt64 {
        let right = right % modulus
        return left >= modulus - right ? left - (modulus - right) : left + right
    }
}
