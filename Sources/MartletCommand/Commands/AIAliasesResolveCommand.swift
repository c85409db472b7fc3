import ArgumentParser
import MartletWire

/// `martlet ai aliases resolve`.
struct AIAliasesResolveCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve",
        abstract: "Say which target a request would go to now, which ones after it, and why.",
        discussion: Examples.text(
            "martlet ai aliases resolve reasoning/cheapest",
            "martlet ai aliases resolve auto --route cloud --json"
        ) + "\n\nNothing is sent to any provider. This needs a key with the admin scope."
    )

    @OptionGroup var model: ModelArgument
    @Option(help: "On this route: local, auto, cloud or fallback.") var route: String?
    @Option(help: "At this provider alone.") var provider: String?
    @Option(help: ArgumentHelp("For a prompt of so many tokens.", valueName: "n")) var promptTokens: Int?
    @OptionGroup var gateway: GatewayOptions
    @OptionGroup var output: OutputOptions

    mutating func run(on console: Console) async throws {
        Interrupt.install()
        let client = try gateway.client(console)
        var query = [("model", model.model)]
        if let route { query.append(("route", route)) }
        if let provider { query.append(("provider", provider)) }
        if let promptTokens { query.append(("prompt_tokens", String(promptTokens))) }
        let text = query.map { "\($0.0)=\(Self.encoded($0.1))" }.joined(separator: "&")
        let reply = try await client.get(client.url.admin("/aliases/resolve?" + text))
        if let failure = reply.failure { throw failure }
        guard let plan = ResolvedPlan(reply.body) else {
            throw CommandFailure(.failed, "the answer is no plan; is this a gateway?")
        }
        guard !output.json else { return try console.printLine(reply.body) }
        let table = Table(header: ResolvedPlan.header, rows: plan.rows)
        var lines = table.render(isTerminal: console.outputIsTerminal, style: console.outputStyle)
        if console.outputIsTerminal { lines += "\nwhy: \(Plain.line(plan.why))\n" }
        try console.writeOutput(Array(lines.utf8))
    }

    /// Percent-encodes everything but the unreserved characters (RFC 3986 §2.3).
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        var out = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                out.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                out += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return out
    }
}

/// The answer of `GET /admin/aliases/resolve`, as rows.
struct ResolvedPlan {
    static let header = ["#", "PROVIDER", "MODEL", "ROUTE", "INPUT", "OUTPUT", "EXPECTED", "BUSY", "STATE"]

    /// The targets, the one to be asked first at the top.
    var rows: [[String]]
    /// By which rule, with which values.
    var why: String

    /// Reads the answer; `nil` when it is of another shape.
    init?(_ body: [UInt8]) {
        guard let document = try? JSONDocument(body) else { return nil }
        let read = document.withView { view -> (rows: [[String]], why: String)? in
            guard let targets = view.member("targets"), targets.kind == .array else { return nil }
            let rows = targets.elements.enumerated().map { [String($0.offset + 1)] + Self.row($0.element) }
            let reason = view.member("reason")?.string() ?? ""
            let trace = view.member("trace")?.string() ?? ""
            return (rows, trace.isEmpty ? reason : "\(reason): \(trace)")
        }
        guard let read else { return nil }
        (rows, why) = read
    }

    private static func row(_ target: JSONView) -> [String] {
        func text(_ view: JSONView?) -> String { view?.string() ?? "" }
        let speed = target.member("speed")
        let time = speed?.member("expected_ms")?.int64().map { "\($0) ms" } ?? ""
        let pricing = target.member("pricing")
        return [
            text(target.member("provider")), text(target.member("model_name")), text(target.member("route")),
            text(pricing?.member("input_usd_per_mtok")), text(pricing?.member("output_usd_per_mtok")),
            speed?.member("basis")?.string() == "measured" ? time : "~" + time,
            target.member("in_flight")?.int64().map(String.init) ?? "", state(target),
        ]
    }

    /// Why a target is not asked now, and for how long.
    private static func state(_ target: JSONView) -> String {
        guard let obstacle = target.member("obstacle")?.string() else { return "ok" }
        let words = obstacle.replacing("_", with: " ")
        guard let wait = target.member("for_ms")?.int64() else { return words }
        return "\(words) for \((wait + 999) / 1_000) s"
    }
}
