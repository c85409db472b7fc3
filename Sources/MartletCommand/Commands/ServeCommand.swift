import ArgumentParser
import Martlet
import MartletConfig

/// `martlet serve`.
struct ServeCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Start the gateway and serve until it is told to stop.",
        discussion: Examples.text("martlet serve --watch", "martlet serve --config martlet.toml --bind 127.0.0.1:0")
            + "\n\nSIGHUP reloads the configuration and reopens the access log. SIGTERM and SIGINT let running requests"
            + "\nend first; a second one does not wait. One gateway runs on one data directory."
    )

    @OptionGroup var start: StartOptions

    mutating func run(on console: Console) async throws { try await start.serve(on: console) }
}

/// The flags of a start.
struct StartOptions: ParsableArguments {
    @OptionGroup var files: ConfigFileOptions
    @OptionGroup var data: DataDirectoryOption

    @Option(help: ArgumentHelp("Listen here; port 0 takes a free one.", valueName: "host:port"))
    var bind: String?

    @Option(help: "Listen on this port of the host that is configured.")
    var port: Int?

    @Option(
        defaultAsFlag: "stderr",
        help: ArgumentHelp("Log each request: off, stderr, or a file.", valueName: "target")
    )
    var accessLog: String?

    @Flag(help: "Check the configuration and exit: 0 when a start would accept it, 2 when not.")
    var checkConfig = false

    @Flag(help: "Reload the configuration files when they change.")
    var watch = false

    mutating func validate() throws {
        if let port, !(0...65_535).contains(port) { throw ValidationError("--port is a number from 0 to 65535") }
    }

    /// What the flags say about the configuration.
    var overrides: FlagOverrides {
        var flags = FlagOverrides()
        flags.configFiles = files.config
        flags.bind = bind
        flags.port = port
        flags.dataDirectory = data.dataDir
        flags.accessLog = accessLog
        return flags
    }

    /// Serves, or checks the configuration when that is asked for.
    func serve(on console: Console) async throws {
        if checkConfig {
            let loaded = LoadedFiles(flags: overrides, environment: console.environment)
            return try console.finish(ConfigCommands.check(loaded.config, files: loaded.paths))
        }
        do {
            try await Gateway(configuration(console)).run()
        } catch let error as GatewayStartError {
            switch error.kind {
            // What was found was told already, warnings too.
            case .configuration: throw CommandEnd(exitCode: ExitReason.configurationInvalid.rawValue)
            case .start:
                try console.note("martlet: \(error)")
                throw CommandEnd(exitCode: ExitReason.failed.rawValue)
            }
        }
    }

    private func configuration(_ console: Console) -> GatewayConfiguration {
        var configuration = GatewayConfiguration(files: files.config)
        configuration.environment = console.environment
        configuration.bind = bind
        configuration.port = port
        configuration.dataDirectory = data.dataDir
        configuration.accessLog = accessLog
        configuration.watchesFiles = watch
        return configuration
    }
}
