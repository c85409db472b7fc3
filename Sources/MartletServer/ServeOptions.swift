public import MartletConfig

/// How a gateway is started.
public struct ServeOptions: Sendable {
    /// What the command line says; wins over variables and files.
    public var flags: FlagOverrides

    /// Creates options.
    public init(flags: FlagOverrides) { self.flags = flags }
}
