public import MartletCore

/// What is known of the local engine when a snapshot is made.
public enum LocalEngine: Sendable, Hashable {
    /// No base URL is set and nothing answered on the loopback ports that are probed.
    case notConfigured
    /// A base URL is set, but nothing answers there.
    case silent
    /// An engine answers.
    case running(Running)

    /// An engine that answers.
    public struct Running: Sendable, Hashable {
        /// Engine kind, as `X-Provider` shows it.
        public var kind: ProviderKind
        /// Names of the models it reports.
        public var models: [String]
        /// The configured allow-list; `nil` allows every model the engine reports.
        public var allowed: [String]?
        /// The model that `provider: "local"` without a model means.
        public var defaultModel: String?

        /// Describes a running engine.
        public init(kind: ProviderKind, models: [String], allowed: [String]? = nil, defaultModel: String? = nil) {
            self.kind = kind
            self.models = models
            self.allowed = allowed
            self.defaultModel = defaultModel
        }
    }
}

/// Listener and path settings.
public struct ServerSettings: Sendable, Hashable {
    /// Host to bind.
    public var host = "127.0.0.1"
    /// Port to bind; 0 picks one.
    public var port = 8_004
    /// Host names accepted besides the loopback ones; empty accepts any on a public bind.
    public var allowedHosts: [String] = []
    /// Where the OpenAI surface is mounted.
    public var basePaths = ["/v1", "/ai/v1", "/openai/v1"]
    /// Requests are still served this long after SIGTERM while readiness says no; zero on a loopback bind.
    public var drainDelay: Duration = .seconds(5)
    /// Running requests may finish within this time after that.
    public var shutdownGrace: Duration = .seconds(120)
    /// Origins that browsers may call from; empty sends no CORS headers.
    public var corsOrigins: [String] = []
    /// TLS of the listener; `nil` listens in clear.
    public var tls: ListenerTLS?

    /// Creates the defaults.
    public init() {}

    /// Whether the bind is a loopback one.
    public var isLoopback: Bool { Loopback.isHost(host) }
}

/// Files of the listener's TLS, PEM each.
public struct ListenerTLS: Sendable, Hashable {
    /// The certificate, and those between it and the root.
    public var certificateFile: String
    /// Its private key.
    public var keyFile: String
    /// Roots that clients' certificates must come from; `nil` asks clients for none.
    public var clientCAFile: String?

    /// Names the files.
    public init(certificateFile: String, keyFile: String, clientCAFile: String? = nil) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.clientCAFile = clientCAFile
    }
}

/// Who is let in.
public struct AuthSettings: Sendable, Hashable {
    /// Whether a key is needed; false is accepted on a loopback bind only.
    public var enabled = true
    /// The static key beside the created ones.
    ///
    /// Never logged.
    public var staticKey: String?
    /// The key of `/admin`.
    ///
    /// Never logged.
    public var adminKey: String?

    /// Creates the defaults.
    public init() {}
}

/// What is logged and exposed.
public struct ObservabilitySettings: Sendable, Hashable {
    /// Whether `/metrics` exists.
    public var prometheusEnabled = true
    /// Whether `/metrics` needs no key.
    public var prometheusPublic = false
    /// Path of the metrics page.
    public var prometheusPath = "/metrics"
    /// `off`, `stderr` or a path.
    public var accessLog = AccessLog.off
    /// Whether logs are JSON lines.
    public var jsonLogs = false
    /// `trace`, `debug`, `info`, `notice`, `warning`, `error` or `critical`.
    public var logLevel = "info"

    /// Where the access log goes.
    public enum AccessLog: Sendable, Hashable {
        /// Nowhere.
        case off
        /// To standard error.
        case standardError
        /// To a file that is appended to.
        case file(String)
    }

    /// Creates the defaults.
    public init() {}
}
