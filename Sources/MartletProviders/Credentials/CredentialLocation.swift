/// Says where a credential is found; never the credential itself.
public indirect enum CredentialLocation: Sendable, Hashable, CustomStringConvertible {
    /// The value of an environment variable, read at start.
    case environment(String)
    /// The content of a file, read at start.
    case file(String)
    /// The content of the file whose path an environment variable holds.
    case pathFromEnvironment(String)
    /// A value that each request brings along.
    case dynamic(String)
    /// The cloud vendor's own chain.
    case sdk
    /// No credential is sent.
    case none
    /// The second one when the first one does not resolve.
    case fallback(CredentialLocation, CredentialLocation)

    /// Parses `env::X`, `file::P` (or `path::P`), `path_from_env::X`, `dynamic::N`, `sdk` or `none`.
    ///
    /// - Throws: ``CredentialError/malformed`` for anything else, and for empty or impossible names.
    public init(parsing text: String) throws(CredentialError) {
        switch text {
        case "none": self = .none
        case "sdk": self = .sdk
        default:
            guard let colons = text.utf8.firstRange(ofTwoColons: ()) else { throw .malformed }
            let name = String(text[colons.upperBound...])
            guard !name.isEmpty, !name.utf8.contains(0) else { throw .malformed }
            switch text[..<colons.lowerBound] {
            case "env": self = .environment(try Self.variable(name))
            case "file", "path": self = .file(name)
            case "path_from_env": self = .pathFromEnvironment(try Self.variable(name))
            case "dynamic": self = .dynamic(name)
            default: throw .malformed
            }
        }
    }

    private static func variable(_ name: String) throws(CredentialError) -> String {
        guard !name.utf8.contains(UInt8(ascii: "=")) else { throw .malformed }
        return name
    }

    /// The text form; it identifies the location and holds no secret.
    public var description: String {
        switch self {
        case .environment(let name): "env::\(name)"
        case .file(let path): "file::\(path)"
        case .pathFromEnvironment(let name): "path_from_env::\(name)"
        case .dynamic(let name): "dynamic::\(name)"
        case .sdk: "sdk"
        case .none: "none"
        case .fallback(let first, let second): "\(first), else \(second)"
        }
    }
}

extension String.UTF8View {
    /// Finds the first `::`.
    fileprivate func firstRange(ofTwoColons: Void) -> Range<Index>? {
        var at = startIndex
        while at < endIndex {
            let next = index(after: at)
            if next < endIndex, self[at] == UInt8(ascii: ":"), self[next] == UInt8(ascii: ":") {
                return at..<index(after: next)
            }
            at = next
        }
        return nil
    }
}
