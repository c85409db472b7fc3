/// A set of characters.
struct PatternSet: Hashable, Sendable {
    /// Inclusive ranges of scalar values.
    private var ranges: [ClosedRange<UInt32>] = []
    private var properties: [PatternProperty] = []
    private var isNegative = false
    /// Bit n of a half stands for the character n, or 64 + n; what `isNegative` says is in it.
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    init(_ ranges: ClosedRange<UInt32>..., isNegative: Bool = false) {
        self.ranges = ranges
        self.isNegative = isNegative
        fill()
    }

    init(_ scalar: Unicode.Scalar) { self.init(scalar.value...scalar.value) }

    init(_ property: PatternProperty) {
        properties = [property]
        fill()
    }

    /// The union of sets, or everything else.
    init(union sets: [PatternSet], isNegative: Bool) {
        for set in sets {
            // What is in a negative set of ranges is in their gaps.
            ranges += set.isNegative ? Self.gaps(set.ranges) : set.ranges
            properties += set.properties
        }
        self.isNegative = isNegative
        fill()
    }

    /// What a dot matches: everything but the ends of lines.
    static let any = PatternSet(0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029, isNegative: true)

    static func digits(isNegative: Bool) -> PatternSet { PatternSet(0x30...0x39, isNegative: isNegative) }

    static func words(isNegative: Bool) -> PatternSet {
        PatternSet(0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A, isNegative: isNegative)
    }

    /// ECMAScript's white space and line ends.
    static func spaces(isNegative: Bool) -> PatternSet {
        PatternSet(
            0x09...0x0D,
            0x20...0x20,
            0xA0...0xA0,
            0x1680...0x1680,
            0x2000...0x200A,
            0x2028...0x2029,
            0x202F...0x202F,
            0x205F...0x205F,
            0x3000...0x3000,
            0xFEFF...0xFEFF,
            isNegative: isNegative
        )
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        let value = scalar.value
        if value < 64 { return low >> UInt64(value) & 1 == 1 }
        if value < 128 { return high >> UInt64(value - 64) & 1 == 1 }
        return holds(scalar)
    }

    private func holds(_ scalar: Unicode.Scalar) -> Bool {
        let isListed = ranges.contains { $0.contains(scalar.value) } || properties.contains { $0.contains(scalar) }
        return isListed != isNegative
    }

    private mutating func fill() {
        for value in 0..<UInt8(128) where holds(Unicode.Scalar(value)) {
            if value < 64 { low |= 1 << UInt64(value) } else { high |= 1 << UInt64(value - 64) }
        }
    }

    private static func gaps(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
            next = Swift.max(next, range.upperBound + 1)
        }
        if next <= 0x10_FFFF { gaps.append(next...0x10_FFFF) }
        return gaps
    }
}
