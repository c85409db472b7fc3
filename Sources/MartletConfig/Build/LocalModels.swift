internal import MartletCore
internal import MartletGovernance
internal import MartletProviders
internal import MartletRouting

/// The models of the local engine as entries named `local:NAME`.
struct LocalModels {
    /// What the snapshot says about the engine.
    var engine: LocalEngine
    /// The engine as an account, when it answers.
    var plan: AccountPlan?
    /// Its models that may be used, in its order.
    var entries: [ModelEntry] = []
    /// The entry that stands for "a local model".
    var defaultEntry: ModelEntry?

    init(
        _ settings: LocalSettings,
        _ probe: LocalProbe?,
        _ config: LoadedConfig,
        _ registry: ModelRegistry,
        _ catalog: ProviderCatalog
    ) {
        guard let probe else {
            engine = settings.endpoint == nil ? .notConfigured : .silent
            return
        }
        let plan = Self.plan(settings, probe, config, catalog)
        self.plan = plan
        let usable = probe.models.filter { model in
            settings.allowedModels.map { $0.contains(model.name) } ?? true
        }
        let entries = usable.map { model in
            let row = plan.row(of: model.name, in: registry)
            return ModelEntry(
                name: ModelName("local:" + model.name),
                targets: [
                    plan.target(
                        model.name,
                        price: row?.prices ?? .free,
                        // What runs knows best how much it holds.
                        contextWindow: model.contextWindow ?? row?.contextWindow,
                        capabilities: row?.abilities ?? ModelCapabilities()
                    )
                ]
            )
        }
        let wanted = settings.defaultModel ?? usable.first?.name
        self.entries = entries
        defaultEntry = wanted.flatMap { name in entries.first { $0.name == ModelName("local:" + name) } }
        engine = .running(
            LocalEngine.Running(
                kind: probe.kind,
                models: probe.models.map(\.name),
                allowed: settings.allowedModels,
                defaultModel: wanted
            )
        )
    }

    private static func plan(
        _ settings: LocalSettings,
        _ probe: LocalProbe,
        _ config: LoadedConfig,
        _ catalog: ProviderCatalog
    ) -> AccountPlan {
        var descriptor =
            catalog.descriptor(probe.kind) ?? ProviderDescriptor(kind: probe.kind, title: probe.kind.rawValue)
        descriptor.isEngine = true
        var headers = settings.headers
        var location = "none"
        // An engine started with a key of its own names it in its own variable.
        for variable in descriptor.credentialVariables {
            guard let secret = try? config.resolver.resolve(.environment(variable)) else { continue }
            headers.append(HeaderField(name: descriptor.authHeader, value: descriptor.authPrefix + secret.reveal()))
            location = "env::\(variable)"
            break
        }
        var plan = AccountPlan(
            name: AccountName(probe.kind.rawValue),
            descriptor: descriptor,
            endpoint: probe.endpoint,
            source: .local,
            isLocal: true,
            credentialLocation: location,
            headers: headers,
            timeouts: TargetTimeouts(total: settings.timeout)
        )
        // What an engine cannot work on at once waits here, where it is queue wait, and not in the engine.
        plan.maxConcurrency = probe.slots ?? 0
        plan.keepAlive = settings.keepAlive
        plan.addHeaders(of: descriptor)
        return plan
    }
}
