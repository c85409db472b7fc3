import ArgumentParser
import MartletWire

/// `martlet ai aliases`.
struct AIAliasesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aliases",
        abstract: "See what the gateway's aliases stand for.",
        discussion: Examples.text("martlet ai aliases list", "martlet ai aliases resolve reasoning/cheapest"),
        subcommands: [AIAliasesListCommand.self, AIAliasesShowCommand.self, AIAliasesResolveCommand.self]
    )
}

/// `martlet ai aliases list`.
struct AIAliasesListCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the aliases with their strategies and what they stand for.",
        discussion: Examples.text("martlet ai aliases list", "martlet ai aliases list --json")
    )

    @OptionGroup var gateway: GatewayOptions
    @OptionGroup var output: OutputOptions

    mutating func run(on console: Console) async throws {
        Interrupt.install()
        let list = try await AliasList.fetch(gateway, console)
        guard !output.json else { return try console.printLine(list.json) }
        let rows = list.aliases.map { [$0.id, $0.strategy, $0.targets.map(\.text).joined(separator: ", ")] }
        let table = Table(header: ["ALIAS", "STRATEGY", "TARGETS"], rows: rows)
        try console.writeOutput(
            Array(table.render(isTerminal: console.outputIsTerminal, style: console.outputStyle).utf8)
        )
    }
}

/// `martlet ai aliases show`.
struct AIAliasesShowCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one alias as it is configured.",
        discussion: Examples.text("martlet ai aliases show auto", "martlet ai aliases show reasoning/cheapest --json")
    )

    @OptionGroup var model: ModelArgument
    @OptionGroup var gateway: GatewayOptions
    @OptionGroup var output: OutputOptions

    mutating func run(on console: Console) async throws {
        Interrupt.install()
        let list = try await AliasList.fetch(gateway, console)
        guard let alias = list.aliases.first(where: { $0.id.utf8.elementsEqual(model.model.utf8) }) else {
            throw CommandFailure(
                .notFound,
                "there is no alias \(Plain.line(model.model))",
                hint: "`martlet ai aliases list` names them all"
            )
        }
        guard !output.json else { return try console.printLine(alias.json) }
        var rows = [
            ["alias", alias.id], ["strategy", alias.strategy], ["sticky", alias.isSticky ? "yes" : "no"],
            ["from", alias.isConfigured ? "configuration" : "the gateway itself"],
        ]
        if let expected = alias.expected { rows.append(["expected tokens", expected]) }
        for target in alias.targets { rows.append(["target", target.text]) }
        try console.writeOutput(Array(Table(rows: rows).render(isTerminal: console.outputIsTerminal).utf8))
    }
}

/// The aliases of the answer of `GET /models`.
struct AliasList {
    /// One alias.
    struct Alias {
        var id: String
        var strategy: String
        var isSticky: Bool
        var isConfigured: Bool
        /// What "cheapest" expects, where it is not both prices.
        var expected: String?
        var targets: [Target]
        /// The line of the list as it came.
        var json: [UInt8]
    }

    /// A name it stands for.
    struct Target {
        var model: String
        var weight: String?
        /// Whether none of its providers is on.
        var isOff = false

        var text: String { (weight.map { "\(model) ×\($0)" } ?? model) + (isOff ? " (off)" : "") }
    }

    var aliases: [Alias]

    /// The aliases as a document of their own.
    var json: [UInt8] {
        let lines = aliases.map { String(decoding: $0.json, as: UTF8.self) }
        return Array("{\"object\":\"list\",\"data\":[\(lines.joined(separator: ","))]}".utf8)
    }

    /// Asks a gateway for its aliases.
    static func fetch(_ gateway: GatewayOptions, _ console: Console) async throws -> AliasList {
        let client = try gateway.client(console)
        let reply = try await client.get(client.url.endpoint("/models"))
        if let failure = reply.failure { throw failure }
        guard let list = AliasList(reply.body) else {
            throw CommandFailure(.failed, "the answer is no list of models; is this a gateway?")
        }
        return list
    }

    /// Reads the answer; `nil` when it is of another shape.
    init?(_ body: [UInt8]) {
        guard let document = try? JSONDocument(body) else { return nil }
        let aliases = document.withView { view -> [Alias]? in
            guard let data = view.member("data"), data.kind == .array else { return nil }
            return data.elements.compactMap(Self.alias)
        }
        guard let aliases else { return nil }
        self.aliases = aliases
    }

    /// A value as it came.
    private static func text(of view: JSONView) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw(view)
        return writer.bytes
    }

    private static func alias(_ model: JSONView) -> Alias? {
        guard let id = model.member("id")?.string(), let alias = model.member("alias"),
            let strategy = alias.member("strategy")?.string()
        else { return nil }
        let expected = alias.member("expected_tokens")
        let mix = expected.flatMap { view -> String? in
            guard let input = view.member("input")?.int64(), let output = view.member("output")?.int64() else {
                return nil
            }
            return "\(input) in, \(output) out"
        }
        return Alias(
            id: id,
            strategy: strategy,
            isSticky: alias.member("sticky")?.bool() ?? false,
            isConfigured: alias.member("configured")?.bool() ?? false,
            expected: expected?.string() ?? mix,
            targets: alias.member("targets")?.elements.compactMap { target in
                target.member("model")?.string().map { name in
                    Target(
                        model: name,
                        weight: target.member("weight").map { String(decoding: Self.text(of: $0), as: UTF8.self) },
                        isOff: target.member("state")?.string() == "off"
                    )
                }
            } ?? [],
            json: Self.text(of: model)
        )
    }
}
