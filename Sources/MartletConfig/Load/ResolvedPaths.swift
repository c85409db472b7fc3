/// Where the gateway keeps its state.
public struct ResolvedPaths: Sendable, Hashable {
    /// The data folder; made with mode 0700 when it is missing.
    public var dataDirectory: String
    /// The SQLite file.
    public var database: String

    /// Creates paths.
    public init(dataDirectory: String, database: String) {
        self.dataDirectory = dataDirectory
        self.database = database
    }

    /// The folder of the write-ahead spool.
    public var spool: String { dataDirectory + "/spool" }
    /// The copy of the fetched registry.
    public var registryCopy: String { dataDirectory + "/registry.toml" }
    /// The file that holds the secret which stored keys are hashed with.
    public var pepper: String { dataDirectory + "/pepper" }
}
