public import MartletConfig

/// How a gateway is started.
public struct ServeOptions: Sendable {
    /// What the command line says; wins over variables and files.
    public var flags: FlagOverrides
    /// The variables that count.
    public var environment: [String: String]
    /// A configuration that stands in no file, read after all files.
    public var document: String?
    /// Whether a change of the configuration files reloads them.
    public var watchesFiles = false
    /// Whether SIGTERM and SIGINT end it, and SIGHUP reloads it.
    public var trapsSignals = true
    /// What the program around it decides.
    public var extensions = GatewayExtensions()
    /// Told whole lines: findings about the configuration, where it listens, what reloads came to.
    public var log: @Sendable (String) -> Void = { StandardError.write($0) }
    /// Told the address once it listens.
    public var listening: @Sendable (String) -> Void = { _ in }

    /// Creates options.
    public init(flags: FlagOverrides, environment: [String: String]) {
        self.flags = flags
        self.environment = environment
    }

    /// The name that findings about the document have.
    private static let documentName = "<document>"

    /// What is read, first to last; a document alone means that no usual place is looked at.
    var paths: [String] {
        let isAlone = document != nil && flags.configFiles.isEmpty
        let files = isAlone ? [] : ConfigFiles.discover(flags: flags, environment: environment)
        return files + (document == nil ? [] : [Self.documentName])
    }

    /// Reads files, and the document by its name.
    var files: FileAccess {
        guard let document else { return .system }
        var files = FileAccess.system
        let read = files.read
        files.read = { path in path == Self.documentName ? Array(document.utf8) : read(path) }
        return files
    }
}
