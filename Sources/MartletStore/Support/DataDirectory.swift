#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The directory that holds everything the gateway keeps: `martlet.db`, `spool/` and `pepper`.
public struct DataDirectory: Hashable, Sendable {
    /// The directory's path.
    public let path: String

    /// The database file.
    public var databasePath: String { path + "/martlet.db" }
    /// The directory of the usage spool.
    public var spoolPath: String { path + "/spool" }
    /// The file of the pepper that gateway keys are hashed with.
    public var pepperPath: String { path + "/pepper" }
    /// The file whose lock a running gateway holds.
    public var lockPath: String { path + "/serve.lock" }

    /// Names a directory without looking at it.
    public init(at path: String) { self.path = Self.withoutLastSlash(path) }

    /// Opens the directory; creates it and its parents (mode 0700) when missing.
    ///
    /// - Throws: `.system` when a directory cannot be created.
    public init(creating path: String) throws(StoreError) {
        self.path = Self.withoutLastSlash(path)
        var prefix = self.path.hasPrefix("/") ? "" : "."
        do throws(SystemFailure) {
            for part in self.path.split(separator: "/") {
                prefix += "/" + part
                // An existing parent may be unwritable or read-only, where mkdir answers EACCES or EROFS, not EEXIST.
                if unsafe access(prefix, F_OK) != 0 { try DiskFiles().makeDirectory(prefix) }
            }
        } catch {
            throw .system(error)
        }
    }

    private static func withoutLastSlash(_ path: String) -> String {
        path.utf8.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}
