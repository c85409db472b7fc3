import ArgumentParser

/// `martlet trace`.
struct TraceCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Tell what became of a request and why; needs an admin key.",
        discussion: Examples.text(
            "martlet trace 019a9e1c-5b3e-7d61-9c1e-6a0f3f2f4b10",
            "martlet trace order-4711 --json"
        )
            + "\n\nThe id is the x-request-id of the answer. One that the caller chose may stand for several requests:"
            + "\nthen the newest is told. The key: --key, ADMIN_KEY, MARTLET_API_KEY or GATEWAY_API_KEY."
    )

    @Argument(help: "The request's id, or the x-request-id that its caller gave it.")
    var id: String

    @OptionGroup var gateway: GatewayOptions
    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        // What the gateway takes for an id of a caller; its own are among these.
        let isID = id.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
            default: false
            }
        }
        guard isID, 1...128 ~= id.utf8.count, id != ".", id != ".." else {
            throw ValidationError("an id has 1 to 128 letters, digits, dots, dashes and underscores")
        }
    }

    mutating func run(on console: Console) async throws {
        Interrupt.install()
        let client = try gateway.client(console, variables: ClientKey.adminVariables)
        let reply = try await client.get(client.url.admin("/requests/" + id))
        if var failure = reply.failure {
            if failure.status == .notFound { failure.hint = nil }
            throw failure
        }
        guard let report = TraceReport(reply.body) else {
            throw CommandFailure(.failed, "the answer is none about a request; is this a gateway?")
        }
        guard !output.json else { return try console.printLine(reply.body) }
        try console.writeOutput(Array(report.text(console.outputStyle).utf8))
    }
}
