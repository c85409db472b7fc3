/// A gateway could not be started.
public struct GatewayStartError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was wrong.
    public var kind: Kind
    /// What was found, one line each; never a secret.
    public var findings: [String]

    /// What was wrong.
    public enum Kind: Sendable, Hashable {
        /// The configuration is refused; the log was told the findings, too.
        case configuration
        /// The port is in use, the data directory belongs to another gateway, and the like.
        case start
    }

    /// The findings, one a line.
    public var description: String { findings.joined(separator: "\n") }
}
