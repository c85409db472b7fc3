import ArgumentParser

/// `martlet ai`.
struct AICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ai",
        abstract: "Talk to models through the running gateway.",
        discussion: Examples.text("martlet ai models list", "martlet ai chat auto --prompt \"Hello\" --stream"),
        subcommands: [
            AIModelsCommand.self, AIAliasesCommand.self, AITestCommand.self, AIChatCommand.self, AIRespondCommand.self,
            AIEmbedCommand.self,
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
