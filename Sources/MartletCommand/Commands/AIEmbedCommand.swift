import ArgumentParser

/// `martlet ai embed`.
struct AIEmbedCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Turn a text into a vector and print it.",
        discussion: Examples.text(
            "martlet ai embed mock \"Hello\"",
            "martlet ai embed text-embedding-3-small \"Hello\" --dimensions 256 --json"
        )
    )

    @OptionGroup var model: ModelArgument

    @Argument(help: "The text; what is piped in when there is none.")
    var text: String?

    @Option(help: ArgumentHelp("The length of the vector, for models that can shorten it.", valueName: "n"))
    var dimensions: Int?

    @OptionGroup var gateway: GatewayOptions
    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if let dimensions, dimensions < 1 { throw ValidationError("--dimensions is at least 1") }
        if text?.isEmpty == true { throw ValidationError("TEXT is empty") }
    }

    mutating func run(on console: Console) async throws {
        Interrupt.install()
        let client = try gateway.client(console)
        let question = EmbeddingQuestion(model: model.model, text: try input(console), dimensions: dimensions)
        var progress = Progress(console)
        try progress.begin("asking \(model.model)")
        let reply: GatewayReply
        do {
            reply = try await client.post(client.url.endpoint("/embeddings"), json: question.json)
        } catch {
            try progress.end()
            throw error
        }
        try progress.end()
        if let failure = reply.failure { throw failure }
        let vector = try EmbeddingAnswer(reply.body)
        guard !output.json else { return try console.printLine(reply.body) }
        try console.print(vector.text)
    }

    private func input(_ console: Console) throws -> String {
        if let text { return text }
        let piped = try gateway.keyStdin ? nil : console.readInput()
        guard piped?.isEmpty == false else {
            throw CommandFailure(.usage, "there is no text: give TEXT, or pipe it in")
        }
        return try PromptInput.combine(flag: nil, input: piped)
    }
}
