import MartletWire

/// The answer of `GET /admin/requests/{id}`, as text.
struct TraceReport {
    /// What is said of the request, a name and a text each.
    private var facts: [(name: String, text: String)] = []
    /// The attempts, a row each.
    private var attempts: [[String]] = []
    /// The decisions: when, and what.
    private var decisions: [(time: String, text: String)] = []
    private var notes: [String] = []

    /// Reads the answer; `nil` when it is of another shape.
    init?(_ body: [UInt8]) {
        guard let document = try? JSONDocument(body) else { return nil }
        let read = document.withView { view -> TraceReport? in
            guard view.member("object")?.string() == "request", let trace = view.member("trace"), trace.kind == .array
            else { return nil }
            return TraceReport(view, trace)
        }
        guard let read else { return nil }
        self = read
    }

    private init(_ view: JSONView, _ trace: JSONView) {
        let request = Reader(view: view)
        var id = request["id"]
        if let own = view.member("client_request_id")?.string() { id += " (x-request-id \(own))" }
        facts.append(("request", id))
        facts.append(("received", request["received_at"]))
        let endpoint = request["endpoint"]
        let ways = [endpoint, view.member("stream")?.bool() == true ? "stream" : ""].filter { !$0.isEmpty }
        let way = ways.isEmpty ? "" : " (\(ways.joined(separator: ", ")))"
        facts.append(("asked", "\(request["model"])\(way) by key \(request["key"])"))
        facts.append(("state", Self.ending(request)))
        if !request["provider"].isEmpty {
            let route = request["route"].isEmpty ? "" : ", \(request["route"])"
            facts.append(("target", "\(request["provider"]) (\(request["model_name"]))\(route)"))
        }
        facts.append(("usage", Self.usage(request)))
        if let tried = view.member("attempts") {
            attempts = tried.elements.map { Self.row(Reader(view: $0)) }
        }
        for entry in trace.elements {
            let entry = Reader(view: entry)
            decisions.append((entry.time("at_ms"), entry["text"]))
        }
        if view.member("trace_cut")?.bool() == true { notes.append("There was more than a trace has room for.") }
        let others = view.member("other_ids").map { $0.elements.compactMap { $0.string() } } ?? []
        if !others.isEmpty {
            notes.append("\(request["matches"]) requests have this id; this is the newest. The others:")
            notes += others
        }
    }

    /// Members as text, whatever they are.
    private struct Reader {
        let view: JSONView

        /// A text or a number; empty when there is none.
        subscript(_ name: StaticString) -> String {
            let member = view.member(name)
            return member?.string() ?? member?.int64().map(String.init) ?? ""
        }

        /// A time since receipt.
        func time(_ name: StaticString) -> String { self[name].isEmpty ? "" : "+\(self[name]) ms" }
    }

    private static func ending(_ request: Reader) -> String {
        var text = request["state"]
        if !request["status"].isEmpty { text += ", status \(request["status"])" }
        if !request["error_code"].isEmpty { text += ", \(request["error_code"])" }
        if !request["duration_ms"].isEmpty { text += ", after \(request["duration_ms"]) ms" }
        if !request["first_token_ms"].isEmpty {
            text += " (first content \(request["first_token_ms"]) ms after sending)"
        }
        return text
    }

    private static func usage(_ request: Reader) -> String {
        guard let view = request.view.member("usage") else { return "" }
        let usage = Reader(view: view)
        var text = "\(usage["input_tokens"]) tokens in, \(usage["output_tokens"]) out"
        if view.member("estimated")?.bool() == true { text += " (estimated)" }
        return text + (request["cost_usd"].isEmpty ? ", no price" : ", $\(request["cost_usd"])")
    }

    private static func row(_ attempt: Reader) -> [String] {
        let target = attempt["provider"].isEmpty ? "target \(attempt["target"])" : attempt["provider"]
        let status = attempt["status"].isEmpty ? "" : " (\(attempt["status"]))"
        return [
            attempt["number"], target, attempt["model_name"], attempt.time("began_ms"), attempt.time("sent_ms"),
            attempt.time("answered_ms"), attempt.time("ended_ms"), attempt["outcome"] + status,
        ]
    }

    /// The report: facts, attempts, then the decisions, one a line.
    func text(_ style: Style) -> String {
        var lines = facts.map { fact in
            let name = fact.name + String(repeating: " ", count: max(1, 10 - fact.name.count))
            return style.paint(name, .bold) + Plain.line(fact.text) + "\n"
        }
        if !attempts.isEmpty {
            let table = Table(
                header: ["#", "PROVIDER", "MODEL", "BEGAN", "SENT", "ANSWERED", "ENDED", "OUTCOME"],
                rows: attempts
            )
            lines.append("\n" + table.render(isTerminal: true, style: style))
        }
        let width = decisions.map(\.time.count).max() ?? 0
        if !decisions.isEmpty { lines.append("\n") }
        for decision in decisions {
            let time = String(repeating: " ", count: width - decision.time.count) + decision.time
            lines.append(style.paint(time, .dim) + "  " + Plain.line(decision.text) + "\n")
        }
        if !notes.isEmpty { lines.append("\n" + notes.map { Plain.line($0) + "\n" }.joined()) }
        return lines.joined()
    }
}
