extension DecisionTrace {
    /// The text kept with the record, at most 512 bytes: `planned targets=2 reason=cheapest;attempt target=0 number=1;…`.
    ///
    /// - Parameters:
    ///   - isKept: Which entries are told.
    ///   - aliasName: The name of an alias by its index; `nil` tells the index.
    public func text(
        only isKept: (Code) -> Bool = { _ in true },
        aliasName: (Int) -> String? = { _ in nil }
    ) -> [UInt8] {
        var out: [UInt8] = []
        for entry in entries where isKept(entry.code) {
            let part = "\(entry.code)\(Self.words(entry, aliasName));"
            if out.count + part.utf8.count > 512 { break }
            out += part.utf8
        }
        return out
    }

    /// The values of an entry with their meanings; a number that stands for a name is told by the name.
    private static func words(_ entry: Entry, _ aliasName: (Int) -> String?) -> String {
        let values = (Int(entry.values.0), Int(entry.values.1), Int(entry.values.2))
        func name<Value>(_ all: [Value], _ index: Int, _ text: (Value) -> String) -> String {
            all.indices.contains(index) ? text(all[index]) : String(index)
        }
        switch entry.code {
        case .planned: return " targets=\(values.0) reason=\(name(RouteReason.allCases, values.1, \.rawValue))"
        case .queued: return " ms=\(values.0)"
        case .attempt: return " target=\(values.0) number=\(values.1)"
        case .failed:
            let kind = name(AttemptFailure.Kind.allCases, values.0) { "\($0)" }
            return " kind=\(kind)" + (values.1 == 0 ? "" : " status=\(values.1)")
        case .retry: return " after_ms=\(values.0)"
        case .committed: return " target=\(values.0) status=\(values.1)"
        case .disowned, .unfit, .outrun: return " target=\(values.0)"
        case .hedged: return " target=\(values.0) after_ms=\(values.1)"
        case .stitched: return " target=\(values.0) bytes=\(values.1)"
        case .notStitched: return " \(name(StitchObstacle.allCases, values.0, \.rawValue))"
        case .promptCut: return " read=\(values.0) stream=\(values.1)"
        case .promptCache: return " read=\(values.0) written=\(values.1) saved_micro_usd=\(values.2)"
        case .reportedCost: return " micro_usd=\(values.0) listed=\(values.1)"
        case .alias:
            let strategy = name(AliasStrategy.allCases, values.1, \.name)
            return " name=\(aliasName(values.0) ?? String(values.0)) strategy=\(strategy) of=\(values.2)"
        case .ranked:
            let units = ["pico_usd", "nano_usd_request", "nano_usd_mix", "measured_ms", "usual_ms"]
            let value = values.1 < 0 ? "unknown" : String(values.1)
            return " place=\(values.0) \(name(units, values.2) { $0 })=\(value)"
        case .speedChoice: return " by=\(name(["best", "exploring", "conversation", "load"], values.0) { $0 })"
        case .autoRule:
            let rules = ["stays_local", "no_local_model", "prompt_too_long", "quality_best"]
            return " \(name(rules, values.0) { $0 }) tokens=\(values.1) tier=\(values.2)"
        case .skipped:
            let obstacle = name(TargetStanding.Obstacle.allCases, values.1) { "\($0)" }
            return " target=\(values.0) \(obstacle)" + (values.2 == 0 ? "" : " ms=\(values.2)")
        case .restricted: return " of=\(values.0) to=\(values.1) reason=\(values.2)"
        case .quotaRefused: return " \(name(["used_up", "forbidden", "unavailable"], values.0) { $0 })"
        case .quotaFailed: return " \(name(["refused", "went_on"], values.0) { $0 })"
        case .priced:
            let cost = values.2 < 0 ? "unknown" : String(values.2)
            return " times_millionths=\(values.0) plus_micro_usd=\(values.1) listed_micro_usd=\(cost)"
        case .redialled, .clientGone, .interrupted, .overrideIgnored: return ""
        }
    }
}
