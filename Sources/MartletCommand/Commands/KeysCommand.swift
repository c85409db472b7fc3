import ArgumentParser
import MartletConfig
import MartletGovernance
import MartletStore

/// `martlet keys`.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Create, list and revoke gateway keys, also while the gateway runs.",
        discussion: Examples.text("martlet keys create --name laptop", "martlet keys list"),
        subcommands: [KeysCreateCommand.self, KeysListCommand.self, KeysRevokeCommand.self]
    )
}

/// `martlet keys create`.
struct KeysCreateCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a key and print it once.",
        discussion: Examples.text(
            "martlet keys create --name laptop",
            "martlet keys create --scopes inference,admin --expires 2027-01-01T00:00:00Z"
        )
    )

    @Option(help: "A name to know the key by.")
    var name = ""

    @Option(help: "What the key may do: inference, admin, or both with a comma.")
    var scopes = "inference"

    @Option(help: ArgumentHelp("From when on the key is refused.", valueName: "rfc3339"))
    var expires: String?

    @OptionGroup var store: KeyStoreOptions
    @OptionGroup var output: OutputOptions

    mutating func validate() throws { _ = try request(now: .now()) }

    mutating func run(on console: Console) async throws {
        let request = try request(now: .now())
        try KeyAccess.open(store.overrides, creating: true, console).create(request, isJSON: output.json, on: console)
    }

    private func request(now: Timestamp) throws -> KeyRequest {
        try KeyRequest(name: name, scopes: scopes, expires: expires, now: now)
    }
}

/// `martlet keys list`.
struct KeysListCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the keys, without their secrets.",
        discussion: Examples.text("martlet keys list", "martlet keys list --json")
    )

    @OptionGroup var store: KeyStoreOptions
    @OptionGroup var output: OutputOptions

    mutating func run(on console: Console) async throws {
        try KeyAccess.open(store.overrides, creating: false, console).list(isJSON: output.json, on: console)
    }
}

/// `martlet keys revoke`.
struct KeysRevokeCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke a key; a running gateway refuses it within two seconds.",
        discussion: Examples.text(
            "martlet keys revoke 4kq0x9m2p7ab",
            "martlet keys revoke sk-mt-4kq0x9m2p7ab --json"
        )
    )

    @Argument(help: "The key's id: the 12 characters after sk-mt-.")
    var id: String

    @OptionGroup var store: KeyStoreOptions
    @OptionGroup var output: OutputOptions

    mutating func run(on console: Console) async throws {
        try KeyAccess.open(store.overrides, creating: false, console).revoke(id, isJSON: output.json, on: console)
    }
}

/// Which data directory the keys are in.
struct KeyStoreOptions: ParsableArguments {
    @OptionGroup var data: DataDirectoryOption
    @OptionGroup var files: ConfigFileOptions

    /// What the flags say about the configuration.
    var overrides: FlagOverrides {
        var flags = FlagOverrides()
        flags.configFiles = files.config
        flags.dataDirectory = data.dataDir
        return flags
    }
}
