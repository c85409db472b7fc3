extension JSONView {
    /// The value of a number that is an integer.
    ///
    /// `4`, `4.0`, `4e0` and `40e-1` are 4; `4.5` is none.
    ///
    /// - Returns: `nil` for other kinds, for fractions, and outside the range of `Int64`.
    /// - Complexity: O(length); no allocation.
    public func int64() -> Int64? {
        guard kind == .number else { return nil }
        let number = JSONNumberParts(bytes, range)
        guard let lastDigit = number.lastSignificant else { return 0 }
        // The value is ±(the digits up to the last one that is not zero) × 10^scale.
        let (scale, overflow) = number.exponent.subtractingReportingOverflow(number.power(of: lastDigit))
        guard !overflow, scale >= 0 else { return nil }
        var result: Int64 = 0
        for index in number.digits.lowerBound...lastDigit where bytes.byte(index) != ASCII.dot {
            guard let next = Self.append(Int64(bytes.byte(index) &- ASCII.zero), to: result) else { return nil }
            result = next
        }
        for _ in 0..<min(scale, 20) {
            guard let next = Self.append(0, to: result) else { return nil }
            result = next
        }
        // Negative throughout, because the range has one more value on that side.
        if number.isNegative { return result }
        return result == .min ? nil : -result
    }

    /// The value of a number.
    ///
    /// - Returns: The nearest `Double`; `nil` for other kinds and when the number is too large to be finite.
    public func double() -> Double? {
        guard kind == .number else { return nil }
        if let exact = JSONNumberParts(bytes, range).exactDouble(bytes) { return exact }
        let text = unsafe String(decoding: bytes.slice(range), as: UTF8.self)
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }

    @inline(__always)
    private static func append(_ digit: Int64, to value: Int64) -> Int64? {
        let (tens, first) = value.multipliedReportingOverflow(by: 10)
        let (sum, second) = tens.subtractingReportingOverflow(digit)
        return first || second ? nil : sum
    }
}

/// The parts of a valid number.
struct JSONNumberParts {
    var isNegative: Bool
    /// The digits of the integer and the fraction, with the dot.
    var digits: Range<Int>
    /// Where the dot is, or would be.
    var dot: Int
    /// The written exponent, kept within ±10^17.
    var exponent = 0
    /// Where the last digit that is not zero is.
    var lastSignificant: Int?

    init(_ bytes: JSONBytes, _ range: Range<Int>) {
        var index = range.lowerBound
        isNegative = index < range.upperBound && bytes.byte(index) == ASCII.minus
        if isNegative { index += 1 }
        let start = index
        var dot: Int?
        while index < range.upperBound {
            let byte = bytes.byte(index)
            if byte == ASCII.dot {
                dot = index
            } else if !ASCII.isDigit(byte) {
                break
            } else if byte != ASCII.zero {
                lastSignificant = index
            }
            index += 1
        }
        digits = start..<index
        self.dot = dot ?? index
        guard index < range.upperBound else { return }
        index += 1
        var isExponentNegative = false
        while index < range.upperBound {
            let byte = bytes.byte(index)
            if byte == ASCII.minus { isExponentNegative = true }
            if ASCII.isDigit(byte), exponent < 10_000_000_000_000_000 {
                exponent = exponent * 10 + Int(byte &- ASCII.zero)
            }
            index += 1
        }
        if isExponentNegative { exponent = -exponent }
    }

    /// How far behind the dot a digit ends: `12.34` gives 2 for the 4 and -1 for the 1.
    func power(of digit: Int) -> Int { digit > dot ? digit - dot : digit - dot + 1 }

    /// The value when both digits and power of ten are exact in a `Double`, so that one rounding remains.
    ///
    /// - SeeAlso: W. D. Clinger, "How to read floating point numbers accurately", 1990.
    func exactDouble(_ bytes: JSONBytes) -> Double? {
        guard digits.count <= 16 else { return nil }
        var mantissa = 0
        for index in digits where bytes.byte(index) != ASCII.dot {
            mantissa = mantissa * 10 + Int(bytes.byte(index) &- ASCII.zero)
        }
        let scale = exponent - (dot < digits.upperBound ? digits.upperBound - dot - 1 : 0)
        guard mantissa < 1 << 53, scale >= -22, scale <= 22 else { return nil }
        var power = 1.0
        for _ in 0..<abs(scale) { power *= 10 }
        let value = scale < 0 ? Double(mantissa) / power : Double(mantissa) * power
        return isNegative ? -value : value
    }
}
