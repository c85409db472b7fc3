public import MartletCore
import Synchronization

/// Time that stands still until a test moves it: a monotonic instant and the wall time that goes with it.
public final class ManualClock: Sendable {
    private struct Times {
        var now: Instant
        var wallMilliseconds: UInt64
    }

    private let times: Mutex<Times>

    /// Starts a clock.
    ///
    /// - Parameters:
    ///   - now: The first instant; which one does not matter.
    ///   - wallMilliseconds: Milliseconds since 1970 (UTC) at that instant.
    public init(now: Instant = Instant(nanoseconds: 1_000_000_000), wallMilliseconds: UInt64 = 1_795_000_000_000) {
        times = Mutex(Times(now: now, wallMilliseconds: wallMilliseconds))
    }

    /// The monotonic instant.
    public var now: Instant { times.withLock { $0.now } }

    /// Milliseconds since 1970 (UTC).
    public var wallMilliseconds: UInt64 { times.withLock { $0.wallMilliseconds } }

    /// Moves both times on; a negative duration is refused, as monotonic time never goes back.
    ///
    /// - Parameter duration: How far; parts of a millisecond move the monotonic time only.
    public func advance(by duration: Duration) {
        precondition(duration >= .zero, "monotonic time does not go back")
        let parts = duration.components
        times.withLock { times in
            times.now += duration
            times.wallMilliseconds &+= UInt64(parts.seconds) &* 1_000
            times.wallMilliseconds &+= UInt64(parts.attoseconds / 1_000_000_000_000_000)
        }
    }

    /// Steps the wall time, as an administrator or NTP does; the monotonic time stays.
    public func setWall(milliseconds: UInt64) { times.withLock { $0.wallMilliseconds = milliseconds } }
}
