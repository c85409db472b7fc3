public import MartletCore

/// Why a credential cannot be had.
public enum CredentialError: Error, Sendable, Hashable {
    /// The location is not one of the known forms.
    case malformed
    /// The environment variable is unset or empty.
    case variableUnset(String)
    /// The file cannot be read.
    case fileUnreadable(String)
    /// The place exists but holds nothing.
    case empty(String)
    /// The value holds bytes that cannot stand in a header (RFC 9110 §5.5).
    case notAHeaderValue(String)
    /// What asks for it does not take a credential from there.
    case notAvailable(String)
    /// The content is not a credential of the kind that is expected.
    case unusable(String)

    /// What is wrong, for people; names the place, never the value.
    public var reason: String {
        switch self {
        case .malformed:
            "not a credential location; use env::NAME, file::PATH (or path::PATH), path_from_env::NAME, dynamic::NAME, sdk"
                + " or none"
        case .variableUnset(let name): "environment variable \(name) is not set"
        case .fileUnreadable(let path): "file \(path) cannot be read"
        case .empty(let place): "\(place) is empty"
        case .notAHeaderValue(let place): "\(place) holds bytes that cannot stand in a header"
        case .notAvailable(let place): "no credential can come from \(place) here"
        case .unusable(let text): text
        }
    }
}

/// Reads credentials from where their locations say, with environment and files injected.
public struct CredentialResolver: Sendable {
    private let environment: [String: String]
    private let readFile: @Sendable (String) -> [UInt8]?

    /// The largest credential file that is believed, in bytes.
    public static let largestFile = 64 << 10

    /// Creates a resolver.
    ///
    /// - Parameters:
    ///   - environment: The process's environment.
    ///   - readFile: Returns a file's bytes, or `nil` when it cannot be read.
    public init(environment: [String: String], readFile: @escaping @Sendable (String) -> [UInt8]?) {
        self.environment = environment
        self.readFile = readFile
    }

    /// Resolves a location of a fixed credential; `nil` means that no credential is to be sent.
    ///
    /// What only a request or a cloud's chain can give is no fixed credential: ``CredentialError/notAvailable(_:)``.
    ///
    /// One newline at the end is not part of the value: editors and `echo` leave one.
    ///
    /// - Throws: ``CredentialError``, that of the last part when a location has a fallback.
    public func resolve(_ location: CredentialLocation) throws(CredentialError) -> Secret? {
        switch location {
        case .none: return nil
        case .environment(let name):
            guard let value = environment[name], !value.isEmpty else { throw .variableUnset(name) }
            return try secret(Array(value.utf8), from: "environment variable \(name)")
        case .file(let path):
            return try secret(try bytes(of: path), from: "file \(path)")
        case .pathFromEnvironment(let name):
            guard let path = environment[name], !path.isEmpty else { throw .variableUnset(name) }
            return try secret(try bytes(of: path), from: "file \(path)")
        case .dynamic, .sdk: throw .notAvailable(location.description)
        case .fallback(let first, let second):
            do { return try resolve(first) } catch { return try resolve(second) }
        }
    }

    /// The bytes of a file of credentials.
    ///
    /// - Throws: ``CredentialError/fileUnreadable(_:)``, also for one of more than ``largestFile`` bytes.
    public func bytes(of path: String) throws(CredentialError) -> [UInt8] {
        guard let bytes = readFile(path), bytes.count <= Self.largestFile else { throw .fileUnreadable(path) }
        return bytes
    }

    private func secret(_ bytes: [UInt8], from place: String) throws(CredentialError) -> Secret {
        var value = bytes[...]
        if value.last == UInt8(ascii: "\n") {
            value.removeLast()
            if value.last == UInt8(ascii: "\r") { value.removeLast() }
        }
        guard value.contains(where: { $0 != 0x20 && !(0x09...0x0D).contains($0) }) else { throw .empty(place) }
        // Visible ASCII with inner spaces: no provider's key has other bytes, and obs-text would be sent as mojibake.
        guard value.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }), value.first != 0x20, value.last != 0x20 else {
            throw .notAHeaderValue(place)
        }
        return Secret(String(decoding: value, as: UTF8.self))
    }
}
