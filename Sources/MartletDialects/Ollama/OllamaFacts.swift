import MartletCore
import MartletWire

/// What the requests of Ollama's routes have in common.
enum OllamaFacts {
    static let shared: [StaticString] = [
        "model", "stream", "options", "route", "fallbacks", "provider", "smart_routing", "tensorzero::credentials",
    ]

    static func read(_ members: BodyMembers, into facts: inout RequestFacts) throws(GatewayError) {
        try members.readModel(into: &facts)
        facts.stream = try members.bool("stream") ?? true
        facts.includeUsage = true
        try members.readGateway(into: &facts)
        guard let options = members["options"] else { return }
        guard options.kind == .object else { throw .invalid("options", "must be an object") }
        // Without a limit is -1 here.
        if let limit = options.member("num_predict")?.int64(), 1...BodyMembers.largest ~= limit {
            facts.maxTokens = Int(exactly: limit)
        }
    }

    static func count(_ list: JSONView?) -> Int {
        guard let list, list.kind == .array else { return 0 }
        return list.elements.reduce(0) { count, _ in count + 1 }
    }
}
