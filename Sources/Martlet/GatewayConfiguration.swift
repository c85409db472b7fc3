/// Where a gateway's configuration comes from, and what wins over it.
///
/// The values are those of `martlet.toml` and of the variables that the command line reads, too.
public struct GatewayConfiguration: Sendable {
    /// Configuration files; later ones win.
    ///
    /// With none, and without a ``document``, the usual places are looked at: `MARTLET_CONFIG`, `./martlet.toml`,
    /// `~/.config/martlet/martlet.toml`, `/etc/martlet/martlet.toml`.
    public var files: [String] = []
    /// The text of a further configuration in TOML, which wins over the files.
    public var document: String?
    /// Variables; with `nil` those of the process.
    public var environment: [String: String]?
    /// Where it listens, like `127.0.0.1:8004`.
    ///
    /// Port 0 takes a free one. Wins over all else.
    public var bind: String?
    /// The port on the host that is configured; wins over all else.
    public var port: Int?
    /// The folder of keys, usage and spool; wins over all else.
    ///
    /// One gateway runs on one folder.
    public var dataDirectory: String?
    /// `off`, `stderr` or a file; wins over all else.
    public var accessLog: String?
    /// Whether a change of the files reloads them.
    public var watchesFiles = false
    /// Whether SIGTERM and SIGINT end the gateway in order, and SIGHUP reloads its configuration.
    ///
    /// A program that handles signals itself, as one with a `ServiceGroup` does, turns this off.
    public var handlesSignals = true
    /// Told whole lines: findings about the configuration, where the gateway listens, what reloads came to; with `nil` they
    /// go to standard error.
    public var log: (@Sendable (String) -> Void)?

    /// Creates a configuration from the usual places.
    public init() {}

    /// Creates a configuration from files.
    public init(files: [String]) { self.files = files }

    /// Creates a configuration from the text of one.
    public init(document: String) { self.document = document }
}
