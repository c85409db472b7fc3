import MartletCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension Instant {
    /// The time now; goes on while the machine sleeps where the system has such a clock.
    static var now: Instant {
        var time = timespec()
        #if canImport(Glibc)
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        #else
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        #endif
        return Instant(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }
}
