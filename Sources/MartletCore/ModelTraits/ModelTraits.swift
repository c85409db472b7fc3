/// What a target's model takes, as its name tells it, for the formats in which models differ.
///
/// Told once, when the target is made: reading names costs more than much of what a request needs.
public struct ModelTraits: Hashable, Sendable {
    /// What it takes on Anthropic's messages; `nil` where they are not spoken.
    public var anthropic: AnthropicModelTraits?
    /// What it takes in the Converse format; `nil` where that is not spoken.
    public var bedrock: BedrockModelTraits?

    /// Tells the traits.
    ///
    /// - Parameters:
    ///   - model: The provider's own name of the model.
    ///   - dialects: The formats that may be spoken to it.
    public init(model: String, dialects: [Dialect]) {
        for dialect in dialects {
            switch dialect {
            case .anthropicMessages, .anthropicVertex, .bedrockAnthropic:
                if anthropic == nil { anthropic = AnthropicModelTraits(model: model) }
            case .bedrockConverse:
                if bedrock == nil { bedrock = BedrockModelTraits(model: model) }
            case .openAIChat, .openAIResponses, .openAICompletions, .simpleChat, .ollamaChat, .ollamaGenerate, .gemini,
                .sageMakerChat, .mock:
                break
            }
        }
    }
}
