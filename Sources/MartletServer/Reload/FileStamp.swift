#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// What shows that a file was changed.
struct FileStamp: Hashable, Sendable {
    /// The file's path.
    var path: String
    /// Nanoseconds since 1970; `nil` for a file that is not there.
    var modified: Int64?
    /// Bytes.
    var size: Int64 = 0
    /// A file that was replaced has another one.
    var inode: UInt64 = 0

    /// Looks at a file; follows links, as reading it would.
    init(of path: String) {
        self.path = path
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else { return }
        #if canImport(Glibc)
        let time = facts.st_mtim
        #else
        let time = facts.st_mtimespec
        #endif
        modified = Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
        size = Int64(facts.st_size)
        inode = UInt64(facts.st_ino)
    }

    /// Describes a file.
    init(path: String, modified: Int64?, size: Int64 = 0) {
        self.path = path
        self.modified = modified
        self.size = size
    }
}
