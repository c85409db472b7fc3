import ArgumentParser
import MartletConfig
import MartletWire

/// `martlet config`.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check and show the configuration.",
        discussion: Examples.text("martlet config check", "martlet config show --origin"),
        subcommands: [ConfigCheckCommand.self, ConfigShowCommand.self, ConfigSchemaCommand.self]
    )
}

/// `martlet config check`.
struct ConfigCheckCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the configuration as a start would, without starting.",
        discussion: Examples.text("martlet config check", "martlet config check -q site.toml secrets.toml")
    )

    @Argument(help: "The files, later ones win; else those that a start would read.")
    var files: [String] = []

    @Flag(name: .shortAndLong, help: "Print nothing when nothing was found.")
    var quiet = false

    @OptionGroup var output: OutputOptions

    mutating func run(on console: Console) async throws {
        var flags = FlagOverrides()
        flags.configFiles = files
        let loaded = LoadedFiles(flags: flags, environment: console.environment)
        if output.json { return try console.finish(ConfigCommands.checkJSON(loaded.config, files: loaded.paths)) }
        try console.finish(ConfigCommands.check(loaded.config, files: loaded.paths, quiet: quiet))
    }
}

/// `martlet config show`.
struct ConfigShowCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show every value in force, with secrets masked.",
        discussion: Examples.text("martlet config show", "martlet config show --origin --config martlet.toml")
    )

    @Flag(help: "Say where each value comes from.")
    var origin = false

    @OptionGroup var files: ConfigFileOptions
    @OptionGroup var output: OutputOptions

    mutating func run(on console: Console) async throws {
        var flags = FlagOverrides()
        flags.configFiles = files.config
        let config = LoadedFiles(flags: flags, environment: console.environment).config
        var shown = ConfigCommands.show(config, origin: origin)
        if output.json { shown.text = String(decoding: Self.json(config.values), as: UTF8.self) + "\n" }
        try console.finish(shown)
    }

    /// The values as a document; each value is its TOML text.
    static func json(_ values: [EffectiveValue]) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("data")
            writer.array { writer in
                for value in values {
                    writer.object { writer in
                        writer.member("key", value.key)
                        writer.member("value", value.text)
                        writer.member("origin", value.origin.description)
                    }
                }
            }
        }
        return writer.bytes
    }
}

/// `martlet config schema`.
struct ConfigSchemaCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of the configuration file.",
        discussion: Examples.text("martlet config schema", "martlet config schema > martlet.schema.json")
    )

    mutating func run(on console: Console) async throws { try console.finish(ConfigCommands.schema()) }
}
