/// The store or the data directory cannot be used.
public enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The database was written by a newer release.
    case newerSchema(path: String)
    /// The pepper file can be read by other users.
    case pepperExposed(path: String, mode: UInt32)
    /// The pepper file does not hold 64 hexadecimal digits.
    case pepperMalformed(path: String)
    /// The database's keys were made with another pepper.
    case pepperMismatch(path: String)
    /// The database refused or failed; the text is SQLite's, without any value of a statement.
    case database(String)
    /// Another gateway runs on the data directory.
    case inUse(path: String, pid: Int32?)
    /// A file operation failed.
    case system(SystemFailure)

    /// A sentence for the operator.
    public var description: String {
        switch self {
        case .newerSchema(let path):
            "the database \(path) was written by a newer release of Martlet; use that release or another data directory"
        case .pepperExposed(let path, let mode):
            "\(path) has mode \(String(mode, radix: 8)); only its owner may read it: chmod 600 \(path)"
        case .pepperMalformed(let path): "\(path) must hold 64 hexadecimal digits"
        case .pepperMismatch(let path):
            "\(path) is not the pepper that the keys of this data directory were made with; restore it from a backup"
        case .inUse(let path, let pid):
            "the data directory \(path) is in use by another running gateway\(pid.map { " (process \($0))" } ?? "");"
                + " stop that one, or give this one a directory of its own with --data-dir"
        case .database(let text): "the database failed: \(text)"
        case .system(let failure): failure.description
        }
    }
}
