public import MartletCore

/// What a codec must know of the target it writes for.
public struct CodecSettings: Hashable, Sendable {
    /// The account's name, which signatures of its reasoning are marked with.
    public var account: String
    /// Tokens the model can hold, when known.
    public var contextWindow: Int?
    /// How long a local model stays loaded after a request.
    public var keepAlive: String?

    /// Signatures of calls that were answered before; `nil` keeps none.
    public var signatures: GeminiSignatures?
    /// What no other call of the gateway has, for ids that an answer lacks; `nil` makes them of the answer alone.
    public var answerSeed: String?
    /// Whether the target refused the signatures of the history, so that calls go with what stands for one.
    public var disownsSignatures = false

    /// The provider's own name of the model; `nil` where no format asks for it.
    public var model: String?
    /// What the model takes, as its name tells it; `nil` has each codec tell it from the request.
    public var traits: ModelTraits?
    /// Whether the target has the forms of embeddings that Vertex AI has.
    public var isVertex = false

    /// Whether streams may be asked for their usage, where a format has a member for that.
    public var acceptsStreamUsage: Bool
    /// Which marks of the prompt cache are set in requests whose callers set none, where a format has such marks.
    public var promptCache = PromptCacheMode.off
    /// How its chat completions differ from OpenAI's; `nil` not at all.
    public var chatQuirks: ChatQuirks?
    /// What runs behind an endpoint of one's own on SageMaker.
    public var container = SageMakerContainer.openAI
    /// What the container calls its model.
    public var containerModel: String?
    /// The features that a caller of Anthropic's messages switches on, for formats that name them in the body.
    public var betas: [String] = []

    /// Creates settings.
    public init(
        account: String,
        contextWindow: Int? = nil,
        keepAlive: String? = nil,
        acceptsStreamUsage: Bool = true,
        chatQuirks: ChatQuirks? = nil,
        signatures: GeminiSignatures? = nil
    ) {
        self.signatures = signatures
        self.account = account
        self.contextWindow = contextWindow
        self.keepAlive = keepAlive
        self.acceptsStreamUsage = acceptsStreamUsage
        self.chatQuirks = chatQuirks
    }
}

/// The built-in dialects: a new one is a folder and a line in each of these.
extension Dialect {
    /// The codec of the dialect; `nil` for the model that is built in and calls nobody.
    public func codec(_ settings: CodecSettings) -> (any ChatCodec)? {
        switch self {
        case .openAIChat:
            OpenAIChatCodec(
                asksForUsage: settings.acceptsStreamUsage,
                quirks: settings.chatQuirks,
                origin: settings.account
            )
        case .anthropicMessages:
            AnthropicMessagesCodec(
                traits: settings.traits?.anthropic,
                origin: settings.account,
                promptCache: settings.promptCache
            )
        case .ollamaChat:
            OllamaChatCodec(
                settings: OllamaSettings(
                    context: OllamaContext(window: settings.contextWindow),
                    keepAlive: settings.keepAlive
                )
            )
        case .ollamaGenerate:
            OllamaGenerateCodec(
                settings: OllamaSettings(
                    context: OllamaContext(window: settings.contextWindow),
                    keepAlive: settings.keepAlive
                )
            )
        case .openAICompletions: OpenAICompletionsCodec()
        case .simpleChat: SimpleChatCodec()
        case .openAIResponses: OpenAIResponsesCodec(origin: settings.account)
        case .gemini:
            GeminiCodec(
                origin: settings.account,
                memory: settings.signatures,
                seed: settings.answerSeed,
                disownsSignatures: settings.disownsSignatures
            )
        case .anthropicVertex:
            AnthropicVertexCodec(
                traits: settings.traits?.anthropic,
                origin: settings.account,
                promptCache: settings.promptCache
            )
        case .bedrockConverse:
            BedrockConverseCodec(
                origin: settings.account,
                model: settings.model,
                traits: settings.traits?.bedrock,
                promptCache: settings.promptCache
            )
        case .bedrockAnthropic:
            BedrockAnthropicCodec(
                traits: settings.traits?.anthropic,
                origin: settings.account,
                betas: settings.betas,
                promptCache: settings.promptCache
            )
        case .sageMakerChat:
            SageMakerChatCodec(
                container: settings.container,
                model: settings.containerModel,
                asksForUsage: settings.acceptsStreamUsage
            )
        case .mock: nil
        }
    }

    /// Where chats are posted, below the base path.
    ///
    /// - Parameters:
    ///   - model: The provider's own name of the model, for formats that have it in their path (``PathSegment``).
    ///   - stream: Whether the answer is to come as a stream, for formats that have a path of its own for that.
    public func chatPath(model: String, stream: Bool) -> String {
        switch self {
        case .openAIChat, .mock: "/chat/completions"
        case .anthropicMessages: "/messages"
        case .ollamaChat: "/api/chat"
        case .openAIResponses: "/responses"
        case .ollamaGenerate: "/api/generate"
        case .openAICompletions: "/completions"
        case .simpleChat: "/chat"
        case .gemini:
            GeminiCodec.path(model: model, stream ? "streamGenerateContent?alt=sse" : "generateContent")
        case .anthropicVertex: AnthropicVertexCodec.path(model: model, stream: stream)
        case .bedrockConverse:
            "/model/\(PathSegment.encoded(model))/converse" + (stream ? "-stream" : "")
        case .bedrockAnthropic:
            "/model/\(PathSegment.encoded(model))/invoke" + (stream ? "-with-response-stream" : "")
        case .sageMakerChat:
            "/endpoints/\(PathSegment.encoded(model))/invocations" + (stream ? "-response-stream" : "")
        }
    }

    /// The media type of its streams.
    public var streamType: String {
        switch self {
        case .openAIChat, .anthropicMessages, .openAIResponses, .openAICompletions, .simpleChat, .mock, .gemini,
            .anthropicVertex:
            "text/event-stream"
        case .ollamaChat, .ollamaGenerate: "application/x-ndjson"
        case .bedrockConverse, .bedrockAnthropic, .sageMakerChat: "application/vnd.amazon.eventstream"
        }
    }
}
