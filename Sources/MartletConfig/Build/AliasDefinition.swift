internal import MartletCore
internal import MartletRouting

/// What an alias is to be made of, by names.
struct AliasDefinition {
    var name: String
    var strategy = AliasStrategy.first
    var members: [Member]
    var isSticky = false
    var expected = ExpectedTokens.equal
    /// Whether the operator wrote it; findings about it are told then.
    var isConfigured = true
    var origin = ConfigOrigin.default

    /// A name it stands for.
    struct Member {
        var name: String
        var weight = 1.0
        var role = Alias.Role.cloud
        var origin = ConfigOrigin.default
        /// Whether it may be a model that only the registry has, although models are configured.
        var reachesRegistry = true
    }

    /// Reads a checked table; `nil` when it names nothing, which is reported.
    init?(_ name: String, _ node: ConfigNode, diagnostics: inout [ConfigDiagnostic]) {
        guard let table = node.table else { return nil }
        self.name = name
        origin = node.origin
        strategy = table["strategy"]?.string.flatMap(AliasStrategy.init(name:)) ?? .first
        isSticky = table["sticky"]?.boolean ?? false
        if table["expected_tokens"]?.string == "request" { expected = .request }
        if let mix = table["expected_tokens"]?.table {
            let (input, output) = (mix["input"]?.integer ?? 0, mix["output"]?.integer ?? 0)
            expected = .fixed(input: Int64(input), output: Int64(output))
        }
        members = []
        for element in table["targets"]?.array ?? [] {
            guard let member = element.string ?? element.table?["model"]?.string, !member.isEmpty else {
                let text = "a target of alias \(KeyText.part(name)) names no model"
                diagnostics.append(.init(.error, at: element.origin, text))
                return nil
            }
            let weight = element.table?["weight"]?.number ?? 1
            members.append(Member(name: member, weight: weight, origin: element.origin))
        }
        if members.isEmpty {
            let text = "alias \(KeyText.part(name)) needs targets, like targets = [\"gpt-4o-mini\"]"
            diagnostics.append(.init(.error, at: node.origin, text))
            return nil
        }
    }

    /// Describes an alias that comes with the gateway.
    init(builtIn name: String, _ strategy: AliasStrategy = .first, _ members: [Member]) {
        self.name = name
        self.strategy = strategy
        self.members = members
        isConfigured = false
    }
}
