import ArgumentParser

/// `martlet ai`.
struct AICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ai",
        abstract: "Talk to models through the running gateway.",
        discussion: Examples.text("martlet ai models list", "martlet ai chat auto --prompt \"Hello\" --stream"),
        subcommands: [
            AIModelsCommand.self, AITestCommand.self, AIChatCommand.self, AIRespondCommand.self, AIEmbedCommand.self,
            AIDoctorCommand.self,
        ]
    )
}

/// `martlet ai models`.
struct AIModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "See the models that the gateway offers.",
        discussion: Examples.text("martlet ai models list", "martlet ai models list --json"),
        subcommands: [AIModelsListCommand.self]
    )
}

/// `martlet ai models list`.
struct AIModelsListCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the models that the gateway offers.",
        discussion: Examples.text("martlet ai models list", "martlet ai models list --json")
    )

    @OptionGroup var gateway: GatewayOptions
    @OptionGroup var output: OutputOptions

    mutating func run(on console: Console) async throws {
        Interrupt.install()
        let client = try gateway.client(console)
        let reply = try await client.get(client.url.endpoint("/models"))
        if let failure = reply.failure { throw failure }
        guard let list = ModelList(reply.body) else {
            throw CommandFailure(.failed, "the answer is no list of models; is this a gateway?")
        }
        guard !output.json else { return try console.printLine(reply.body) }
        let table = Table(header: ["MODEL", "PROVIDER"], rows: list.models.map { [$0.id, $0.owner] })
        try console.writeOutput(
            Array(table.render(isTerminal: console.outputIsTerminal, style: console.outputStyle).utf8)
        )
    }
}
