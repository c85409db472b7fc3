/// What the command line says about the configuration; `nil` leaves it to the other sources.
public struct FlagOverrides: Sendable, Hashable {
    /// `--config FILE`, in order.
    public var configFiles: [String] = []
    /// `--bind HOST:PORT`.
    public var bind: String?
    /// `--port PORT`; keeps the host of the other sources.
    public var port: Int?
    /// `--data-dir PATH`.
    public var dataDirectory: String?
    /// `--access-log off|stderr|PATH`.
    public var accessLog: String?

    /// Creates overrides that say nothing.
    public init() {}
}
