import ArgumentParser
import MartletConfig

/// `martlet ai test`.
struct AITestCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Ask a model, or every target, once and show who answered, how fast, and for how much.",
        discussion: Examples.text(
            "martlet ai test mock --prompt \"ping\"",
            "martlet ai test --all --json"
        )
            + "\n\nWith --all every model that the gateway lists is asked a question of five words, which providers may"
            + "\ncharge for; a model with several providers in the configuration here is asked of each of them."
    )

    @Argument(
        help: "The model's name, or an alias; `auto` lets the gateway choose.",
        completion: .custom { _, _, _ in await ModelNames.running(.standard) }
    )
    var model: String?

    @Flag(help: "Ask every target there is, one request each.")
    var all = false

    @OptionGroup var prompt: PromptOptions
    @OptionGroup var files: ConfigFileOptions
    @OptionGroup var gateway: GatewayOptions
    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if all == (model != nil) { throw ValidationError("name a MODEL, or give --all") }
        if model?.isEmpty == true { throw ValidationError("MODEL is empty") }
    }

    mutating func run(on console: Console) async throws {
        Interrupt.install()
        let client = try gateway.client(console)
        guard let model else { return try await askAll(client, console) }
        let prompt = try prompt.text(console, inputIsKey: gateway.keyStdin)
        let question = ChatQuestion(model: model, prompt: prompt)
        var progress = Progress(console)
        try progress.begin("asking \(model)")
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
            model: model,
            answer: try ChatAnswer(reply.body),
            facts: reply.facts,
            latency: latency
        )
        guard !output.json else { return try console.printLine(report.json) }
        try console.print(report.text(on: console))
    }

    /// Asks every target and prints a row for each; the exit code is that of the failures when they are all alike.
    private func askAll(_ client: GatewayClient, _ console: Console) async throws {
        var flags = FlagOverrides()
        flags.configFiles = files.config
        let config = LoadedFiles(flags: flags, environment: console.environment).config
        let probes = TargetProbes(client: client, prompt: prompt.prompt ?? "Answer with the word yes.")
        let targets = try await probes.targets(configured: SnapshotBuilder.build(config).snapshot)
        var progress = Progress(console)
        try progress.begin("asking \(targets.count) targets")
        let results = await probes.results(of: targets)
        try progress.end()
        if output.json {
            try console.printLine(TargetProbes.json(results))
        } else {
            if results.isEmpty { try console.note("the gateway lists no model") }
            let table = TargetProbes.table(results)
            let text = table.render(isTerminal: console.outputIsTerminal, style: console.outputStyle)
            try console.writeOutput(Array(text.utf8))
        }
        let failures = Set(results.compactMap(\.failure?.status))
        guard let first = failures.first else { return }
        throw CommandEnd(exitCode: (failures.count == 1 ? first : .failed).rawValue)
    }
}
