/// The spool cannot do what was asked.
public enum SpoolError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another process holds the lock of this directory.
    case locked(directory: String)
    /// The spool has reached its size limit.
    case full
    /// A file operation failed.
    case system(SystemFailure)

    /// A sentence for the operator.
    public var description: String {
        switch self {
        case .locked(let directory):
            "another process is using the spool \(directory): one gateway per data directory"
        case .full: "the usage spool has reached its size limit"
        case .system(let failure): "the usage spool cannot be written: \(failure)"
        }
    }
}
