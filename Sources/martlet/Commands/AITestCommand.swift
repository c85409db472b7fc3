import ArgumentParser

/// `martlet ai test`.
struct AITestCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Ask a model once and show who answered, how fast, and for how much.",
        discussion: Examples.text(
            "martlet ai test mock --prompt \"ping\"",
            "martlet ai test auto --prompt \"ping\" --json"
        )
    )

    @OptionGroup var model: ModelArgument
    @OptionGroup var prompt: PromptOptions
    @OptionGroup var gateway: GatewayOptions
    @OptionGroup var output: OutputOptions

    mutating func run(on console: Console) async throws {
        Interrupt.install()
        let client = try gateway.client(console)
        let prompt = try prompt.text(console, inputIsKey: gateway.keyStdin)
        let question = ChatQuestion(model: model.model, prompt: prompt)
        var progress = Progress(console)
        try progress.begin("asking \(model.model)")
        let clock = ContinuousClock()
        let start = clock.now
        let reply: GatewayReply
        do {
            reply = try await client.post(client.url.endpoint("/chat/completions"), json: question.json)
        } catch {
            try progress.end()
            throw error
        }
        let latency = clock.now - start
        try progress.end()
        if let failure = reply.failure { throw failure }
        let report = TestReport(
            model: model.model,
            answer: try ChatAnswer(reply.body),
            facts: reply.facts,
            latency: latency
        )
        guard !output.json else { return try console.printLine(report.json) }
        try console.print(report.text(on: console))
    }
}
