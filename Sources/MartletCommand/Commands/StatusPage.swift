import MartletWire

/// The gateway's own report of how it is.
struct StatusPage: Hashable {
    /// `ok`, `degraded`, `starting`, `draining` or `unavailable`.
    var status: String
    /// One row for the gateway's facts and for each part of it.
    var rows: [[String]]

    /// Whether requests are taken.
    var isServing: Bool { status == "ok" || status == "degraded" }

    /// Reads the page; `nil` when it is of another shape.
    init?(_ body: [UInt8]) {
        guard let document = try? JSONDocument(body) else { return nil }
        let read = document.withView { view -> (String, [[String]])? in
            guard let status = view.member("status")?.string() else { return nil }
            var rows = [["status", status]]
            if let version = view.member("version")?.string() { rows.append(["version", version]) }
            if let seconds = view.member("uptime_s")?.double() { rows.append(["uptime", Self.duration(seconds)]) }
            for part in view.member("components")?.members ?? view.members where part.value.kind == .object {
                Self.add(part, to: &rows)
            }
            return (status, rows)
        }
        guard let read else { return nil }
        (status, rows) = read
    }

    /// Adds a part with a status, or a group of parts with one each.
    private static func add(_ part: JSONView.Member, prefix: String = "", to rows: inout [[String]]) {
        guard let name = part.key.string() else { return }
        guard let status = part.value.member("status")?.string() else {
            guard prefix.isEmpty else { return }
            for inner in part.value.members where inner.value.kind == .object {
                add(inner, prefix: "provider ", to: &rows)
            }
            return
        }
        var text = status
        for fact in part.value.members {
            guard let key = fact.key.string(), key != "status", let value = Self.text(fact.value) else { continue }
            text += ", \(key.split(separator: "_").joined(separator: " ")) \(value)"
        }
        rows.append([prefix + name, text])
        guard let circuits = part.value.member("circuits") else { return }
        for circuit in circuits.elements { add(circuit, of: name, to: &rows) }
    }

    /// Adds a target that is left alone because it failed.
    private static func add(_ circuit: JSONView, of provider: String, to rows: inout [[String]]) {
        guard let model = circuit.member("model")?.string(), let state = circuit.member("state")?.string() else {
            return
        }
        var text = state.split(separator: "_").joined(separator: " ")
        if circuit.member("cause")?.string() == "quota" { text += ", quota used up" }
        if let seconds = circuit.member("next_try_s")?.double() { text += ", next try in \(duration(seconds))" }
        rows.append(["circuit \(provider)/\(model)", text])
    }

    private static func text(_ view: JSONView) -> String? {
        view.string() ?? view.int64().map(String.init)
    }

    /// Seconds in the largest two units.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return "unknown" }
        let total = Int64(seconds)
        let (days, hours, minutes) = (total / 86_400, total / 3_600 % 24, total / 60 % 60)
        if days > 0 { return "\(days) d \(hours) h" }
        if hours > 0 { return "\(hours) h \(minutes) min" }
        return minutes > 0 ? "\(minutes) min \(total % 60) s" : "\(total) s"
    }
}
