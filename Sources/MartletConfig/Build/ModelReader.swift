internal import MartletCore
internal import MartletGovernance
internal import MartletProviders
internal import MartletRouting

/// Turns `[models.NAME]` tables and registry rows into model entries.
struct ModelReader {
    let registry: ModelRegistry
    /// Accounts by name, also those that are off.
    let accounts: [String: AccountReader.Outcome]
    /// The tables of configured accounts.
    let tables: ConfigTable
    var reader: AccountReader

    /// Names with a meaning of their own.
    private static let reserved = ["auto", "default", "smartroute"]

    /// Reads one configured model; `nil` when it has no target, which has been reported.
    mutating func read(_ name: String, _ node: ConfigNode) -> ModelEntry? {
        guard let table = node.table, isUsable(name, node) else { return nil }
        let providers = table["providers"]?.table ?? ConfigTable()
        let order = routing(name, table, providers, node)
        guard !order.isEmpty else { return nil }
        let override = PriceOverride(table, model: name, diagnostics: &reader.diagnostics)
        for capability in table["capabilities"]?.array ?? [] {
            guard let text = capability.string, !ConfigSchema.capabilities.contains(text) else { continue }
            let suggestion = Suggestion.nearest(to: text, among: ConfigSchema.capabilities)
            reader.diagnostics.append(
                .init(
                    .warning,
                    at: capability.origin,
                    "unknown capability \"\(KeyText.escaped(text))\"",
                    suggestion: suggestion
                )
            )
        }
        var targets: [Target] = []
        for (provider, origin) in order {
            guard let plan = account(for: provider, providers[provider], origin) else { continue }
            let configured = providers[provider]?.table?["model_name"]?.string
            let row = plan.row(of: configured ?? name, in: registry)
            if let row, let day = row.retired {
                reader.diagnostics.append(
                    .init(
                        .warning,
                        at: providers[provider]?.origin ?? origin,
                        "\(KeyText.part(provider)) retired the model \(row.upstreamModel) on \(day)"
                    )
                )
            }
            targets.append(
                plan.target(
                    configured ?? row?.upstreamModel ?? name,
                    price: override.applied(to: row?.prices ?? plan.fallbackPrice),
                    contextWindow: table["context_window"]?.integer ?? row?.contextWindow,
                    capabilities: Self.abilities(table) ?? row?.abilities ?? ModelCapabilities()
                )
            )
        }
        guard !targets.isEmpty else {
            reader.diagnostics.append(
                .init(
                    .warning,
                    at: node.origin,
                    "model \(KeyText.part(name)) has no provider that is on; it is left out"
                )
            )
            return nil
        }
        return ModelEntry(name: ModelName(name), targets: targets)
    }

    /// Makes the entries of the registry for the given accounts: names in file order, providers in order of preference.
    static func entries(_ registry: ModelRegistry, _ plans: [AccountPlan], _ catalog: ProviderCatalog) -> [ModelEntry] {
        var byKind: [ProviderKind: [AccountPlan]] = [:]
        for plan in plans {
            for list in plan.priceLists { byKind[list, default: []].append(plan) }
        }
        var seen: Set<String> = []
        var entries: [ModelEntry] = []
        for first in registry.models where seen.insert(first.id).inserted {
            let rows = registry.models(named: first.id)
                .sorted { catalog.preference(of: $0.provider) < catalog.preference(of: $1.provider) }
            let targets = rows.filter { $0.retired == nil }.flatMap { row in
                // What an engine can run is what is installed there, and what its owner says.
                (byKind[row.provider] ?? []).filter { $0.counts(row) }.map { plan in
                    let row = plan.offered(row, in: registry)
                    return plan.target(
                        row.upstreamModel,
                        price: row.prices,
                        contextWindow: row.contextWindow,
                        capabilities: row.abilities
                    )
                }
            }
            if !targets.isEmpty { entries.append(ModelEntry(name: ModelName(first.id), targets: targets)) }
        }
        return entries
    }

    // MARK: Parts

    /// What a model is declared to do: what its list leaves out, it cannot; `nil` without a list.
    private static func abilities(_ table: ConfigTable) -> ModelCapabilities? {
        guard let list = table["capabilities"]?.array else { return nil }
        let names = list.compactMap(\.string)
        return ModelCapabilities(
            jsonSchema: names.contains("json_schema"),
            tools: names.contains("tools"),
            reasoning: names.contains("reasoning")
        )
    }

    private mutating func isUsable(_ name: String, _ node: ConfigNode) -> Bool {
        let isPlain = (1...256).contains(name.utf8.count) && name.utf8.allSatisfy(ModelNames.isByte)
        if !isPlain {
            error(
                node.origin,
                "model name \(KeyText.part(name)) must be 1 to 256 of the characters A-Z a-z 0-9 . _ : / @ + -"
            )
            return false
        }
        if name.contains("::") || name.hasPrefix("local:") || Self.reserved.contains(name) {
            error(node.origin, "model name \(KeyText.part(name)) has a meaning of its own; choose another")
            return false
        }
        return true
    }

    /// The provider names of a model, best first, each with the place that names it.
    private mutating func routing(
        _ name: String,
        _ table: ConfigTable,
        _ providers: ConfigTable,
        _ node: ConfigNode
    ) -> [(name: String, origin: ConfigOrigin)] {
        guard let list = table["routing"] else {
            if !providers.entries.isEmpty { return providers.entries.map { ($0.key, $0.node.origin) } }
            let offers = offers(of: name)
            if offers.isEmpty {
                error(
                    node.origin,
                    "model \(KeyText.part(name)) needs a provider: [models.\(KeyText.part(name)).providers.P]"
                )
            }
            return offers.map { ($0, node.origin) }
        }
        var out: [(name: String, origin: ConfigOrigin)] = []
        for element in list.array ?? [] {
            guard let provider = element.string else { continue }
            if out.contains(where: { $0.name == provider }) {
                error(element.origin, "routing of model \(KeyText.part(name)) names \(KeyText.part(provider)) twice")
            } else if providers[provider] == nil, accounts[provider] == nil, reader.catalog.lookup(provider) == .unknown
            {
                let known = providers.entries.map(\.key) + accounts.keys.sorted()
                error(
                    element.origin,
                    "routing of model \(KeyText.part(name)) names \(KeyText.part(provider)), which is no provider of it",
                    suggestion: Suggestion.nearest(to: provider, among: known)
                )
            } else {
                out.append((provider, element.origin))
            }
        }
        if list.array?.isEmpty ?? true { error(list.origin, "routing of model \(KeyText.part(name)) is empty") }
        return out
    }

    /// The providers whose list has a model, best first: those that need no more than a credential, and those that have a
    /// table.
    private func offers(of name: String) -> [String] {
        let rows = registry.models(named: name)
        return reader.catalog.providers.filter { descriptor in
            rows.contains { $0.provider == descriptor.priceList }
                && (tables[descriptor.kind.rawValue] != nil || !descriptor.isEngine && descriptor.baseURL != nil)
        }.map(\.kind.rawValue)
    }

    /// The account of a model's provider: that of `type`, else that of the provider's name, else an inline one.
    private mutating func account(for provider: String, _ node: ConfigNode?, _ origin: ConfigOrigin) -> AccountPlan? {
        let table = node?.table ?? ConfigTable()
        let type = table["type"]?.string
        let named = [type, provider].compactMap { $0 }.first { tables[$0] != nil }
        var own = ConfigTable()
        for (key, node) in table.entries where key != "model_name" && !(key == "type" && named != nil) {
            own[key] = node
        }
        if let named, own.entries.isEmpty { return on(accounts[named]) }
        if let named, let base = tables[named]?.table {
            var merged = base
            merged.merge(own)
            return on(reader.read(name: named, table: merged, at: node?.origin ?? origin))
        }
        if own.entries.allSatisfy({ $0.key == "type" }), type == nil || type == provider, let known = accounts[provider]
        {
            return on(known)
        }
        // What only a list names may be off: others stand in for it.
        let isNamed = !own.entries.isEmpty
        return on(reader.read(name: provider, table: own, at: node?.origin ?? origin, isNamed: isNamed))
    }

    private func on(_ outcome: AccountReader.Outcome?) -> AccountPlan? {
        if case .on(let plan) = outcome { plan } else { nil }
    }

    private mutating func error(_ origin: ConfigOrigin, _ message: String, suggestion: String? = nil) {
        reader.diagnostics.append(.init(.error, at: origin, message, suggestion: suggestion))
    }
}

/// Which bytes a model name may hold.
enum ModelNames {
    static func isByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"),
            UInt8(ascii: "/"), UInt8(ascii: "@"), UInt8(ascii: "+"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
