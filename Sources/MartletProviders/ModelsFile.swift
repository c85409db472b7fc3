internal import MartletCore

/// The built-in registry as it is written down (`Resources/models.json`); prices are pico-dollars a token.
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
        // The way the decoder converts `cache_write_1h` from snake case.
        var cacheWrite1H: Int64?
        var longPrompt: LongPrompt?
        var batchPercent: Int?
        var tools: Bool?
        var vision: Bool?
        var jsonSchema: Bool?
        var reasoning: Bool?
        var dimensions: Int?
        var profiles: Bool?
        var retired: String?
        var retires: String?
        var note: String?
        var source: String?
        var asOf: String

        var model: RegisteredModel {
            var model = RegisteredModel(
                id: id,
                provider: ProviderKind(provider),
                upstreamModel: upstream,
                kind: kind,
                asOf: asOf
            )
            model.contextWindow = context
            model.maxOutputTokens = maxOutput
            model.input = input.map(TokenPrice.init(picoUSD:))
            model.output = output.map(TokenPrice.init(picoUSD:))
            model.cacheRead = cacheRead.map(TokenPrice.init(picoUSD:))
            model.cacheWrite = cacheWrite.map(TokenPrice.init(picoUSD:))
            model.cacheWrite1h = cacheWrite1H.map(TokenPrice.init(picoUSD:))
            model.longPrompt = longPrompt?.tier
            model.batchPercent = batchPercent
            model.tools = tools
            model.vision = vision
            model.jsonSchema = jsonSchema
            model.reasoning = reasoning
            model.dimensions = dimensions
            model.hasProfiles = profiles ?? false
            model.retired = retired
            model.retires = retires
            model.note = note
            model.source = source
            return model
        }
    }

    struct LongPrompt: Decodable {
        var above: Int
        var input: Int64
        var output: Int64
        var cacheRead: Int64?
        var cacheWrite: Int64?
        var cacheWrite1H: Int64?

        var tier: RegisteredModel.LongPromptTier {
            RegisteredModel.LongPromptTier(
                aboveTokens: above,
                input: TokenPrice(picoUSD: input),
                output: TokenPrice(picoUSD: output),
                cacheRead: cacheRead.map(TokenPrice.init(picoUSD:)),
                cacheWrite: cacheWrite.map(TokenPrice.init(picoUSD:)),
                cacheWrite1h: cacheWrite1H.map(TokenPrice.init(picoUSD:))
            )
        }
    }
}

extension RegisteredModel.Kind: Decodable {}
