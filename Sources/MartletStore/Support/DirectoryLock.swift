import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The claim of one running gateway on a data directory: an exclusive `flock(2)` on a file that names the process.
///
/// The lock ends with the process, however that ends; the file stays. The command line reads and writes keys without it.
public final class DirectoryLock: Sendable {
    /// How often a lock that is held is tried again: who asks ``holder(of:)`` holds it for a moment.
    private static let tries = 5

    private let descriptor: Mutex<CInt?>

    /// Claims a directory for this process.
    ///
    /// - Throws: `.inUse` when another process holds it; `.system`.
    public init(_ directory: DataDirectory) throws(StoreError) {
        descriptor = Mutex(try Self.claim(directory))
    }

    private static func claim(_ directory: DataDirectory) throws(StoreError) -> CInt {
        let files = DiskFiles()
        var left = tries
        while true {
            do throws(SystemFailure) {
                let descriptor = try files.lock(directory.lockPath)
                // The lock counts, the number is for people: a directory that is full does not keep a gateway from it.
                if ftruncate(descriptor, 0) == 0 {
                    try? files.write(Array("\(getpid())\n".utf8).span, to: descriptor, at: 0)
                }
                return descriptor
            } catch {
                guard error.code == EWOULDBLOCK else { throw .system(error) }
                left -= 1
                guard left > 0 else { throw .inUse(path: directory.path, pid: pid(in: directory.lockPath)) }
                usleep(20_000)
            }
        }
    }

    deinit { release() }

    /// Lets go of the directory; doing it again changes nothing.
    public func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor { DiskFiles().close(open) }
            descriptor = nil
        }
    }

    /// Who holds a directory.
    public enum Holder: Hashable, Sendable {
        /// No gateway runs on it.
        case nobody
        /// A gateway runs; its process number, unless it has not written it yet.
        case process(Int32?)
    }

    /// Finds out whether a gateway runs on a directory, without creating or changing anything.
    public static func holder(of directory: DataDirectory) -> Holder {
        guard let descriptor = try? DiskFiles().open(directory.lockPath) else { return .nobody }
        defer { DiskFiles().close(descriptor) }
        if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return .nobody }
        return .process(pid(in: directory.lockPath))
    }

    private static func pid(in path: String) -> Int32? {
        guard let descriptor = try? DiskFiles().open(path) else { return nil }
        defer { DiskFiles().close(descriptor) }
        guard let bytes = try? DiskFiles().read(descriptor, at: 0, count: 16) else { return nil }
        return Int32(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}
