import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#endif

/// Ends the process with 130 on SIGINT, and leaves the terminal as a shell wants it.
///
/// The handler only loads a number and calls `write` and `_exit`, which are safe in a signal handler (POSIX.1-2017 §2.4.3).
enum Interrupt {
    /// What is to be tidied before the process ends.
    struct Leftovers: OptionSet {
        let rawValue: UInt8
        /// Stdout is within a line.
        static let openLine = Leftovers(rawValue: 1)
        /// A progress line stands on stderr.
        static let progress = Leftovers(rawValue: 2)
    }

    private static let leftovers = Atomic<UInt8>(0)
    private static let newline: StaticString = "\n"
    private static let wipe: StaticString = "\r\u{1b}[K"

    /// Notes what has to be tidied from now on.
    static func set(_ part: Leftovers, _ isSet: Bool) {
        if isSet {
            leftovers.bitwiseOr(part.rawValue, ordering: .relaxed)
        } else {
            leftovers.bitwiseAnd(~part.rawValue, ordering: .relaxed)
        }
    }

    /// Begins to handle SIGINT.
    static func install() {
        // Initialises the flags before a signal can read them.
        _ = leftovers.load(ordering: .relaxed)
        _ = signal(SIGINT) { _ in
            let left = Leftovers(rawValue: Interrupt.leftovers.load(ordering: .relaxed))
            if left.contains(.progress) { Interrupt.put(Interrupt.wipe, 2) }
            if left.contains(.openLine) { Interrupt.put(Interrupt.newline, 1) }
            _exit(ExitReason.interrupted.rawValue)
        }
    }

    private static func put(_ text: StaticString, _ descriptor: Int32) {
        _ = unsafe write(descriptor, text.utf8Start, text.utf8CodeUnitCount)
    }
}
