#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The processors this process may use.
enum Processors {
    /// Their number, at least 1; respects an affinity set from outside.
    static var usable: Int {
        if let mask = affinity { return max(1, mask) }
        return max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    /// The number of processors in `Cpus_allowed`, which an affinity set from outside narrows (proc(5)).
    private static var affinity: Int? {
        guard let file = unsafe fopen("/proc/self/status", "r") else { return nil }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 8 << 10)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe fread($0.baseAddress, 1, $0.count, file) }
        let name = Array("Cpus_allowed:".utf8)
        guard let start = bytes[..<count].firstRange(of: name)?.upperBound else { return nil }
        var bits = 0
        for byte in bytes[start..<count] {
            if byte == UInt8(ascii: "\n") { break }
            bits += Int(String(UnicodeScalar(byte)), radix: 16)?.nonzeroBitCount ?? 0
        }
        return bits
    }
}
