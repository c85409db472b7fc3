internal import Foundation
internal import MartletCore

// The files that decode JSON here run at start and for commands, never while a request is served, so Foundation's
// decoder is good enough.

extension ProviderCatalog {
    /// The catalog that ships with the gateway; decoded on first use.
    public static let builtIn: ProviderCatalog = {
        let file = BuiltInFile.decode(PresetsFile.self, from: PackageResources.presets_json, name: "presets.json")
        return ProviderCatalog(
            providers: file.providers.map(\.descriptor),
            unavailable: file.known.map(\.unavailable)
        )
    }()
}

extension ModelRegistry {
    /// The registry that ships with the gateway; decoded on first use.
    public static let builtIn: ModelRegistry = {
        let file = BuiltInFile.decode(ModelsFile.self, from: PackageResources.models_json, name: "models.json")
        return ModelRegistry(models: file.models.map(\.model), asOf: file.asOf)
    }()
}

enum BuiltInFile {
    /// Decodes a file that is part of the program; a failure is a broken build, which the tests catch.
    static func decode<File: Decodable>(_ type: File.Type, from bytes: [UInt8], name: StaticString) -> File {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(type, from: Data(bytes))
        } catch {
            preconditionFailure("the embedded \(name) cannot be read: \(error)")
        }
    }
}

struct PresetsFile: Decodable {
    var providers: [Provider]
    var known: [Known]

    struct Provider: Decodable {
        var kind: String
        var title: String
        var shortNames: [String]
        var dialect: DialectName
        var otherDialects: [DialectName]?
        var otherDialectsFor: String?
        var baseUrl: String?
        var loopbackPort: Int?
        var place: Place?
        var modelsPath: String?
        var families: [Family]?
        var vertexEmbeddings: Bool?
        var profiles: Profiles?
        var credential: ProviderDescriptor.CredentialNeed
        var credentialVariables: [String]
        var authHeader: String
        var authPrefix: String
        var auth: String?
        var service: String?
        var scope: String?
        var chainVariables: [String]?
        var headers: [String: String]?
        var engine: Bool
        var acceptsStreamUsage: Bool
        var differences: Differences?
        var priceList: String?
        var reportsCost: Bool?
        var wholeApi: Bool?
        var tokensPerSecond: Int?

        var descriptor: ProviderDescriptor {
            var out = ProviderDescriptor(
                kind: ProviderKind(kind),
                title: title,
                dialect: dialect.dialect,
                isEngine: engine
            )
            out.shortNames = shortNames
            out.otherDialects = (otherDialects ?? []).map(\.dialect)
            out.otherDialectsFor = otherDialectsFor
            out.baseURL = baseUrl
            out.loopbackPort = loopbackPort
            out.place = place?.place
            out.modelsPath = modelsPath ?? ""
            out.hasVertexEmbeddings = vertexEmbeddings ?? false
            out.families = (families ?? []).map { ProviderFamily(prefix: $0.prefix, kind: ProviderKind($0.kind)) }
            out.profiles = profiles?.profiles
            out.credential = credential
            out.credentialVariables = credentialVariables
            out.authHeader = authHeader
            out.authPrefix = authPrefix
            guard let scheme = AuthScheme(auth: auth, service: service, scope: scope) else {
                preconditionFailure("the preset \(kind) declares no known way to authenticate")
            }
            out.scheme = scheme
            out.chainVariables = chainVariables ?? []
            out.headers = (headers ?? [:]).sorted { $0.key < $1.key }.map { .init(name: $0.key, value: $0.value) }
            out.acceptsStreamUsage = acceptsStreamUsage
            differences?.apply(to: &out)
            out.reportsCost = reportsCost ?? false
            out.hasWholeAPI = wholeApi ?? false
            out.tokensPerSecond = tokensPerSecond
            out.priceList = ProviderKind(priceList ?? kind)
            return out
        }
    }

    struct Place: Decodable {
        var keys: [String]
        var hostKey: String
        var host: String
        var hosts: [String: String]?
        var path: String
        var variables: [String: [String]]?
        var projectKey: String?

        var place: ProviderPlace {
            var place = ProviderPlace(keys: keys, hostKey: hostKey, host: host, hosts: hosts ?? [:], path: path)
            place.variables = variables ?? [:]
            place.projectKey = projectKey
            return place
        }
    }

    struct Family: Decodable {
        var prefix: String
        var kind: String
    }

    struct Profiles: Decodable {
        var marks: [String]
        var prefixes: [String: Int]
        var dearer: String
        var dearerExcept: [String]

        var profiles: InferenceProfiles {
            InferenceProfiles(
                // Longest first, so that no prefix hides a longer one.
                prefixes: prefixes.map { .init(text: $0.key, premiumPercent: $0.value) }
                    .sorted { ($1.text.utf8.count, $0.text) < ($0.text.utf8.count, $1.text) },
                marks: marks,
                dearer: dearer,
                dearerExcept: dearerExcept
            )
        }
    }

    struct Known: Decodable {
        var kind: String
        var title: String
        var shortNames: [String]
        var credentialVariables: [String]

        var unavailable: ProviderCatalog.UnavailableProvider {
            ProviderCatalog.UnavailableProvider(
                kind: ProviderKind(kind),
                title: title,
                shortNames: shortNames,
                credentialVariables: credentialVariables
            )
        }
    }

    enum DialectName: String, Decodable {
        case openAIChat = "openai_chat"
        case anthropicMessages = "anthropic_messages"
        case ollamaChat = "ollama_chat"
        case openAIResponses = "openai_responses"
        case openAICompletions = "openai_completions"
        case ollamaGenerate = "ollama_generate"
        case gemini
        case anthropicVertex = "anthropic_vertex"
        case bedrockConverse = "bedrock_converse"
        case bedrockAnthropic = "bedrock_anthropic"
        case sageMakerChat = "sagemaker_chat"
        case mock

        var dialect: Dialect {
            switch self {
            case .openAIChat: .openAIChat
            case .anthropicMessages: .anthropicMessages
            case .ollamaChat: .ollamaChat
            case .openAIResponses: .openAIResponses
            case .openAICompletions: .openAICompletions
            case .ollamaGenerate: .ollamaGenerate
            case .gemini: .gemini
            case .anthropicVertex: .anthropicVertex
            case .bedrockConverse: .bedrockConverse
            case .bedrockAnthropic: .bedrockAnthropic
            case .sageMakerChat: .sageMakerChat
            case .mock: .mock
            }
        }
    }
}

extension ProviderDescriptor.CredentialNeed: Decodable {}
