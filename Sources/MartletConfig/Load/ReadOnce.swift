internal import Synchronization

/// Reads each file once: what was built of a configuration is built again when an engine or a registry comes, and must not
/// change with files until the configuration itself is read again.
final class ReadOnce: Sendable {
    private let read: @Sendable (String) -> [UInt8]?
    private let known = Mutex<[String: [UInt8]?]>([:])

    init(_ read: @escaping @Sendable (String) -> [UInt8]?) { self.read = read }

    /// The file's bytes when it was read first; `nil` when it could not be.
    func bytes(of path: String) -> [UInt8]? {
        if let known = known.withLock({ $0[path] }) { return known }
        let bytes = read(path)
        known.withLock { $0[path] = .some(bytes) }
        return bytes
    }
}
