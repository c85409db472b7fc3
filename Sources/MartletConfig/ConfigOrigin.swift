/// Where a setting's value comes from.
public enum ConfigOrigin: Sendable, Hashable, CustomStringConvertible {
    /// A place in a configuration file; line and column count from 1.
    case file(path: String, line: Int, column: Int)
    /// An environment variable.
    case environment(String)
    /// A command-line flag, with its dashes.
    case flag(String)
    /// The built-in default.
    case `default`

    /// The origin as `config show --origin` prints it.
    public var description: String {
        switch self {
        case .file(let path, let line, _): "\(path):\(line)"
        case .environment(let name): "variable \(name)"
        case .flag(let name): "flag \(name)"
        case .default: "default"
        }
    }
}
