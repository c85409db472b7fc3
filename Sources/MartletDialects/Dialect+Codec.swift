public import MartletCore

/// What a codec must know of the target it writes for.
public struct CodecSettings: Hashable, Sendable {
    /// The account's name, which signatures of its reasoning are marked with.
    public var account: String
    /// Tokens the model can hold, when known.
    public var contextWindow: Int?
    /// How long a local model stays loaded after a request.
    public var keepAlive: String?

    /// Whether streams may be asked for their usage, where a format has a member for that.
    public var acceptsStreamUsage: Bool
    /// Which marks of the prompt cache are set in requests whose callers set none, where a format has such marks.
    public var promptCache = PromptCacheMode.off

    /// Creates settings.
    public init(
        account: String,
        contextWindow: Int? = nil,
        keepAlive: String? = nil,
        acceptsStreamUsage: Bool = true
    ) {
        self.account = account
        self.contextWindow = contextWindow
        self.keepAlive = keepAlive
        self.acceptsStreamUsage = acceptsStreamUsage
    }
}

/// The built-in dialects: a new one is a folder and a line in each of these.
extension Dialect {
    /// The codec of the dialect; `nil` for the model that is built in and calls nobody.
    public func codec(_ settings: CodecSettings) -> (any ChatCodec)? {
        switch self {
        case .openAIChat: OpenAIChatCodec(asksForUsage: settings.acceptsStreamUsage)
        case .anthropicMessages: AnthropicMessagesCodec(origin: settings.account, promptCache: settings.promptCache)
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
        }
    }

    /// The media type of its streams.
    public var streamType: String {
        switch self {
        case .openAIChat, .anthropicMessages, .openAIResponses, .openAICompletions, .simpleChat, .mock:
            "text/event-stream"
        case .ollamaChat, .ollamaGenerate: "application/x-ndjson"
        }
    }
}
