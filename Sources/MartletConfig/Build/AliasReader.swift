internal import MartletCore
internal import MartletGovernance
internal import MartletProviders
internal import MartletRouting

/// Finds what the aliases of a configuration mean, and those that are there without any.
struct AliasReader {
    let config: LoadedConfig
    let registry: ModelRegistry
    let catalog: ProviderCatalog
    let tiers: ModelTiers
    let plans: [AccountPlan]
    let entries: [ModelEntry]
    let local: LocalModels
    /// Names of provider types and accounts that are known, whether on or off.
    let providers: Set<String>
    /// Whether nothing but the built-in model exists: then nothing stands for others, unless it is configured.
    let isMockOnly: Bool

    /// What came of it.
    struct Outcome {
        /// All aliases, in order of their indexes.
        var aliases: [Alias] = []
        /// Entries for the names that requests may ask for, in the order of lists; `auto` and `smartroute` stand aside.
        var entries: [ModelEntry] = []
        /// What `auto` means.
        var auto: Alias?
        /// What is tried on the route `fallback`.
        var fallbacks: [ModelEntry] = []
        var diagnostics: [ConfigDiagnostic] = []
    }

    func read() -> Outcome {
        var outcome = Outcome()
        let configured = definitions(&outcome.diagnostics)
        let models = models()
        let builtIn = isMockOnly ? [] : builtIns(besides: Set(configured.map(\.name)), models)
        var builder = AliasBuilder(
            builtIn + configured,
            names: { models.keys.sorted() },
            meaning: { name, reachesRegistry in meaning(name, reachesRegistry, models) }
        )
        for definition in configured + builtIn {
            guard let alias = builder.alias(definition.name) else { continue }
            if definition.strategy == .auto { outcome.auto = alias } else { outcome.entries.append(ModelEntry(alias)) }
        }
        outcome.fallbacks = fallbacks(&builder)
        warn(Set((configured + builtIn).map(\.name)), models, &outcome.diagnostics)
        outcome.aliases = builder.aliases
        outcome.diagnostics += builder.diagnostics
        return outcome
    }

    // MARK: Definitions

    /// The aliases of the fetched registry, the overlays and the file itself; later ones win.
    private func definitions(_ diagnostics: inout [ConfigDiagnostic]) -> [AliasDefinition] {
        var order: [String] = []
        var found: [String: AliasDefinition] = [:]
        let tables = ([config.fetchedRegistry].compactMap(\.self) + config.overlays).map(\.aliases)
        for table in tables + [config.tree["aliases"]?.table ?? ConfigTable()] {
            for (name, node) in table.entries where isUsable(name, node, &diagnostics) {
                guard let definition = AliasDefinition(name, node, diagnostics: &diagnostics) else { continue }
                if found.updateValue(definition, forKey: name) == nil { order.append(name) }
            }
        }
        return order.compactMap { found[$0] }
    }

    private func isUsable(_ name: String, _ node: ConfigNode, _ diagnostics: inout [ConfigDiagnostic]) -> Bool {
        func refuse(_ text: String) -> Bool {
            diagnostics.append(.init(.error, at: node.origin, "alias \(KeyText.part(name)) \(text)"))
            return false
        }
        guard (1...256).contains(name.utf8.count), name.utf8.allSatisfy(ModelNames.isByte) else {
            return refuse("must have 1 to 256 of the characters A-Z a-z 0-9 . _ : / @ + -")
        }
        if name.contains("::") || name.hasPrefix("local:") || name == "default" {
            return refuse("has a meaning of its own; choose another name")
        }
        if config.tree.at(["models", name]) != nil { return refuse("is the name of a configured model, too") }
        return true
    }

    /// The names of aliases that come with the gateway, where there is a model that they can stand for.
    static var builtInNames: [String] {
        ["auto", "smartroute", "cloud-balanced"] + ModelTiers.builtIn.shortNames.map(\.name)
    }

    /// The aliases that are there without a configuration; what the configuration names itself wins.
    private func builtIns(besides taken: Set<String>, _ models: Models) -> [AliasDefinition] {
        let routing = config.settings.routing
        let isExplicit = config.tree.at(["routing", "cloud_model"]) != nil
        var out: [AliasDefinition] = []
        for (name, all) in tiers.shortNames {
            let tier = name == "opus" ? routing.tiers.strong : name == "sonnet" ? routing.tiers.standard : nil
            let members =
                tier.flatMap { $0 == name ? nil : [AliasDefinition.Member(name: $0)] }
                ?? all.map { .init(name: $0, reachesRegistry: false) }
            out.append(AliasDefinition(builtIn: name, .first, members))
        }
        out.append(AliasDefinition(builtIn: "cloud-balanced", .cheapest, balanced()))
        var auto: [AliasDefinition.Member] = []
        if let name = routing.tiers.local ?? local.defaultEntry?.name.rawValue {
            auto.append(.init(name: name, role: .local))
        }
        if let name = routing.tiers.standard { auto.append(.init(name: name, role: .standard)) }
        if let name = routing.tiers.strong { auto.append(.init(name: name, role: .strong)) }
        let cloud = AliasDefinition.Member(name: routing.cloudModel, role: .cloud, reachesRegistry: isExplicit)
        if isOn(cloud, taken, models) {
            auto.append(cloud)
        } else if local.defaultEntry == nil,
            let name = DefaultModel.cheapest(entries, registry, catalog)?.name.rawValue
        {
            // With nothing better the cheapest is still an answer.
            auto.append(.init(name: name, role: .cloud))
        }
        out.append(AliasDefinition(builtIn: "auto", .auto, auto))
        return out.filter { !taken.contains($0.name) && config.tree.at(["models", $0.name]) == nil }
    }

    /// Whether `cloud_model` stands for anything.
    private func isOn(_ member: AliasDefinition.Member, _ taken: Set<String>, _ models: Models) -> Bool {
        if taken.contains(member.name) || tiers.shortNames.contains(where: { $0.name == member.name }) { return true }
        if member.name == "cloud-balanced" { return !balanced().isEmpty }
        if case .targets = meaning(member.name, member.reachesRegistry, models) { return true }
        return false
    }

    /// The models of the standard tier that are on and stay; without one, the cheapest of all beyond this device.
    private func balanced() -> [AliasDefinition.Member] {
        let remote = entries.filter { !($0.targets.first?.isLocal ?? true) }
        let usable = remote.filter {
            tiers.standard.contains($0.name.rawValue) && DefaultModel.isUsable($0, registry, catalog)
        }
        let chosen = usable.isEmpty ? [DefaultModel.cheapest(remote, registry, catalog)].compactMap(\.self) : usable
        var count = 0
        return chosen.prefix { entry in
            count += entry.targets.count
            return count <= Alias.maxTargets
        }.map { .init(name: $0.name.rawValue) }
    }

    /// Tells of names in `[routing]` that mean nothing.
    private func warn(_ aliases: Set<String>, _ models: Models, _ diagnostics: inout [ConfigDiagnostic]) {
        let tiers = ["local", "standard", "strong"].map { ["routing", "smart", "tiers", $0] }
        for path in [["routing", "cloud_model"]] + tiers {
            guard let node = config.tree.at(path), let name = node.string, !aliases.contains(name),
                case .unknown = meaning(name, true, models), name != RoutingSettings().cloudModel
            else { continue }
            diagnostics.append(
                .init(
                    .warning,
                    at: node.origin,
                    "\(KeyText.text(path)) \"\(KeyText.escaped(name))\" is no model and no alias",
                    suggestion: Suggestion.nearest(to: name, among: models.keys.sorted() + aliases.sorted())
                )
            )
        }
    }

    private func fallbacks(_ builder: inout AliasBuilder) -> [ModelEntry] {
        (config.tree.at(["routing", "fallbacks"])?.array ?? []).compactMap { node in
            guard let name = node.string ?? node.table?["model"]?.string, !name.isEmpty else { return nil }
            let wanted = AliasDefinition.Member(name: name, origin: node.origin)
            guard let member = builder.member(wanted, of: "routing.fallbacks", isTold: true) else { return nil }
            if let alias = member.alias { return ModelEntry(alias) }
            return ModelEntry(name: ModelName(name), targets: member.targets)
        }
    }

    // MARK: Meanings

    private struct Models {
        var configured: [String: [Target]] = [:]
        var registry: [String: [Target]] = [:]
        var keys: [String] { Array(Set(configured.keys).union(registry.keys)) }
    }

    private func models() -> Models {
        func byName(_ entries: [ModelEntry]) -> [String: [Target]] {
            Dictionary(entries.map { ($0.name.rawValue, $0.targets) }) { first, _ in first }
        }
        return Models(
            configured: byName(entries + local.entries),
            // Without configured models the entries are those of the registry.
            registry: config.tree["models"]?.table?.entries.isEmpty ?? true
                ? [:] : byName(ModelReader.entries(registry, plans, catalog))
        )
    }

    private func meaning(_ name: String, _ reachesRegistry: Bool, _ models: Models) -> AliasBuilder.Meaning {
        if let targets = models.configured[name] { return .targets(targets) }
        // What the engine has is known only while it runs.
        if name.hasPrefix("local:") { return .nothingOn }
        if reachesRegistry, let targets = models.registry[name] { return .targets(targets) }
        for separator in ["::", "/"] {
            guard let place = name.firstRange(of: separator) else { continue }
            let (provider, model) = (String(name[..<place.lowerBound]), String(name[place.upperBound...]))
            guard !provider.isEmpty, !model.isEmpty else { continue }
            if let plan = plan(provider) { return .targets([plan.account(registry).makeTarget(model)]) }
            if providers.contains(provider) { return .nothingOn }
        }
        if config.tree.at(["models", name]) != nil || !registry.models(named: name).isEmpty { return .nothingOn }
        return .unknown
    }

    /// The account of a name, or the first one of a type.
    private func plan(_ name: String) -> AccountPlan? {
        let all = plans + [local.plan].compactMap(\.self)
        return all.first { $0.name.rawValue == name }
            ?? all.first { $0.descriptor.kind.rawValue == name || $0.descriptor.shortNames.contains(name) }
    }
}
