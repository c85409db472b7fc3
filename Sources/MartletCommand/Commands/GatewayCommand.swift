import ArgumentParser

/// `martlet gateway`: another name for `serve`, and a short way to a key.
struct GatewayCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Start the gateway, or create a key for it.",
        discussion: Examples.text("martlet gateway --port 8004", "martlet gateway --create-api-key")
    )

    @OptionGroup var start: StartOptions

    @Flag(help: "Create a gateway key, print it once, and exit.")
    var createApiKey = false

    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if output.json, !createApiKey { throw ValidationError("--json goes with --create-api-key") }
    }

    mutating func run(on console: Console) async throws {
        guard createApiKey else { return try await start.serve(on: console) }
        let keys = try KeyAccess.open(start.overrides, creating: true, console)
        try keys.create(KeyRequest(), isJSON: output.json, on: console)
    }
}
