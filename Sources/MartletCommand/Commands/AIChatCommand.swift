import ArgumentParser

/// `martlet ai chat`.
struct AIChatCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat",
        abstract: "Ask a model and print its answer.",
        discussion: Examples.text(
            "martlet ai chat mock --prompt \"Write a haiku about backends\" --stream",
            "git diff | martlet ai chat auto --prompt \"Review this change:\""
        )
    )

    @OptionGroup var model: ModelArgument
    @OptionGroup var prompt: PromptOptions

    @Flag(help: "Print the answer while it is made.")
    var stream = false

    @Option(help: ArgumentHelp("What the model is told before the question.", valueName: "text"))
    var system: String?

    @Option(help: ArgumentHelp("The longest answer, in tokens.", valueName: "n"))
    var maxTokens: Int?

    @Option(help: ArgumentHelp("How freely the model chooses, usually 0 to 2.", valueName: "t"))
    var temperature: Double?

    @Flag(help: "Print on stderr what the model thinks, where it tells.")
    var showReasoning = false

    @OptionGroup var gateway: GatewayOptions
    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if let maxTokens, maxTokens < 1 { throw ValidationError("--max-tokens is at least 1") }
        if let temperature, !temperature.isFinite { throw ValidationError("--temperature is a number") }
    }

    mutating func run(on console: Console) async throws {
        Interrupt.install()
        let client = try gateway.client(console)
        let question = ChatQuestion(
            model: model.model,
            prompt: try prompt.text(console, inputIsKey: gateway.keyStdin),
            system: system,
            maxTokens: maxTokens,
            temperature: temperature,
            isStream: stream
        )
        var printer = ChatPrinter(console, isJSON: output.json, showsReasoning: showReasoning)
        try printer.begin("asking \(model.model)")
        do {
            if stream {
                try await Self.stream(question, client, &printer)
            } else {
                try await Self.ask(question, client, &printer)
            }
        } catch {
            try printer.end()
            throw error
        }
        try printer.end()
    }

    private static func ask(
        _ question: ChatQuestion,
        _ client: GatewayClient,
        _ printer: inout ChatPrinter
    ) async throws {
        let reply = try await client.post(client.url.endpoint("/chat/completions"), json: question.json)
        if let failure = reply.failure { throw failure }
        try printer.add(json: reply.body, try ChatAnswer(reply.body))
    }

    private static func stream(
        _ question: ChatQuestion,
        _ client: GatewayClient,
        _ printer: inout ChatPrinter
    ) async throws {
        var stream = ChatStream()
        _ = try await client.stream(client.url.endpoint("/chat/completions"), json: question.json) { bytes in
            try stream.feed(bytes) { part in try printer.add(json: part.json, part.delta) }
        }
        try stream.finish()
    }
}
