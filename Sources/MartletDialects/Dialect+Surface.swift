public import MartletCore
public import MartletWire

/// What each dialect does for its callers: a new one is a line in each of these.
extension Dialect {
    /// Reads what the gateway must know of a request body in this dialect.
    ///
    /// - Parameters:
    ///   - body: The whole body.
    ///   - scanner: The scanner after its `finish`.
    /// - Throws: ``GatewayError`` with the field as `param`.
    public func facts(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner
    ) throws(GatewayError) -> RequestFacts {
        switch self {
        case .ollamaChat: try unsafe OllamaChatFacts.read(body, scanner: scanner)
        case .ollamaGenerate: try unsafe OllamaGenerateFacts.read(body, scanner: scanner)
        case .openAICompletions: try unsafe OpenAICompletionsFacts.read(body, scanner: scanner)
        case .simpleChat: try unsafe SimpleChatFacts.read(body, scanner: scanner)
        case .anthropicMessages: try unsafe AnthropicMessagesFacts.read(body, scanner: scanner)
        case .openAIResponses: try unsafe OpenAIResponsesFacts.read(body, scanner: scanner)
        default: try unsafe OpenAIChatFacts.read(body, scanner: scanner)
        }
    }

    /// The edits that make a caller's body one for an upstream of the same dialect.
    ///
    /// - Parameters:
    ///   - body: The whole body.
    ///   - scanner: The scanner after its `finish`.
    ///   - facts: The facts of the body.
    ///   - upstreamModel: The provider's own name of the model.
    ///   - acceptsStreamUsage: Whether the upstream takes `stream_options.include_usage`.
    ///   - dropParams: Top-level members the upstream does not take.
    public func edits(
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner,
        facts: RequestFacts,
        upstreamModel: String,
        acceptsStreamUsage: Bool,
        dropParams: [String]
    ) -> JSONSplice {
        switch self {
        case .ollamaChat, .ollamaGenerate:
            unsafe OllamaChatSplice.edits(
                body,
                scanner: scanner,
                facts: facts,
                upstreamModel: upstreamModel,
                dropParams: dropParams
            )
        case .anthropicMessages:
            unsafe AnthropicMessagesSplice.edits(
                body,
                scanner: scanner,
                facts: facts,
                upstreamModel: upstreamModel,
                dropParams: dropParams
            )
        case .anthropicVertex:
            unsafe AnthropicVertexSplice.edits(body, scanner: scanner, facts: facts, dropParams: dropParams)
        case .openAIResponses:
            unsafe OpenAIResponsesSplice.edits(
                body,
                scanner: scanner,
                facts: facts,
                upstreamModel: upstreamModel,
                dropParams: dropParams
            )
        default:
            unsafe OpenAIChatSplice.edits(
                body,
                scanner: scanner,
                facts: facts,
                upstreamModel: upstreamModel,
                acceptsStreamUsage: acceptsStreamUsage,
                dropParams: dropParams
            )
        }
    }

    /// The codec that answers a caller.
    public func codec(for caller: CallerContext) -> any ChatCodec {
        switch self {
        case .anthropicMessages: AnthropicMessagesCodec(context: caller)
        case .openAIResponses: OpenAIResponsesCodec(context: caller)
        case .ollamaChat: OllamaChatCodec(for: caller)
        case .ollamaGenerate: OllamaGenerateCodec(for: caller)
        case .openAICompletions: OpenAICompletionsCodec(for: caller)
        case .simpleChat: SimpleChatCodec(for: caller)
        default: OpenAIChatCodec()
        }
    }

    /// What a member of the typed request is called in the caller's body.
    public func callerPath(_ path: String) -> String {
        switch self {
        case .ollamaChat: OllamaChatCodec.callerPath(path)
        case .ollamaGenerate: OllamaGenerateCodec.callerPath(path)
        case .openAICompletions: OpenAICompletionsCodec.callerPath(path)
        case .simpleChat: SimpleChatCodec.callerPath(path)
        case .openAIResponses: OpenAIResponsesCodec.callerPath(path)
        default: path
        }
    }
}
