extension RecordedTrace.Entry {
    /// The name of the code in documents; `code_37` for one of a later version.
    public var name: String { code?.name ?? "code_\(number)" }
}

extension RecordedTrace {
    /// The values of an entry with their meanings; an index of a target comes with the target's names.
    public func members(of entry: Entry) -> [DecisionTrace.Member] {
        guard let code = entry.code else {
            return entry.values.enumerated().map { DecisionTrace.Member("value_\($0.offset)", Int($0.element)) }
        }
        var members = code.members(entry.values, aliasName: alias)
        if let place = code.targetPlace, entry.values.indices.contains(place),
            let name = target(Int(entry.values[place]))
        {
            members.append(DecisionTrace.Member("provider", name.provider))
            members.append(DecisionTrace.Member("model_name", name.model))
        }
        return members
    }

    /// A sentence about an entry.
    public func sentence(of entry: Entry) -> String {
        func value(_ place: Int) -> Int { entry.values.indices.contains(place) ? Int(entry.values[place]) : 0 }
        let members = Dictionary(members(of: entry).map { ($0.name, $0.value.description) }) { first, _ in first }
        func said(_ name: String) -> String { members[name] ?? "?" }
        func words(_ name: String) -> String { said(name).replacing("_", with: " ") }
        switch entry.code {
        case .planned:
            let count = value(0) == 1 ? "1 target" : "\(value(0)) targets"
            return "planned \(count); reason: \(said("reason"))"
        case .queued: return "had waited for a slot, until \(value(0)) ms after receipt"
        case .attempt: return "attempt \(value(1)) at \(name(ofTarget: value(0)))"
        case .sent:
            let way = value(0) == 1 ? "a connection that was open" : "a new connection"
            return "sent to \(name(ofTarget: value(1))) on \(way)"
        case .failed:
            let status = value(1) == 0 ? "" : ", status \(value(1))"
            return "\(name(ofTarget: value(2))) failed: \(words("kind"))\(status)"
        case .hedged:
            return "\(name(ofTarget: value(0))) is asked beside the first, which was waited for \(value(1)) ms"
        case .outrun: return "\(name(ofTarget: value(0))) was slower and is not read any more"
        case .stitched: return "the broken stream goes on from \(name(ofTarget: value(0))), after \(value(1)) bytes"
        case .notStitched: return "the broken stream is not continued: \(words("cause"))"
        case .retry: return "the same target again" + (value(0) == 0 ? " at once" : " after \(value(0)) ms")
        case .redialled: return "the open connection was closed by the other side; a new one"
        case .disowned: return "\(name(ofTarget: value(0))) is asked again without the sealed reasoning"
        case .unfit: return "\(name(ofTarget: value(0))) cannot do what was asked for: passed over"
        case .skipped:
            let wait = value(2) == 0 ? "" : ", for \(value(2)) ms more"
            return "\(name(ofTarget: value(0))) is put back or passed over: \(words("obstacle"))\(wait)"
        case .promptCut: return "the target read only \(value(0)) tokens of the prompt"
        case .committed: return "answer of \(name(ofTarget: value(0))) begins, status \(value(1))"
        case .clientGone: return "the caller left"
        case .interrupted: return "the stream broke off after the answer had begun"
        case .promptCache:
            return "prompt cache: \(value(0)) tokens read, \(value(1)) written, \(value(2)) micro-dollars saved"
        case .reportedCost:
            return "the provider's price is \(value(0)) micro-dollars, the list's \(value(1))"
        case .alias: return "alias \(said("name")) (\(said("strategy"))) ordered \(value(2))"
        case .ranked:
            let rest = members.first { $0.key != "place" }
            return "number \(value(0)) of the alias's list: \(rest.map { "\($0.key) \($0.value)" } ?? "?")"
        case .speedChoice: return "the fastest is picked by: \(words("by"))"
        case .autoRule: return "auto: \(words("rule")), a prompt of \(value(1)) tokens"
        case .fallbackAway: return "number \(value(0) + 1) of the request's fallbacks is not here now: left out"
        case .overrideIgnored: return "what the request says of its route is ignored"
        case .restricted:
            return "a policy lets it go to \(value(1)) of \(value(0)) targets, by its reason \(value(2))"
        case .quotaRefused: return "the quota refuses it: \(words("cause"))"
        case .quotaFailed: return "the quota gave no answer: the request \(value(0) == 1 ? "went on" : "was refused")"
        case .priced:
            let times = "\(value(0)) millionths of the listed \(said("listed_micro_usd")) micro-dollars"
            return "its price is \(times), and \(value(1)) micro-dollars"
        case nil: return "\(entry.name) \(entry.values.map(String.init).joined(separator: " "))"
        }
    }

    /// A target as texts name it.
    private func name(ofTarget index: Int) -> String {
        target(index).map { "\($0.provider) (\($0.model))" } ?? "target \(index)"
    }
}
