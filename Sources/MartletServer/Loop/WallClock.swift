#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Wall time; for records, ids and the `Date` field only.
enum WallClock {
    /// Milliseconds since 1970 (UTC).
    static func milliseconds() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(max(0, time.tv_sec)) &* 1_000 &+ UInt64(time.tv_nsec) / 1_000_000
    }
}
