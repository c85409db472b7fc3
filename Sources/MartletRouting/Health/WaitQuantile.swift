/// Estimates how long 95 of 100 answers of a target take, from counts in classes of durations.
///
/// A class is a third of a power of two wide (26 %), from under a millisecond to over half an hour; the answer is the upper
/// end of its class. What is old counts less: all counts are halved when there are 256. Pure, O(1), no allocation.
struct WaitQuantile: Sendable {
    private var counts: InlineArray<64, UInt8> = .init(repeating: 0)
    private var total: UInt16 = 0

    /// Answers below which nothing is said.
    static let fewest = 20

    /// Counts an answer that took a duration.
    mutating func add(_ duration: Duration) {
        let index = Self.index(of: duration)
        if counts[index] == .max || total >= 255 { halve() }
        counts[index] += 1
        total += 1
    }

    /// Counts an answer that nobody waited for any longer than others take: as one of the slowest that were seen.
    mutating func addAtMostUsual(_ duration: Duration) {
        // A class ends where the next one begins.
        guard let value, duration >= value * 0.99 else { return }
        add(value * 0.99)
    }

    /// How long 95 of 100 answers take at most; `nil` while too few are known.
    var value: Duration? {
        guard total >= Self.fewest else { return nil }
        let rank = (Int(total) * 95 + 99) / 100
        var seen = 0
        for index in counts.indices {
            seen += Int(counts[index])
            if seen >= rank { return Self.end(of: index) }
        }
        return nil
    }

    private mutating func halve() {
        total = 0
        for index in counts.indices {
            counts[index] /= 2
            total += UInt16(counts[index])
        }
    }

    /// Thirds of a power of two.
    private static let steps = (1.2599210498948732, 1.5874010519681994)

    private static func index(of duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        let milliseconds = Double(seconds) * 1e3 + Double(attoseconds) / 1e15
        guard milliseconds >= 1 else { return 0 }
        let third = milliseconds.significand < steps.0 ? 0 : milliseconds.significand < steps.1 ? 1 : 2
        return min(63, Int(milliseconds.exponent) * 3 + third + 1)
    }

    private static func end(of index: Int) -> Duration {
        let factor = [1, steps.0, steps.1][index % 3]
        return .milliseconds(1) * (Double(sign: .plus, exponent: index / 3, significand: 1) * factor)
    }
}
