public import MartletCore

/// The validated configuration as the request path sees it; immutable, swapped whole.
public final class Snapshot: Sendable {
    /// Models by the name a client asks for; `local:NAME` entries included.
    public let models: [ModelName: ModelEntry]
    /// What the model list shows, in order.
    public let listed: [ListedModel]
    /// Accounts, by name.
    public let accounts: [AccountName: Account]
    /// What `TYPE::model` and `TYPE/model` mean: the account of a provider type, by its canonical and short names.
    ///
    /// An account's own name wins over a type's.
    public let accountsByType: [AccountName: AccountName]
    /// Names of provider types and accounts that exist but are not on.
    public let offProviders: Set<AccountName>
    /// Names that are known but stand for nothing now: models of accounts that are off, aliases without members.
    public let away: Set<ModelName>
    /// What callers are told of a model that no provider offers any more, by its name.
    public let retired: [ModelName: String]
    /// The name used when a request names none; `nil` when no default resolves.
    public let defaultModel: ModelName?
    /// What is known of the local engine.
    public let local: LocalEngine
    /// Listener and path settings.
    public let server: ServerSettings
    /// Who is let in.
    public let auth: AuthSettings
    /// Limits of time.
    public let timeouts: TimeoutPolicy
    /// What is done about failures.
    public let retry: RetryPolicy
    /// When targets that fail are left alone.
    public let breaker: CircuitBreakerPolicy
    /// When a second target is asked beside a slow first one.
    public let hedge: HedgePolicy
    /// What is done for streams beyond passing them on.
    public let streams: StreamPolicy
    /// How many requests run and wait.
    public let admission: AdmissionPolicy
    /// Bounds on input.
    public let limits: InputLimits
    /// What is logged and exposed.
    public let observability: ObservabilitySettings
    /// Whether records are synced before the bytes that depend on them.
    public let strictDurability: Bool
    /// What may be fetched for requests that name it by address.
    public let media: MediaSettings
    /// Where requests go that do not say it themselves.
    public let routing: RoutingPolicy
    /// Aliases in order of their ``Alias/index``; those that requests may ask for stand in ``models``, too.
    public let aliases: [Alias]
    /// Whether any alias looks at how a prompt begins; most requests need not ask further.
    public let readsPrefixes: Bool
    /// The aliases that leave the choice to the gateway.
    let autoNames: [ModelName]

    /// Creates a snapshot.
    public init(
        models: [ModelName: ModelEntry],
        listed: [ListedModel],
        accounts: [AccountName: Account],
        defaultModel: ModelName?,
        local: LocalEngine = .notConfigured,
        server: ServerSettings = ServerSettings(),
        auth: AuthSettings = AuthSettings(),
        timeouts: TimeoutPolicy = TimeoutPolicy(),
        retry: RetryPolicy = RetryPolicy(),
        admission: AdmissionPolicy = AdmissionPolicy(),
        limits: InputLimits = InputLimits(),
        observability: ObservabilitySettings = ObservabilitySettings(),
        strictDurability: Bool = false,
        media: MediaSettings = MediaSettings(),
        accountsByType: [AccountName: AccountName] = [:],
        offProviders: Set<AccountName> = [],
        away: Set<ModelName> = [],
        retired: [ModelName: String] = [:],
        routing: RoutingPolicy = RoutingPolicy(),
        aliases: [Alias] = [],
        breaker: CircuitBreakerPolicy = CircuitBreakerPolicy(),
        hedge: HedgePolicy = HedgePolicy(),
        streams: StreamPolicy = StreamPolicy()
    ) {
        self.hedge = hedge
        self.streams = streams
        self.routing = routing
        self.aliases = aliases
        readsPrefixes = aliases.contains(where: \.readsPrefix)
        autoNames = aliases.lazy.filter { $0.strategy == .auto && models[$0.name]?.alias === $0 }.map(\.name)
        self.breaker = breaker
        self.accountsByType = accountsByType
        self.offProviders = offProviders
        self.away = away
        self.retired = retired
        self.media = media
        self.models = models
        self.listed = listed
        self.accounts = accounts
        self.defaultModel = defaultModel
        self.local = local
        self.server = server
        self.auth = auth
        self.timeouts = timeouts
        self.retry = retry
        self.admission = admission
        self.limits = limits
        self.observability = observability
        self.strictDurability = strictDurability
    }
}

extension Snapshot {
    /// The account of a name, or of a provider type's.
    public func account(_ name: AccountName) -> Account? {
        accounts[name] ?? accountsByType[name].flatMap { accounts[$0] }
    }

    /// The name of an alias by its index; `nil` when there is none.
    public func aliasName(_ index: Int) -> String? {
        aliases.indices.contains(index) ? aliases[index].name.rawValue : nil
    }
}

/// A model name with its targets in order of preference.
public struct ModelEntry: Sendable {
    /// The name, and the label in metrics and records.
    public var name: ModelName
    /// Where it can be asked, best first.
    public var targets: [Target]
    /// Whether the name comes from configuration or the registry; others are labelled `other` in metrics.
    public var isNamed: Bool
    /// What orders the targets for each request anew; `nil` for a model, whose order is fixed.
    public var alias: Alias?

    /// Creates an entry.
    public init(name: ModelName, targets: [Target], isNamed: Bool = true) {
        self.name = name
        self.targets = targets
        self.isNamed = isNamed
    }

    /// Creates the entry of an alias.
    ///
    /// - Parameter name: The name it is asked for by; by default its own.
    public init(_ alias: Alias, as name: ModelName? = nil) {
        self.init(name: name ?? alias.name, targets: alias.usualTargets)
        self.alias = alias
    }
}

/// One line of the model list.
public struct ListedModel: Sendable {
    /// The model's name.
    public var id: String
    /// Seconds since 1970; 0 when unknown.
    public var created: Int64
    /// The account's name.
    public var ownedBy: String
    /// What is known of it at the account that is asked first.
    public var facts: ModelFacts
    /// The alias it is; `nil` for a model.
    public var alias: Alias?

    /// Creates a line.
    public init(
        id: String,
        created: Int64 = 0,
        ownedBy: String,
        facts: ModelFacts = ModelFacts(),
        alias: Alias? = nil
    ) {
        self.facts = facts
        self.alias = alias
        self.id = id
        self.created = created
        self.ownedBy = ownedBy
    }
}

/// A provider account that is on: makes targets for models the registry does not know (`account::model`).
public struct Account: Sendable {
    /// The account's name.
    public var name: AccountName
    /// Its type.
    public var kind: ProviderKind
    /// Whether it is probed while circuits of its targets are open; `nil` waits for requests to try them.
    public var healthCheck: HealthCheckPolicy?
    /// Makes a target for any upstream model name, unpriced unless the registry knows it.
    public var makeTarget: @Sendable (_ upstreamModel: String) -> Target
    /// Finds the registry's name of an upstream model, for metrics and records; `nil` for models it does not know.
    public var registeredName: @Sendable (_ upstreamModel: String) -> ModelName?

    /// Creates an account.
    public init(
        name: AccountName,
        kind: ProviderKind,
        healthCheck: HealthCheckPolicy? = nil,
        registeredName: @escaping @Sendable (String) -> ModelName? = { _ in nil },
        makeTarget: @escaping @Sendable (String) -> Target
    ) {
        self.healthCheck = healthCheck
        self.registeredName = registeredName
        self.name = name
        self.kind = kind
        self.makeTarget = makeTarget
    }
}
