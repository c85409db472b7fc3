import ArgumentParser

/// `martlet ai respond`.
struct AIRespondCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "respond",
        abstract: "Ask a model by the Responses API and print its answer.",
        discussion: Examples.text(
            "martlet ai respond mock --prompt \"Write a haiku about backends\" --stream",
            "martlet ai respond auto --prompt \"Go on\" --previous resp_0192f3"
        )
    )

    @OptionGroup var model: ModelArgument
    @OptionGroup var prompt: PromptOptions

    @Flag(help: "Print the answer while it is made.")
    var stream = false

    @Option(help: ArgumentHelp("What the model is told before the question.", valueName: "text"))
    var system: String?

    @Option(help: ArgumentHelp("The response to go on from; --json shows the id of each.", valueName: "id"))
    var previous: String?

    @Option(help: ArgumentHelp("The longest answer, in tokens.", valueName: "n"))
    var maxTokens: Int?

    @Flag(help: "Have nothing kept of question and answer.")
    var noStore = false

    @Flag(help: "Print on stderr what the model thinks, where it tells.")
    var showReasoning = false

    @OptionGroup var gateway: GatewayOptions
    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if let maxTokens, maxTokens < 1 { throw ValidationError("--max-tokens is at least 1") }
    }

    mutating func run(on console: Console) async throws {
        Interrupt.install()
        let client = try gateway.client(console)
        let question = ResponsesQuestion(
            model: model.model,
            prompt: try prompt.text(console, inputIsKey: gateway.keyStdin),
            instructions: system,
            previousID: previous,
            maxTokens: maxTokens,
            isStored: noStore ? false : nil,
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
        _ question: ResponsesQuestion,
        _ client: GatewayClient,
        _ printer: inout ChatPrinter
    ) async throws {
        let reply = try await client.post(client.url.endpoint("/responses"), json: question.json)
        if let failure = reply.failure { throw failure }
        try printer.add(json: reply.body, try ChatAnswer(response: reply.body))
    }

    private static func stream(
        _ question: ResponsesQuestion,
        _ client: GatewayClient,
        _ printer: inout ChatPrinter
    ) async throws {
        var stream = ChatStream(.responses)
        _ = try await client.stream(client.url.endpoint("/responses"), json: question.json) { bytes in
            try stream.feed(bytes) { part in try printer.add(json: part.json, part.delta) }
        }
        try stream.finish()
    }
}
