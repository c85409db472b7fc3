internal import MartletCore
internal import MartletDialects
internal import MartletGovernance
internal import MartletProviders
internal import MartletRouting

/// A provider account that is on, with everything its targets share.
struct AccountPlan: Sendable {
    var name: AccountName
    var descriptor: ProviderDescriptor
    var endpoint: Endpoint
    var source: ModelSource
    var isLocal: Bool
    var credentialLocation: String
    var headers: [HeaderField] = []
    var dropParams: [String] = []
    var timeouts = TargetTimeouts()
    var maxConcurrency = 0
    var healthCheck: HealthCheckPolicy?
    var keepAlive: String?
    var promptCache = PromptCacheMode.off
    /// The version of the API, which goes behind every path.
    var apiVersion: String?
    /// Whether the path below which it listens is the type's own.
    var hasOwnPath = false
    /// What runs behind an endpoint of one's own.
    var hosting: Quirks.Hosting?
    var readsStorage = false
    var tls = TLSOptions()
    var proxy: Proxy?
    var authorization: Authorization?
    /// What stands before the names of models that have profiles (`eu.`), when they are asked for by the registry's name.
    var profilePrefix: String?
    /// Where its requests are served, where that is known.
    var region: String?
    /// Which of the models behind an endpoint answers.
    var component: String?
    /// Models that another type of the same provider serves.
    var families: [Family] = []

    /// How a Claude is asked to go on from a text, by its generation.
    private func prefill(_ model: String, _ dialect: Dialect, _ descriptor: ProviderDescriptor) -> TextContinuation? {
        switch dialect {
        case .anthropicMessages, .anthropicVertex, .bedrockConverse, .bedrockAnthropic:
            !descriptor.continuationIsSet && AnthropicModelTraits.takesPrefill(model: model) ? .plain : nil
        default: nil
        }
    }

    /// Makes a target for a model of this account.
    func target(
        _ upstreamModel: String,
        price: PriceTable?,
        contextWindow: Int?,
        capabilities: ModelCapabilities = ModelCapabilities(),
        dialect: Dialect? = nil
    ) -> Target {
        let descriptor = descriptor(for: upstreamModel)
        var quirks = Quirks(
            acceptsStreamUsage: descriptor.acceptsStreamUsage,
            dropParams: dropParams,
            keepAlive: keepAlive,
            chat: descriptor.chatQuirks?.forModel(reasons: capabilities.reasoning == true),
            embeddingNames: descriptor.embeddingNames,
            hasEmbeddings: descriptor.hasEmbeddings,
            gap: descriptor.gapFilling
        )
        let spoken = dialect ?? descriptor.dialect
        quirks.continuation = descriptor.continuation ?? prefill(upstreamModel, spoken, descriptor)
        quirks.hasWholeAPI = descriptor.hasWholeAPI
        quirks.reportsCost = descriptor.reportsCost
        quirks.promptCache = promptCache
        quirks.hasVertexEmbeddings = descriptor.hasVertexEmbeddings
        quirks.hosting = hosting
        quirks.tokensPerSecond = descriptor.tokensPerSecond
        quirks.readsStorage = readsStorage
        return Target(
            // Models behind one endpoint fail each for itself.
            id: TargetID(
                account: name,
                upstreamModel: component.map { "\(upstreamModel)/\($0)" } ?? upstreamModel,
                credentialLocation: credentialLocation
            ),
            account: name,
            kind: descriptor.kind,
            dialect: dialect ?? descriptor.dialect,
            upstreamModel: upstreamModel,
            endpoint: endpoint(for: upstreamModel, descriptor),
            source: source,
            isLocal: isLocal,
            headers: headers,
            quirks: quirks,
            price: price,
            contextWindow: contextWindow,
            timeouts: timeouts,
            maxConcurrency: maxConcurrency,
            tls: tls,
            proxy: proxy,
            otherDialects: isBelowVersion
                ? []
                : dialect == nil
                    ? descriptor.otherDialects(of: upstreamModel)
                    : [descriptor.dialect] + descriptor.otherDialects.filter { $0 != dialect },
            capabilities: capabilities.heeding(descriptor.chatQuirks),
            requestSuffix: apiVersion.map { "?api-version=\($0)" } ?? "",
            authorization: authorization,
            region: region
        )
    }

    /// Adds the fields that every call of the type carries, unless the account has its own.
    mutating func addHeaders(of descriptor: ProviderDescriptor) {
        for field in descriptor.headers where !headers.contains(where: { $0.name == field.name }) {
            headers.append(HeaderField(name: field.name, value: field.value))
        }
    }

    /// Whether it listens below the path that the type has for a version of its API.
    private var isBelowVersion: Bool { !hasOwnPath && apiVersion != nil && descriptor.versionedBasePath != nil }

    /// The endpoint in the target's own dialect: Ollama's stands beside its OpenAI one, not below it.
    func dialectEndpoint(for model: String) -> Endpoint {
        var endpoint = endpoint
        if isBelowVersion, let path = descriptor.versionedBasePath {
            endpoint.basePath = path.replacing("{model}", with: PathSegment.encoded(model))
        }
        if descriptor.dialect == .ollamaChat, endpoint.basePath.utf8.elementsEqual("/v1".utf8) {
            endpoint.basePath = ""
        }
        return endpoint
    }

    /// The price when neither the configuration nor the registry has one: tokens of one's own engine cost nothing.
    var fallbackPrice: PriceTable? {
        descriptor.dialect == .mock || (isLocal && descriptor.isEngine) ? .free : nil
    }

    /// Reads `responses::MODEL`, which asks for the model by the Responses API where the account has it.
    private func asked(_ model: String) -> (name: String, dialect: Dialect?) {
        let mark = "responses::"
        guard model.hasPrefix(mark), model.utf8.count > mark.utf8.count,
            descriptor.otherDialects.contains(.openAIResponses)
        else { return (model, nil) }
        return (String(model.dropFirst(mark.count)), .openAIResponses)
    }

    /// The account as the snapshot has it.
    func account(_ registry: ModelRegistry) -> Account {
        Account(
            name: name,
            kind: descriptor.kind,
            healthCheck: healthCheck,
            registeredName: { model in row(of: asked(model).name, in: registry).map { ModelName($0.id) } },
            makeTarget: { model in
                let (name, dialect) = asked(model)
                let known = row(of: name, in: registry)
                return target(
                    known?.upstreamModel ?? name,
                    price: known?.prices ?? fallbackPrice,
                    contextWindow: known?.contextWindow,
                    capabilities: known?.abilities ?? ModelCapabilities(),
                    dialect: dialect
                )
            }
        )
    }

    /// The account of the built-in deterministic model; its endpoint is never dialled.
    static func mock(_ descriptor: ProviderDescriptor) -> AccountPlan {
        AccountPlan(
            name: AccountName(descriptor.kind.rawValue),
            descriptor: descriptor,
            endpoint: Endpoint(tls: false, host: "localhost", port: 1, basePath: ""),
            source: .local,
            isLocal: true,
            credentialLocation: "none"
        )
    }
}
