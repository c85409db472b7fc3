import ArgumentParser
import MartletWire

/// `martlet ai models list`.
struct AIModelsListCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the models that the gateway offers, with prices in dollars a million tokens.",
        discussion: Examples.text("martlet ai models list", "martlet ai models list --json")
            + "\n\nWith --all the whole registry is listed, also what is off or retired; this needs a key with the admin"
            + "\nscope."
    )

    @Flag(help: "List every model of the registry, with its state: on, off or retired.")
    var all = false

    @OptionGroup var gateway: GatewayOptions
    @OptionGroup var output: OutputOptions

    mutating func run(on console: Console) async throws {
        Interrupt.install()
        let client = try gateway.client(console)
        let reply = try await client.get(all ? client.url.admin("/models") : client.url.endpoint("/models"))
        if let failure = reply.failure { throw failure }
        guard let list = ModelTable(reply.body) else {
            throw CommandFailure(.failed, "the answer is no list of models; is this a gateway?")
        }
        guard !output.json else { return try console.printLine(reply.body) }
        let table = Table(header: ModelTable.header, rows: list.rows)
        try console.writeOutput(
            Array(table.render(isTerminal: console.outputIsTerminal, style: console.outputStyle).utf8)
        )
    }
}

/// The answer of `GET /models`, or of `GET /admin/models`, as rows.
struct ModelTable: Hashable {
    static let header = ["MODEL", "PROVIDER", "STATE", "CONTEXT", "INPUT", "OUTPUT", "CACHED", "CAN"]

    /// The rows, in the gateway's order; a cell is empty where nothing is known.
    var rows: [[String]]

    /// Reads the answer; `nil` when it is of another shape.
    init?(_ body: [UInt8]) {
        guard let document = try? JSONDocument(body) else { return nil }
        let rows = document.withView { view -> [[String]]? in
            guard let data = view.member("data"), data.kind == .array else { return nil }
            return data.elements.compactMap(Self.row)
        }
        guard let rows else { return nil }
        self.rows = rows
    }

    private static func row(_ model: JSONView) -> [String]? {
        guard let id = model.member("id")?.string() else { return nil }
        func text(_ view: JSONView?) -> String { view?.string() ?? "" }
        let pricing = model.member("pricing")
        let capabilities = model.member("capabilities")?.elements.compactMap { $0.string() } ?? []
        return [
            id, text(model.member("provider") ?? model.member("owned_by")), state(model),
            model.member("context_window")?.int64().map(String.init) ?? "",
            text(pricing?.member("input_usd_per_mtok")), text(pricing?.member("output_usd_per_mtok")),
            text(pricing?.member("cache_read_usd_per_mtok")), capabilities.joined(separator: ","),
        ]
    }

    /// What can be asked says when it goes; what is retired, since when.
    private static func state(_ model: JSONView) -> String {
        let state = model.member("state")?.string() ?? "on"
        if let day = model.member("retired")?.string() { return "\(state) \(day)" }
        if let day = model.member("retires")?.string() { return "\(state) until \(day)" }
        return state
    }
}
