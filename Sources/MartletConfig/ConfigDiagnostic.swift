/// One finding about the configuration.
public struct ConfigDiagnostic: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where the finding is.
    public var origin: ConfigOrigin
    /// Whether the configuration is refused because of it.
    public var severity: Severity
    /// What was found and what was expected, in one line; never a secret.
    public var message: String
    /// The name that was probably meant.
    public var suggestion: String?

    /// How bad a finding is.
    public enum Severity: String, Sendable, Hashable {
        /// The configuration is refused.
        case error
        /// The configuration is used; something in it has no effect or will be missed.
        case warning
    }

    /// Creates a finding.
    public init(_ severity: Severity, at origin: ConfigOrigin, _ message: String, suggestion: String? = nil) {
        self.origin = origin
        self.severity = severity
        self.message = message
        self.suggestion = suggestion
    }

    /// The file of the finding, when it is in one.
    public var file: String? {
        if case .file(let path, _, _) = origin { path } else { nil }
    }

    /// The line of the finding from 1, when it is in a file.
    public var line: Int? {
        if case .file(_, let line, _) = origin { line } else { nil }
    }

    /// The column of the finding from 1, when it is in a file.
    public var column: Int? {
        if case .file(_, _, let column) = origin { column } else { nil }
    }

    /// `file:line:col`, or the variable or flag that stands in place of the file.
    public var place: String {
        switch origin {
        case .file(let path, let line, let column): "\(path):\(line):\(column)"
        case .environment(let name): "environment variable \(name)"
        case .flag(let name): "flag \(name)"
        case .default: "configuration"
        }
    }

    /// `file:line:col: error|warning: message (did you mean …?)`; variables and flags stand in place of the file.
    public var description: String {
        let hint = suggestion.map { " (did you mean \($0)?)" } ?? ""
        return "\(place): \(severity.rawValue): \(message)\(hint)"
    }
}

extension [ConfigDiagnostic] {
    /// Whether any finding refuses the configuration.
    public var hasErrors: Bool { contains { $0.severity == .error } }
}
