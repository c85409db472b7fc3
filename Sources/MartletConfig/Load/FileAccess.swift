internal import Foundation

/// Reads configuration files, credential files and their permissions; replaced in tests.
public struct FileAccess: Sendable {
    /// Returns a file's bytes, or `nil` when it cannot be read.
    public var read: @Sendable (_ path: String) -> [UInt8]?
    /// Returns a file's permission bits (`0o644`), or `nil` when they are unknown.
    public var permissions: @Sendable (_ path: String) -> Int?

    /// Creates an access from closures.
    public init(
        read: @escaping @Sendable (_ path: String) -> [UInt8]?,
        permissions: @escaping @Sendable (_ path: String) -> Int? = { _ in nil }
    ) {
        self.read = read
        self.permissions = permissions
    }

    /// The machine's files.
    public static let system = FileAccess(
        read: { path in FileManager.default.contents(atPath: path).map(Array.init) },
        permissions: { path in
            (try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
        }
    )
}
