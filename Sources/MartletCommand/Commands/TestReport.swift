import MartletWire

/// What `ai test` found.
struct TestReport {
    /// The name that was asked for.
    var model: String
    /// What came back.
    var answer: ChatAnswer
    /// Who answered.
    var facts: GatewayFacts
    /// From sending the question to having the whole answer.
    var latency: Duration

    /// The latency in whole milliseconds.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = latency.components
        return seconds &* 1_000 &+ attoseconds / 1_000_000_000_000_000
    }

    /// The answer, then one line for each fact.
    func text(on console: Console) -> String {
        let tokens = [answer.inputTokens.map { "\($0) in" }, answer.outputTokens.map { "\($0) out" }].compactMap(\.self)
        let rows = [
            ["provider", facts.provider ?? "unknown"],
            ["model", facts.model ?? model],
            ["latency", "\(milliseconds) ms"],
            ["tokens", tokens.isEmpty ? "unknown" : tokens.joined(separator: ", ")],
            ["cost", facts.cost.map { "$\($0)" } ?? "unknown"],
        ]
        let answer = console.outputIsTerminal ? Plain.text(answer.text) : answer.text
        return answer + "\n\n" + Table(rows: rows).render(isTerminal: console.outputIsTerminal)
    }

    /// The same as a document, with the names of the usage records.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("model", model)
            writer.member("text", answer.text)
            writer.member("finish_reason", answer.finishReason)
            writer.member("provider", facts.provider)
            writer.member("upstream_model", facts.model)
            writer.member("route", facts.route)
            writer.member("attempts", facts.attempts.map(Int64.init))
            writer.member("latency_ms", milliseconds)
            writer.member("input_tokens", answer.inputTokens)
            writer.member("output_tokens", answer.outputTokens)
            writer.member("cost_usd", facts.cost)
            writer.member("request_id", facts.requestID)
        }
        return writer.bytes
    }
}

extension JSONWriter {
    /// Writes a member that is a number, or `null`.
    mutating func member(_ name: StaticString, _ value: Int64?) {
        key(name)
        if let value { integer(value) } else { null() }
    }
}
