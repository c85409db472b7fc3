/// A histogram of durations with fixed buckets.
///
/// Bounds step by 1, 2.5, 5 and 10, so that percentiles are told within a factor of 2.5.
struct Histogram: Sendable {
    /// Which durations are told apart.
    enum Scale: Sendable {
        /// 1 ms to 600 s.
        case seconds
        /// 1 µs to 1 s.
        case microseconds
    }

    /// Observations within a bucket's bound and above the bound before; the last one has no bound.
    private(set) var counts = InlineArray<20, UInt64>(repeating: 0)
    /// The sum of all observations in nanoseconds.
    private(set) var sum: UInt128 = 0
    let scale: Scale

    init(_ scale: Scale) { self.scale = scale }

    /// The buckets' bounds in nanoseconds.
    static func bounds(_ scale: Scale) -> [UInt64] {
        switch scale {
        case .seconds: secondBounds
        case .microseconds: microsecondBounds
        }
    }

    private static let secondBounds = steps(from: 1_000_000, last: 600_000_000_000)
    private static let microsecondBounds = steps(from: 1_000, last: 1_000_000_000)

    private static func steps(from first: UInt64, last: UInt64) -> [UInt64] {
        var bounds: [UInt64] = []
        var decade = first
        for _ in 0..<6 {
            bounds += [decade, decade / 10 * 25, decade * 5]
            decade *= 10
        }
        return bounds + [last]
    }

    /// Counts a duration; a negative one counts as zero.
    mutating func add(_ duration: Duration) {
        let nanoseconds = Self.nanoseconds(duration)
        sum += UInt128(nanoseconds)
        let bounds = Self.bounds(scale)
        var place = 0
        while place < bounds.count, nanoseconds > bounds[place] { place += 1 }
        counts[place] &+= 1
    }

    /// Adds the counts of a histogram with the same scale.
    mutating func add(_ other: Histogram) {
        for place in 0..<20 { counts[place] &+= other.counts[place] }
        sum += other.sum
    }

    private static func nanoseconds(_ duration: Duration) -> UInt64 {
        let attoseconds = duration.attoseconds
        // Below 18 s the division fits one word, which is several times cheaper.
        if let word = UInt64(exactly: attoseconds) { return word / 1_000_000_000 }
        return UInt64(clamping: attoseconds / 1_000_000_000)
    }
}
