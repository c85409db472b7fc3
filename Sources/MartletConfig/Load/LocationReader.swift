internal import MartletProviders

/// Reads credential locations from the configuration.
enum LocationReader {
    /// Reads a string or `{ default, fallback }`; relative paths belong to the file that names them.
    static func read(_ node: ConfigNode) throws(CredentialError) -> CredentialLocation {
        if let text = node.string { return resolved(try CredentialLocation(parsing: text), node.origin) }
        guard let table = node.table, let first = table["default"], let second = table["fallback"],
            table.entries.count == 2, first.string != nil, second.string != nil
        else { throw .malformed }
        return .fallback(try read(first), try read(second))
    }

    private static func resolved(_ location: CredentialLocation, _ origin: ConfigOrigin) -> CredentialLocation {
        guard case .file(let path) = location else { return location }
        return .file(Directories.resolve(path, namedBy: origin))
    }
}
