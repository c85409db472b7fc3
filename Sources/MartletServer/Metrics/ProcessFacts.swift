#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What the operating system tells about this process.
struct ProcessFacts: Sendable, Hashable {
    /// Resident memory in bytes; `nil` where there is no `/proc`.
    var residentBytes: UInt64?
    /// When the process started, in nanoseconds since 1970; `nil` where there is no `/proc`.
    var startTime: UInt64?
    /// User and system time in nanoseconds.
    var cpuTime: UInt64 = 0

    /// Facts of nothing.
    init() {}

    /// Reads the facts of this process; reads `/proc`, which never blocks on a disk.
    static func current() -> ProcessFacts {
        var facts = ProcessFacts()
        var time = timespec()
        if unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 {
            facts.cpuTime = UInt64(max(0, time.tv_sec)) &* 1_000_000_000 &+ UInt64(max(0, time.tv_nsec))
        }
        // statm: sizes in pages, the second is the resident one (proc_pid_statm(5)).
        if let pages = words("/proc/self/statm").dropFirst().first.flatMap({ UInt64($0) }) {
            facts.residentBytes = pages &* UInt64(max(0, sysconf(Int32(_SC_PAGESIZE))))
        }
        facts.startTime = startTime()
        return facts
    }

    /// Field 22 of `stat` counts ticks since boot (proc_pid_stat(5)); `btime` is the boot in seconds since 1970.
    private static func startTime() -> UInt64? {
        let ticksPerSecond = sysconf(Int32(_SC_CLK_TCK))
        // The second field is the program's name in parentheses, which may hold spaces.
        let stat = contents("/proc/self/stat")
        guard let end = stat.lastIndex(of: ")"), ticksPerSecond > 0 else { return nil }
        let fields = stat[end...].split(separator: " ")
        let system = words("/proc/stat")
        guard
            fields.count > 20, let ticks = UInt64(fields[20]), let place = system.firstIndex(of: "btime"),
            place + 1 < system.count, let boot = UInt64(system[place + 1])
        else { return nil }
        return boot &* 1_000_000_000 &+ ticks &* (1_000_000_000 / UInt64(ticksPerSecond))
    }

    private static func words(_ path: String) -> [Substring] {
        contents(path).split { $0 == " " || $0 == "\n" }
    }

    /// The start of a file, at most 64 KiB; empty when it cannot be read.
    private static func contents(_ path: String) -> String {
        guard let file = unsafe fopen(path, "r") else { return "" }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe fread($0.baseAddress, 1, $0.count, file) }
        bytes.removeLast(bytes.count - count)
        return String(decoding: bytes, as: UTF8.self)
    }
}
