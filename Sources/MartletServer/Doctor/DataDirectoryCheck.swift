import MartletConfig

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Looks at the rights, the room and the spool of a data directory; makes nothing.
struct DataDirectoryCheck {
    /// Bytes of free disk below which there is a warning.
    static let lowSpace: UInt64 = 256 << 20
    /// Bytes in the spool from which there is a warning: what is written is not drained, and at 1 GiB requests are refused.
    static let fullSpool: Int64 = 256 << 20

    let paths: ResolvedPaths

    func checks() -> [DoctorCheck] {
        guard let facts = Self.facts(paths.dataDirectory) else { return [missing()] }
        return [directory(facts), spool()]
    }

    /// A directory that is not there is made by the first start, if that may do so.
    private func missing() -> DoctorCheck {
        var parent = paths.dataDirectory.hasPrefix("/") ? paths.dataDirectory : "./" + paths.dataDirectory
        while Self.facts(parent) == nil, let slash = parent.lastIndex(of: "/") {
            parent = slash == parent.startIndex ? "/" : String(parent[..<slash])
        }
        guard unsafe access(parent, W_OK | X_OK) == 0 else {
            let text = "\(paths.dataDirectory) is missing and cannot be made: \(parent) is not writable for this user"
            return DoctorCheck("data directory", .fail, text, hint: "choose another one with --data-dir")
        }
        return DoctorCheck("data directory", .ok, "\(paths.dataDirectory) is not there yet; the first start makes it")
    }

    private func directory(_ facts: stat) -> DoctorCheck {
        let name = "data directory"
        let path = paths.dataDirectory
        guard facts.st_mode & S_IFMT == S_IFDIR else { return DoctorCheck(name, .fail, "\(path) is no directory") }
        guard unsafe access(path, R_OK | W_OK | X_OK) == 0 else {
            let hint = "run as the user that owns it, or choose another one with --data-dir"
            return DoctorCheck(name, .fail, "\(path) is not readable and writable for this user", hint: hint)
        }
        for file in [paths.database, paths.pepper]
        where unsafe access(file, F_OK) == 0 && access(file, R_OK | W_OK) != 0 {
            let hint = "chown it to the user that runs the gateway"
            return DoctorCheck(name, .fail, "\(file) is not readable and writable for this user", hint: hint)
        }
        if let pepper = Self.facts(paths.pepper), pepper.st_mode & 0o077 != 0 {
            let text = "\(paths.pepper) can be read by other users; a start is refused"
            return DoctorCheck(name, .fail, text, hint: "chmod 600 \(paths.pepper)")
        }
        if facts.st_mode & 0o077 != 0 {
            let mode = String(facts.st_mode & 0o777, radix: 8)
            return DoctorCheck(name, .warn, "\(path) is open to other users (mode \(mode))", hint: "chmod 700 \(path)")
        }
        var disk = statvfs()
        if unsafe statvfs(path, &disk) == 0 {
            let (free, overflow) = UInt64(disk.f_bavail).multipliedReportingOverflow(by: UInt64(disk.f_frsize))
            if !overflow, free < Self.lowSpace {
                let text = "\(path) has \(free >> 20) MiB of disk left; without room requests are refused"
                return DoctorCheck(name, .warn, text, hint: "make room")
            }
        }
        return DoctorCheck(name, .ok, path)
    }

    private func spool() -> DoctorCheck {
        guard let folder = unsafe opendir(paths.spool) else { return DoctorCheck("spool", .ok, "empty") }
        defer { unsafe closedir(folder) }
        var bytes: Int64 = 0
        var count = 0
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { text in
                unsafe String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let facts = Self.facts("\(paths.spool)/\(name)"), facts.st_mode & S_IFMT == S_IFREG,
                name != "lock"
            else { continue }
            bytes &+= Int64(facts.st_size)
            count += 1
        }
        let text = "\(count) files, \(bytes >> 20) MiB"
        guard bytes < Self.fullSpool else {
            let hint = "records wait for the database: look at its disk, and at the log of the gateway"
            return DoctorCheck("spool", .warn, text, hint: hint)
        }
        return DoctorCheck("spool", .ok, text)
    }

    private static func facts(_ path: String) -> stat? {
        var facts = stat()
        return unsafe stat(path, &facts) == 0 ? facts : nil
    }
}
