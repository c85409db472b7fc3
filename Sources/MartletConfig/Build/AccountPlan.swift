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
    var keepAlive: String?
    /// The version of the API, which goes behind every path.
    var apiVersion: String?
    /// Whether the path below which it listens is the type's own.
    var hasOwnPath = false
    var tls = TLSOptions()
    var proxy: Proxy?

    /// Makes a target for a model of this account.
    func target(
        _ upstreamModel: String,
        price: PriceTable?,
        contextWindow: Int?,
        capabilities: ModelCapabilities = ModelCapabilities()
    ) -> Target {
        Target(
            id: TargetID(account: name, upstreamModel: upstreamModel, credentialLocation: credentialLocation),
            account: name,
            kind: descriptor.kind,
            dialect: descriptor.dialect,
            upstreamModel: upstreamModel,
            endpoint: endpoint(for: upstreamModel),
            source: source,
            isLocal: isLocal,
            headers: headers,
            quirks: quirks(for: capabilities),
            price: price,
            contextWindow: contextWindow,
            timeouts: timeouts,
            maxConcurrency: maxConcurrency,
            tls: tls,
            proxy: proxy,
            otherDialects: isBelowVersion ? [] : descriptor.otherDialects,
            capabilities: capabilities.heeding(descriptor.chatQuirks),
            requestSuffix: apiVersion.map { "?api-version=\($0)" } ?? ""
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
    private func endpoint(for model: String) -> Endpoint {
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

    /// The account as the snapshot has it.
    func account(_ registry: ModelRegistry) -> Account {
        Account(name: name, kind: descriptor.kind) { model in
            let known = registry.model(upstream: model, at: descriptor.kind)
            return target(
                model,
                price: known?.prices ?? fallbackPrice,
                contextWindow: known?.contextWindow,
                capabilities: known?.abilities ?? ModelCapabilities()
            )
        }
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

extension RegisteredModel {
    /// The price table, when both main prices are known.
    var prices: PriceTable? {
        guard let input, let output else { return nil }
        return PriceTable(input: input, output: output, cacheRead: cacheRead, cacheWrite: cacheWrite)
    }

    /// What requests to it depend on.
    var abilities: ModelCapabilities { ModelCapabilities(jsonSchema: jsonSchema, tools: tools, reasoning: reasoning) }
}
