public import MartletConfig

/// How a gateway is started.
public struct ServeOptions: Sendable {
    /// What the command line says; wins over variables and files.
    public var flags: FlagOverrides

    /// Whether a change of the configuration files reloads them.
    public var watchesFiles: Bool

    /// Creates options.
    public init(flags: FlagOverrides, watchesFiles: Bool = false) {
        self.flags = flags
        self.watchesFiles = watchesFiles
    }
}
