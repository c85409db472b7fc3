internal import MartletCore
internal import MartletGovernance
public import MartletProviders
public import MartletRouting

/// Builds the snapshot that the request path reads.
public enum SnapshotBuilder {
    /// A snapshot with what was found on the way.
    public struct Outcome: Sendable {
        /// The snapshot; `nil` when some finding is an error.
        public var snapshot: Snapshot?
        /// The loader's findings and the builder's.
        public var diagnostics: [ConfigDiagnostic]
        /// The accounts that have a table, or a variable of their type; in order of their names.
        public var accounts: [AccountState]
        /// The accounts that are off because something outside the configuration is not there.
        public var missing: [MissingCredential] = []
    }

    /// What an account lacks that stands outside the configuration: a variable, a file, a profile.
    public struct MissingCredential: Sendable, Hashable {
        /// The account's name.
        public var account: String
        /// What is missing and where.
        public var message: String
        /// What names it.
        public var origin: ConfigOrigin

        /// How the warning ends that a start gives.
        static let isOff = "; the account is off"

        /// Whether a finding is the warning about it.
        public func isWarned(by finding: ConfigDiagnostic) -> Bool {
            finding.severity == .warning && finding.message == message + Self.isOff
        }
    }

    /// Whether an account is on.
    public struct AccountState: Sendable, Hashable {
        /// The account's name.
        public var name: String
        /// Why it is off; `nil` when it is on, or wrong as an error says.
        public var offReason: String?
    }

    /// Builds a snapshot from a loaded configuration.
    ///
    /// - Parameters:
    ///   - config: The configuration; its credentials are resolved again each time it is loaded.
    ///   - registry: Known models and prices, which the configuration's own facts are merged over.
    ///   - catalog: The provider types.
    ///   - localState: The local engine, when it answers.
    public static func build(
        _ config: LoadedConfig,
        registry: ModelRegistry = .builtIn,
        catalog: ProviderCatalog = .builtIn,
        localState: LocalProbe? = nil
    ) -> Outcome {
        var work = SnapshotWork(config: config, registry: config.registry(over: registry), catalog: catalog)
        work.readAccounts()
        work.local = LocalModels(config.settings.local, localState, config, work.registry, catalog)
        work.readModels()
        work.resolveDefaults()
        let diagnostics = config.diagnostics + work.diagnostics.deduplicated()
        return Outcome(
            snapshot: diagnostics.hasErrors ? nil : work.snapshot(),
            diagnostics: diagnostics,
            accounts: work.accountStates,
            missing: work.missing
        )
    }
}

extension [ConfigDiagnostic] {
    fileprivate func deduplicated() -> Self {
        var seen: Set<ConfigDiagnostic> = []
        return filter { seen.insert($0).inserted }
    }
}

/// The steps of building a snapshot, with what each leaves for the next.
private struct SnapshotWork {
    let config: LoadedConfig
    let registry: ModelRegistry
    let catalog: ProviderCatalog
    var diagnostics: [ConfigDiagnostic] = []
    var plans: [AccountPlan] = []
    var outcomes: [String: AccountReader.Outcome] = [:]
    var missing: [SnapshotBuilder.MissingCredential] = []
    var local: LocalModels
    var entries: [ModelEntry] = []
    var aliases = AliasReader.Outcome()
    var defaultModel: ModelName?

    init(config: LoadedConfig, registry: ModelRegistry, catalog: ProviderCatalog) {
        self.config = config
        self.registry = registry
        self.catalog = catalog
        local = LocalModels(LocalSettings(), nil, config, registry, catalog)
    }

    private var tables: ConfigTable { config.tree.at(["gateway", "providers"])?.table ?? ConfigTable() }

    private func makeReader() -> AccountReader {
        AccountReader(catalog: catalog, resolver: config.resolver, environment: config.environment)
    }

    /// Reads the configured accounts, then turns on every built-in type whose credential is there.
    mutating func readAccounts() {
        var reader = makeReader()
        let tables = tables
        for (name, node) in tables.entries {
            let outcome = reader.read(name: name, table: node.table ?? ConfigTable(), at: node.origin)
            outcomes[name] = outcome
            if case .on(let plan) = outcome { plans.append(plan) }
        }
        for descriptor in catalog.providers where descriptor.credential == .required {
            let hasPlace =
                descriptor.baseURL != nil
                || descriptor.baseURLVariables.contains { config.environment[$0]?.isEmpty == false }
            let names = [descriptor.kind.rawValue] + descriptor.shortNames
            let variables = descriptor.credentialVariables + descriptor.chainVariables
            let isSet = variables.contains { config.environment[$0]?.isEmpty == false }
            guard isSet, !names.contains(where: { tables[$0] != nil }) else { continue }
            let name = descriptor.kind.rawValue
            guard hasPlace else {
                readPlaceless(descriptor, &reader)
                continue
            }
            let outcome = reader.read(name: name, table: ConfigTable(), at: .default, isNamed: false)
            outcomes[name] = outcome
            if case .on(let plan) = outcome { plans.append(plan) }
        }
        diagnostics += reader.diagnostics
        missing += reader.missing
    }

    /// Says that a key waits for an account whose address nobody has written down.
    private mutating func readPlaceless(_ descriptor: ProviderDescriptor, _ reader: inout AccountReader) {
        let variable = descriptor.credentialVariables.first { config.environment[$0]?.isEmpty == false }
        guard let variable, !isUsed(variable) else { return }
        let origin = ConfigOrigin.environment(variable)
        // Types of one cloud share their variable: the first is the hint.
        guard !reader.diagnostics.contains(where: { $0.origin == origin }) else { return }
        let needs = descriptor.place?.keys.joined(separator: " and ") ?? "base_url"
        let text = "no account has an address for this key: set \(needs) in [gateway.providers.\(descriptor.kind)]"
        outcomes[descriptor.kind.rawValue] = .off("\(variable) is set, but \(text)")
        reader.warn(origin, text)
    }

    /// Whether some account is of a type whose key stands in a variable.
    private func isUsed(_ variable: String) -> Bool {
        let models = config.tree.at(["models"])?.table?.entries ?? []
        let inline = models.flatMap { $0.node.table?["providers"]?.table?.entries ?? [] }
        return (tables.entries + inline).contains { name, node in
            guard case .available(let found) = catalog.lookup(node.table?["type"]?.string ?? name) else { return false }
            return found.credentialVariables.contains(variable)
        }
    }

    /// Reads the configured models, or takes the registry's when none are configured.
    mutating func readModels() {
        let mock = catalog.descriptor(.mock).map(AccountPlan.mock)
        if let models = config.tree.at(["models"])?.table, !models.entries.isEmpty {
            var reader = ModelReader(registry: registry, accounts: outcomes, tables: tables, reader: makeReader())
            for (name, node) in models.entries {
                if name == ProviderKind.mock.rawValue, let mock {
                    entries.append(Self.mockEntry(mock))
                    plans.append(mock)
                } else if let entry = reader.read(name, node) {
                    entries.append(entry)
                }
            }
            diagnostics += reader.reader.diagnostics
            missing += reader.reader.missing
        } else {
            entries = ModelReader.entries(registry, plans, catalog)
            if plans.isEmpty, local.engine == .notConfigured, let mock {
                entries = [Self.mockEntry(mock)]
                plans.append(mock)
                defaultModel = ModelName(ProviderKind.mock.rawValue)
            }
        }
    }

    private static func mockEntry(_ plan: AccountPlan) -> ModelEntry {
        let name = ProviderKind.mock.rawValue
        return ModelEntry(
            name: ModelName(name),
            targets: [plan.target(name, price: .free, contextWindow: nil)]
        )
    }

    /// Builds the aliases, finds what `auto` means and which name stands in for none.
    mutating func resolveDefaults() {
        let routing = config.settings.routing
        let known = catalog.providers.flatMap { [$0.kind.rawValue] + $0.shortNames } + outcomes.keys
        let reader = AliasReader(
            config: config,
            registry: registry,
            catalog: catalog,
            tiers: .builtIn,
            plans: plans,
            entries: entries,
            local: local,
            providers: Set(known),
            isMockOnly: defaultModel != nil
        )
        aliases = reader.read()
        diagnostics += aliases.diagnostics
        guard routing.defaultModel != "auto" else {
            // An alias of one's own may have that name.
            if aliases.auto != nil || entry("auto") != nil { defaultModel = ModelName("auto") }
            return
        }
        let node = config.tree.at(["routing", "default_model"])
        if entry(routing.defaultModel) != nil || passesThrough(routing.defaultModel) {
            defaultModel = ModelName(routing.defaultModel)
        } else {
            let known = (entries + local.entries + aliases.entries).map(\.name.rawValue)
            diagnostics.append(
                .init(
                    .warning,
                    at: node?.origin ?? .default,
                    "routing.default_model \"\(KeyText.escaped(routing.defaultModel))\" is no model that is on",
                    suggestion: Suggestion.nearest(to: routing.defaultModel, among: known)
                )
            )
        }
    }

    var accountStates: [SnapshotBuilder.AccountState] {
        outcomes.sorted { $0.key < $1.key }.map { name, outcome in
            if case .off(let reason) = outcome { return .init(name: name, offReason: reason) }
            return .init(name: name)
        }
    }

    private func entry(_ name: String) -> ModelEntry? {
        (aliases.entries + entries + local.entries).first { $0.name == ModelName(name) }
    }

    /// What lists tell of a model: what its first target has, and what the registry knows besides.
    private func facts(_ entry: ModelEntry) -> ModelFacts {
        guard let target = entry.targets.first else { return ModelFacts() }
        let plan = plans.first { $0.name == target.account }
        var facts = plan?.row(of: target.upstreamModel, in: registry)?.facts ?? ModelFacts()
        facts.contextWindow = target.contextWindow
        facts.price = target.price
        return facts
    }

    private func passesThrough(_ name: String) -> Bool {
        guard let colons = name.firstRange(of: "::") else { return false }
        let provider = name[..<colons.lowerBound]
        return plans.contains {
            $0.name.rawValue == provider || $0.descriptor.kind.rawValue == provider
                || $0.descriptor.shortNames.contains(String(provider))
        }
    }

    private var routingPolicy: RoutingPolicy {
        let settings = config.settings.routing
        var policy = RoutingPolicy()
        policy.defaultRoute = settings.defaultRoute
        policy.allowsOverride = settings.allowsOverride
        policy.fallbacks = aliases.fallbacks
        policy.maxLocalPromptTokens = Int64(settings.maxLocalPromptTokens)
        policy.heedsQuality = settings.heedsQuality
        policy.smartRouting = settings.smartRouting
        return policy
    }

    func snapshot() -> Snapshot {
        let named = entries + local.entries
        var models: [ModelName: ModelEntry] = [:]
        var listed: [ListedModel] = []
        for entry in named {
            models[entry.name] = entry
            let owner = entry.targets.first?.account.rawValue ?? ""
            listed.append(ListedModel(id: entry.name.rawValue, ownedBy: owner, facts: facts(entry)))
        }
        let auto = aliases.auto.map { ModelEntry($0) }
        for entry in aliases.entries + [auto].compactMap(\.self) {
            // A name of the registry may be an alias here.
            if models.updateValue(entry, forKey: entry.name) != nil {
                listed.removeAll { $0.id.utf8.elementsEqual(entry.name.rawValue.utf8) }
            }
            let id = entry.name.rawValue
            listed.append(ListedModel(id: id, ownedBy: "martlet", facts: facts(entry), alias: entry.alias))
        }
        let smart = ModelName("smartroute")
        if let auto = aliases.auto, models[smart] == nil { models[smart] = ModelEntry(auto, as: smart) }
        var accounts: [AccountName: Account] = [:]
        for plan in plans + [local.plan].compactMap({ $0 }) where accounts[plan.name] == nil {
            accounts[plan.name] = plan.account(registry)
        }
        let settings = config.settings
        let names = ProviderNames(catalog, on: plans, off: accountStates.filter { $0.offReason != nil }.map(\.name))
        return Snapshot(
            models: models,
            listed: listed,
            accounts: accounts,
            defaultModel: defaultModel,
            local: local.engine,
            server: settings.server,
            auth: settings.auth,
            timeouts: settings.timeouts,
            retry: settings.retry,
            admission: settings.admission,
            limits: settings.limits,
            observability: settings.observability,
            strictDurability: settings.strictDurability,
            media: settings.media,
            accountsByType: names.accountsByType,
            offProviders: names.offProviders,
            away: Set(registry.models.lazy.map { ModelName($0.id) } + AliasReader.builtInNames.map { ModelName($0) })
                .subtracting(models.keys),
            retired: RetiredModels.messages(registry, entries, catalog),
            routing: routingPolicy,
            aliases: aliases.aliases,
            breaker: settings.breaker,
            hedge: settings.hedge,
            streams: settings.streams
        )
    }
}
