public import MartletCore
public import MartletGovernance
import Synchronization

/// One place an attempt can be made on: account, upstream model and credential, with all that the attempt needs.
///
/// Immutable; shared by every exchange that uses the snapshot it belongs to.
public final class Target: Sendable {
    /// Survives reloads while account, upstream model and credential location stay the same.
    public let id: TargetID
    /// The account's name, as shown in `X-Provider`.
    public let account: AccountName
    /// The type of the account.
    public let kind: ProviderKind
    /// The wire format spoken to it.
    public let dialect: Dialect
    /// Further wire formats it speaks at its endpoint; callers of one of them are served without translation.
    public let otherDialects: [Dialect]
    /// The provider's own name of the model.
    public let upstreamModel: String
    /// Where it listens.
    public let endpoint: Endpoint
    /// What `X-Model-Source` says.
    public let source: ModelSource
    /// Whether a request that may not leave the device may go there; true only for loopback and the local engine.
    public let isLocal: Bool
    /// Request fields that carry the credential and the operator's own headers, in order.
    ///
    /// Never logged.
    public let headers: [HeaderField]
    /// What requests need beside those fields to show who sends them; `nil` when the fields say it all.
    public let authorization: Authorization?
    /// How this target's format differs from the dialect.
    public let quirks: Quirks
    /// Prices, or `nil` when unknown.
    public let price: PriceTable?
    /// Input and output tokens the model can hold together, when known.
    public let contextWindow: Int?
    /// What the model can do, as far as it is known.
    public let capabilities: ModelCapabilities
    /// What the model takes, as its name tells it.
    public let traits: ModelTraits
    /// Limits of time.
    public let timeouts: TargetTimeouts
    /// Requests in flight on this account at once; 0 means no limit.
    public let maxConcurrency: Int
    /// TLS settings beyond the system's roots.
    public let tls: TLSOptions
    /// The proxy between; `nil` goes straight.
    public let proxy: Proxy?
    /// What every request target begins with: the base path, behind a proxy without a tunnel the whole URL.
    public let requestPrefix: String
    /// What takes the place of ``requestPrefix`` for paths that stand beside the version of the API.
    public var unversionedPrefix: String {
        requestPrefix.hasSuffix("/v1") ? String(requestPrefix.dropLast(3)) : requestPrefix
    }
    /// What every request target ends with: a query such as `?api-version=2024-10-21`, or nothing.
    public let requestSuffix: String
    /// What its connections have in common.
    public let connectionKey: ConnectionKey
    /// Fields of every answer it gives, in order.
    public let answerFields: FieldBlock
    /// `Host` and ``headers`` as they stand in every request to it.
    public let requestFields: FieldBlock
    /// Where what is remembered of it was found, so that nobody looks twice.
    private let found = AtomicLazyReference<TargetMemory>()

    /// Creates a target.
    public init(
        id: TargetID,
        account: AccountName,
        kind: ProviderKind,
        dialect: Dialect,
        upstreamModel: String,
        endpoint: Endpoint,
        source: ModelSource,
        isLocal: Bool,
        headers: [HeaderField] = [],
        quirks: Quirks = Quirks(),
        price: PriceTable? = nil,
        contextWindow: Int? = nil,
        timeouts: TargetTimeouts = TargetTimeouts(),
        maxConcurrency: Int = 0,
        tls: TLSOptions = TLSOptions(),
        proxy: Proxy? = nil,
        otherDialects: [Dialect] = [],
        capabilities: ModelCapabilities = ModelCapabilities(),
        requestSuffix: String = "",
        authorization: Authorization? = nil
    ) {
        self.authorization = authorization
        self.requestSuffix = requestSuffix
        self.otherDialects = otherDialects
        self.capabilities = capabilities
        traits = ModelTraits(model: upstreamModel, dialects: [dialect] + otherDialects)
        self.id = id
        self.account = account
        self.kind = kind
        self.dialect = dialect
        self.upstreamModel = upstreamModel
        self.endpoint = endpoint
        self.source = source
        self.isLocal = isLocal
        self.headers = headers
        self.quirks = quirks
        self.price = price
        self.contextWindow = contextWindow
        self.timeouts = timeouts
        self.maxConcurrency = maxConcurrency
        self.tls = tls
        self.proxy = proxy
        connectionKey = ConnectionKey(endpoint: endpoint, tls: tls, proxy: proxy)
        var proxyFields: [HeaderField] = []
        if let proxy, !endpoint.tls {
            // Absolute form (RFC 9112 §3.2.2).
            requestPrefix = "http://\(endpoint.authority)\(endpoint.basePath)"
            if let value = proxy.authorization { proxyFields = [.init(name: "proxy-authorization", value: value)] }
        } else {
            requestPrefix = endpoint.basePath
        }
        answerFields = FieldBlock([
            HeaderField(name: "x-provider", value: account.rawValue),
            HeaderField(name: "x-model-source", value: source.rawValue),
            HeaderField(name: "x-gateway-model", value: upstreamModel),
            HeaderField(name: "x-gateway-route", value: isLocal ? "local" : "cloud"),
        ])
        requestFields = FieldBlock([HeaderField(name: "host", value: endpoint.authority)] + proxyFields + headers)
    }
}

extension Target {
    /// What is remembered of the target; looked up when it is first needed.
    ///
    /// - Parameter find: Finds it by id in the one table of the process.
    public func memory(_ find: (TargetID) -> TargetMemory) -> TargetMemory {
        found.load() ?? found.storeIfNil(find(id))
    }

    /// The wire format to speak to it for a caller: the caller's own if it can be.
    ///
    /// A further format may be the caller's own in another envelope: Anthropic's messages as Bedrock has them.
    public func spoken(for caller: Dialect) -> Dialect {
        if otherDialects.contains(caller) { return caller }
        if caller == .anthropicMessages, otherDialects.contains(.bedrockAnthropic) { return .bedrockAnthropic }
        return dialect
    }
}

/// A header the gateway sends; checked once when the snapshot is made.
public struct HeaderField: Hashable, Sendable {
    /// A lower-case token (RFC 9110 §5.1).
    public var name: String
    /// A field value without CR, LF or NUL (RFC 9110 §5.5).
    public var value: String

    /// Creates a field.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// How a provider's wire format differs from its dialect; declared, never a branch on a name.
public struct Quirks: Hashable, Sendable {
    /// Whether `stream_options.include_usage` is accepted, so that streams report their usage.
    public var acceptsStreamUsage: Bool
    /// Top-level members that are taken out of the request.
    public var dropParams: [String]
    /// How long a local model stays loaded after a request, where the dialect can say so.
    public var keepAlive: String?
    /// How its chat completions differ from OpenAI's; `nil` not at all.
    public var chat: ChatQuirks?
    /// Members of requests for embeddings it has another name for.
    public var embeddingNames: [ChatQuirks.Rename]
    /// Whether it makes embeddings at all.
    public var hasEmbeddings: Bool
    /// What it has for filling the gap between two texts; `nil` when its type declares nothing.
    public var gap: GapFilling?
    /// How it is asked to go on from a text; `nil` when it does not.
    public var continuation: TextContinuation?
    /// Whether it has the other endpoints of OpenAI's API, too: files, images, sound.
    public var hasWholeAPI = false
    /// Whether its answers say what they cost, and that is what is charged.
    public var reportsCost = false
    /// Which marks of the prompt cache are set in requests whose callers set none.
    public var promptCache = PromptCacheMode.off
    /// Whether it has the forms of embeddings that Vertex AI has.
    public var hasVertexEmbeddings = false
    /// Whether callers may name objects of a cloud's storage (`s3://`, `gs://`), which it reads as the gateway's account.
    public var readsStorage = false
    /// What runs behind an endpoint that is named instead of a model, where the type has such.
    public var hosting: Hosting?
    /// Tokens of output a second that the provider's hardware is known for; `nil` where that is up to the model.
    public var tokensPerSecond: Int?

    /// What runs behind an endpoint of one's own.
    public struct Hosting: Hashable, Sendable {
        /// What kind of server it is, as the configuration names it.
        public var container: String
        /// What it calls its model; `nil` where it does not look.
        public var model: String?

        /// Creates a description.
        public init(container: String, model: String? = nil) {
            self.container = container
            self.model = model
        }
    }

    /// Creates a set of quirks.
    public init(
        acceptsStreamUsage: Bool = true,
        dropParams: [String] = [],
        keepAlive: String? = nil,
        chat: ChatQuirks? = nil,
        embeddingNames: [ChatQuirks.Rename] = [],
        hasEmbeddings: Bool = true,
        gap: GapFilling? = nil
    ) {
        self.acceptsStreamUsage = acceptsStreamUsage
        self.dropParams = dropParams
        self.keepAlive = keepAlive
        self.chat = chat
        self.embeddingNames = embeddingNames
        self.hasEmbeddings = hasEmbeddings
        self.gap = gap
    }
}

/// A target's own limits of time; `nil` leaves the gateway's default.
public struct TargetTimeouts: Hashable, Sendable {
    /// Dial and TLS handshake.
    public var connect: Duration?
    /// One attempt, from the request to the last byte.
    public var total: Duration?
    /// From the request to the first content-bearing event of a stream.
    public var firstToken: Duration?

    /// Creates limits.
    public init(connect: Duration? = nil, total: Duration? = nil, firstToken: Duration? = nil) {
        self.connect = connect
        self.total = total
        self.firstToken = firstToken
    }
}

/// TLS settings of an account.
public struct TLSOptions: Hashable, Sendable {
    /// A PEM file of roots that replaces the system's; `nil` uses the system's.
    public var caFile: String?
    /// Whether certificate and name checks are off; for tests of one's own servers only.
    public var insecure: Bool
    /// A PEM file of the client certificate; `nil` shows none.
    public var certificateFile: String?
    /// The PEM file of its private key.
    public var keyFile: String?

    /// Creates settings.
    public init(
        caFile: String? = nil,
        insecure: Bool = false,
        certificateFile: String? = nil,
        keyFile: String? = nil
    ) {
        self.caFile = caFile
        self.insecure = insecure
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}
