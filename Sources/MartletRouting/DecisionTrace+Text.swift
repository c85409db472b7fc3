extension DecisionTrace {
    /// A short text of the trace, at most 512 bytes: `planned targets=2 reason=cheapest;attempt target=0 number=1;…`.
    ///
    /// - Parameter aliasName: The name of an alias by its index; `nil` tells the index.
    public func text(aliasName: (Int) -> String? = { _ in nil }) -> [UInt8] {
        var out: [UInt8] = []
        for entry in entries {
            let values = [entry.values.0, entry.values.1, entry.values.2]
            let members = entry.code.members(values, aliasName: aliasName)
            let part = entry.code.name + members.map { " \($0.name)=\($0.value)" }.joined() + ";"
            if out.count + part.utf8.count > 512 { break }
            out += part.utf8
        }
        return out
    }

    /// A value of an entry with its meaning.
    public struct Member: Sendable, Hashable {
        /// What the value is.
        public var name: String
        /// The value.
        public var value: Value

        /// A number, or a word.
        public enum Value: Sendable, Hashable, CustomStringConvertible {
            case integer(Int)
            case text(String)

            /// The number or the word.
            public var description: String {
                switch self {
                case .integer(let value): String(value)
                case .text(let text): text
                }
            }
        }

        init(_ name: String, _ value: Int) { (self.name, self.value) = (name, .integer(value)) }
        init(_ name: String, _ text: String) { (self.name, value) = (name, .text(text)) }
    }
}

extension DecisionTrace.Code {
    /// The name in texts and documents, such as `prompt_cache`.
    public var name: String { traceWord("\(self)") }

    /// The values of an entry with their meanings; a number that stands for a word is told by the word.
    ///
    /// - Parameters:
    ///   - values: Three of them.
    ///   - aliasName: The name of an alias by its index; `nil` tells the index.
    func members(_ values: [Int32], aliasName: (Int) -> String?) -> [DecisionTrace.Member] {
        typealias Member = DecisionTrace.Member
        func value(_ place: Int) -> Int { values.indices.contains(place) ? Int(values[place]) : 0 }
        let values = (value(0), value(1), value(2))
        func word<Value>(_ name: String, _ all: [Value], _ index: Int) -> Member {
            all.indices.contains(index) ? Member(name, traceWord("\(all[index])")) : Member(name, index)
        }
        func unlessZero(_ name: String, _ value: Int) -> [Member] { value == 0 ? [] : [Member(name, value)] }
        switch self {
        case .planned:
            return [Member("targets", values.0), word("reason", RouteReason.allCases.map(\.rawValue), values.1)]
        case .queued: return [Member("ms", values.0)]
        case .attempt: return [Member("target", values.0), Member("number", values.1)]
        case .failed:
            return [word("kind", AttemptFailure.Kind.allCases, values.0)] + unlessZero("status", values.1)
                + [Member("target", values.2)]
        case .retry: return [Member("after_ms", values.0)]
        case .committed: return [Member("target", values.0), Member("status", values.1)]
        case .disowned, .unfit, .outrun: return [Member("target", values.0)]
        case .hedged: return [Member("target", values.0), Member("after_ms", values.1)]
        case .stitched: return [Member("target", values.0), Member("bytes", values.1)]
        case .notStitched: return [word("cause", StitchObstacle.allCases.map(\.rawValue), values.0)]
        case .promptCut: return [Member("read", values.0), Member("stream", values.1)]
        case .promptCache:
            return [
                Member("read", values.0), Member("written", values.1), Member("saved_micro_usd", values.2),
            ]
        case .reportedCost: return [Member("micro_usd", values.0), Member("listed", values.1)]
        case .alias:
            let name = aliasName(values.0).map { Member("name", $0) } ?? Member("name", values.0)
            return [name, word("strategy", AliasStrategy.allCases, values.1), Member("of", values.2)]
        case .ranked:
            let units = ["pico_usd", "nano_usd_request", "nano_usd_mix", "measured_ms", "usual_ms"]
            let unit = units.indices.contains(values.2) ? units[values.2] : String(values.2)
            return [Member("place", values.0), values.1 < 0 ? Member(unit, "unknown") : Member(unit, values.1)]
        case .speedChoice: return [word("by", ["best", "exploring", "conversation", "load"], values.0)]
        case .autoRule:
            let rules = ["stays_local", "no_local_model", "prompt_too_long", "quality_best"]
            return [word("rule", rules, values.0), Member("tokens", values.1), Member("tier", values.2)]
        case .skipped:
            return [Member("target", values.0), word("obstacle", TargetStanding.Obstacle.allCases, values.1)]
                + unlessZero("ms", values.2)
        case .sent: return [Member("reused", values.0), Member("target", values.1)]
        case .restricted:
            return [Member("of", values.0), Member("to", values.1), Member("reason", values.2)]
        case .quotaRefused: return [word("cause", ["used_up", "forbidden", "unavailable"], values.0)]
        case .quotaFailed: return [word("request", ["refused", "went_on"], values.0)]
        case .priced:
            let listed = "listed_micro_usd"
            return [
                Member("times_millionths", values.0), Member("plus_micro_usd", values.1),
                values.2 < 0 ? Member(listed, "unknown") : Member(listed, values.2),
            ]
        case .fallbackAway: return [Member("index", values.0)]
        case .redialled, .clientGone, .interrupted, .overrideIgnored: return []
        }
    }
}

/// A name of Swift's in the form of documents: `serverError` is `server_error`.
func traceWord(_ name: String) -> String {
    var out = ""
    for character in name.unicodeScalars {
        if ("A"..."Z").contains(character) {
            out += "_"
            out.unicodeScalars.append(Unicode.Scalar(UInt8(truncatingIfNeeded: character.value) | 0x20))
        } else {
            out.unicodeScalars.append(character)
        }
    }
    return out
}
