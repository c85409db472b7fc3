public import MartletCore
internal import MartletProviders
public import MartletRouting

/// The merged configuration of one start or reload: typed settings, findings, and where each value came from.
public struct LoadedConfig: Sendable {
    /// What the server's parts read.
    public var settings: GatewaySettings
    /// Everything found, in file order; errors refuse the configuration.
    public var diagnostics: [ConfigDiagnostic]
    /// Every value in force, defaults included, with secrets masked.
    public var values: [EffectiveValue]

    /// The files merged over the registry.
    public var overlayFiles: [String] = []
    /// What was fetched to be merged over the built-in registry, before the overlay files.
    public var fetchedRegistry: RegistryEdits?

    var overlays: [RegistryEdits] = []
    let tree: ConfigTable
    let resolver: CredentialResolver
    let environment: [String: String]
}

/// One value in force.
public struct EffectiveValue: Sendable, Hashable {
    /// The key path (`server.bind`).
    public var key: String
    /// The value as TOML; secrets are masked.
    public var text: String
    /// Where it comes from.
    public var origin: ConfigOrigin
}

/// The typed settings besides accounts and models.
public struct GatewaySettings: Sendable {
    /// Listener and path settings.
    public var server = ServerSettings()
    /// Who is let in.
    public var auth = AuthSettings()
    /// Limits of time.
    public var timeouts = TimeoutPolicy()
    /// What is done about failures.
    public var retry = RetryPolicy()
    /// When targets that fail are left alone.
    public var breaker = CircuitBreakerPolicy()
    /// When a second target is asked beside a slow first one.
    public var hedge = HedgePolicy()
    /// What is done for streams beyond passing them on.
    public var streams = StreamPolicy()
    /// How many requests run and wait.
    public var admission = AdmissionPolicy()
    /// Bounds on input.
    public var limits = InputLimits()
    /// What is logged and exposed.
    public var observability = ObservabilitySettings()
    /// Whether records are synced before the bytes that depend on them.
    public var strictDurability = false
    /// What may be fetched for requests that name it by address.
    public var media = MediaSettings()
    /// Where a newer registry comes from.
    public var registry = RegistrySettings()
    /// Where state is kept.
    public var paths = ResolvedPaths(dataDirectory: ".", database: "./martlet.db")
    /// Days that single usage records are kept; 0 keeps them for good.
    ///
    /// Daily sums are always kept.
    public var retentionDays = 30
    /// The engine on this machine.
    public var local = LocalSettings()
    /// What happens when a request names no concrete model.
    public var routing = RoutingSettings()

    /// Creates the defaults.
    public init() {}
}

/// Where a newer registry of models comes from.
public struct RegistrySettings: Sendable, Hashable {
    /// The address it is fetched from; `nil` fetches nothing.
    public var url: String?
    /// Hosts, or hosts with ports, that are fetched from against the rules.
    public var hosts: [String] = []

    /// Creates the defaults.
    public init() {}
}

/// How the local engine is found and used.
public struct LocalSettings: Sendable, Hashable {
    /// The engine's type, or `nil` to ask it.
    public var engine: String?
    /// Where it listens; `nil` probes the usual loopback ports.
    public var endpoint: Endpoint?
    /// The configured default model.
    public var defaultModel: String?
    /// The configured allow-list; `nil` allows every model.
    public var allowedModels: [String]?
    /// Limit of one attempt.
    public var timeout: Duration = .seconds(120)
    /// How long a model stays loaded after a request, in the engine's own words (`10m`).
    public var keepAlive = "10m"
    /// Cloudflare Access fields for requests and probes; never logged.
    public var headers: [HeaderField] = []

    /// Creates the defaults.
    public init() {}
}

/// What happens when a request names no concrete model.
public struct RoutingSettings: Sendable, Hashable {
    /// The model of requests that name none.
    public var defaultModel = "auto"
    /// What `auto` uses beyond this machine.
    public var cloudModel = "cloud-balanced"
    /// The route of requests that name neither a model nor a route.
    public var defaultRoute = Route.auto
    /// Whether requests may choose route and fallbacks.
    public var allowsOverride = true
    /// The longest prompt that `auto` leaves on this device.
    public var maxLocalPromptTokens = 8_192
    /// Whether callers may ask for quality or speed.
    public var heedsQuality = true
    /// Whether a tier is picked for requests that do not say.
    public var smartRouting = true
    /// The configured models of tiers.
    public var tiers = Tiers()

    /// Models of tiers; `nil` where none is configured.
    public struct Tiers: Sendable, Hashable {
        /// The one on this device.
        public var local: String?
        /// The one for most requests.
        public var standard: String?
        /// The one for hard requests.
        public var strong: String?

        /// Creates tiers without models.
        public init() {}
    }

    /// Creates the defaults.
    public init() {}
}
