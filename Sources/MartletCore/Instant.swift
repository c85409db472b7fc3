/// A point of monotonic time, in nanoseconds since an origin that all instants of a process share.
///
/// Not `ContinuousClock.Instant`: that type's layout is hidden in the concurrency library, so that every value that holds one
/// (the Exchange, its deadlines, its actions) would be laid out and copied through run-time metadata. Measured, that was the
/// largest part of a request's time.
public struct Instant: Hashable, Sendable, Comparable {
    /// Nanoseconds since the origin.
    public let nanoseconds: Int64

    /// Wraps a number of nanoseconds.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Orders by time.
    @inlinable
    public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The instant later by a duration; at the ends of the range it stays there.
    public static func + (instant: Self, duration: Duration) -> Self {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
        return Instant(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// Moves the instant by a duration.
    public static func += (instant: inout Self, duration: Duration) { instant = instant + duration }

    /// The time from one instant to another.
    public static func - (end: Self, start: Self) -> Duration {
        .nanoseconds(end.nanoseconds.subtractingReportingOverflow(start.nanoseconds).partialValue)
    }

    /// The instant earlier by a duration.
    public static func - (instant: Self, duration: Duration) -> Self { instant + (.zero - duration) }
}

extension Duration {
    /// Whole nanoseconds, clamped to what an `Int64` holds (292 years).
    public var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, more) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return more ? (seconds < 0 ? .min : .max) : sum
    }
}
