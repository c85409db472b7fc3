internal import Foundation
internal import MartletCore

// The only file here that decodes JSON. It runs at start and for commands, never while a request is served, so
// Foundation's decoder is good enough.

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
        var credential: ProviderDescriptor.CredentialNeed
        var credentialVariables: [String]
        var authHeader: String
        var authPrefix: String
        var headers: [String: String]?
        var engine: Bool
        var acceptsStreamUsage: Bool

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
            out.credential = credential
            out.credentialVariables = credentialVariables
            out.authHeader = authHeader
            out.authPrefix = authPrefix
            out.headers = (headers ?? [:]).sorted { $0.key < $1.key }.map { .init(name: $0.key, value: $0.value) }
            out.acceptsStreamUsage = acceptsStreamUsage
            return out
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
            case .bedrockConverse: .bedrockConverse
            case .bedrockAnthropic: .bedrockAnthropic
            case .sageMakerChat: .sageMakerChat
            case .mock: .mock
            }
        }
    }
}

extension ProviderDescriptor.CredentialNeed: Decodable {}

struct ModelsFile: Decodable {
    var asOf: String
    var models: [Row]

    struct Row: Decodable {
        var id: String
        var provider: String
        var upstream: String
        var kind: RegisteredModel.Kind
        var context: Int?
        var maxOutput: Int?
        var input: Int64?
        var output: Int64?
        var cacheRead: Int64?
        var cacheWrite: Int64?
        var longPrompt: LongPrompt?
        var tools: Bool?
        var vision: Bool?
        var jsonSchema: Bool?
        var reasoning: Bool?
        var dimensions: Int?
        var retired: String?
        var retires: String?
        var note: String?
        var asOf: String

        var model: RegisteredModel {
            RegisteredModel(
                id: id,
                provider: ProviderKind(provider),
                upstreamModel: upstream,
                kind: kind,
                contextWindow: context,
                maxOutputTokens: maxOutput,
                input: input.map(TokenPrice.init(picoUSD:)),
                output: output.map(TokenPrice.init(picoUSD:)),
                cacheRead: cacheRead.map(TokenPrice.init(picoUSD:)),
                cacheWrite: cacheWrite.map(TokenPrice.init(picoUSD:)),
                longPrompt: longPrompt?.tier,
                tools: tools,
                vision: vision,
                jsonSchema: jsonSchema,
                reasoning: reasoning,
                dimensions: dimensions,
                retired: retired,
                retires: retires,
                note: note,
                asOf: asOf
            )
        }
    }

    struct LongPrompt: Decodable {
        var above: Int
        var input: Int64
        var output: Int64
        var cacheRead: Int64?

        var tier: RegisteredModel.LongPromptTier {
            RegisteredModel.LongPromptTier(
                aboveTokens: above,
                input: TokenPrice(picoUSD: input),
                output: TokenPrice(picoUSD: output),
                cacheRead: cacheRead.map(TokenPrice.init(picoUSD:))
            )
        }
    }
}

extension RegisteredModel.Kind: Decodable {}
