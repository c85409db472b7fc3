import ArgumentParser

/// `martlet status`.
struct StatusCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how the running gateway is; needs no key.",
        discussion: Examples.text("martlet status", "martlet status --json --url http://127.0.0.1:8004")
    )

    @OptionGroup var address: AddressOptions
    @OptionGroup var output: OutputOptions

    mutating func run(on console: Console) async throws {
        Interrupt.install()
        let client = try address.client(environment: console.environment)
        let reply = try await client.get(client.url.status, within: 10)
        guard let page = StatusPage(reply.body) else {
            throw reply.failure ?? CommandFailure(.failed, "the answer is no status page; is this a gateway?")
        }
        if output.json {
            try console.printLine(reply.body)
        } else {
            let table = Table(rows: page.rows)
            try console.writeOutput(Array(table.render(isTerminal: console.outputIsTerminal).utf8))
        }
        if !page.isServing { throw CommandEnd(exitCode: ExitReason.failed.rawValue) }
    }
}
