public import MartletCore

/// A client-facing endpoint: what a path means.
public enum EndpointKind: Sendable, Hashable {
    /// One inference in a caller's wire format: chat completions, responses, messages and the like.
    case chat(Dialect)
    /// `POST …/messages/count_tokens`: the tokens of a prompt of Anthropic's messages.
    case countTokens
    /// The text in a gap between two texts: Mistral's `POST …/fim/completions`.
    case fim
    /// Vectors: `POST …/embeddings` and Ollama's routes for them.
    case embeddings(EmbeddingForm)
    /// What Ollama's routes tell about models.
    case ollama(OllamaPage)
    /// An endpoint whose bytes pass.
    case pass(PassThrough)
    /// A kept response: `…/responses/{id}` and below.
    case response(StoredResponsePath)
    /// `GET …/models`.
    case models
    /// `GET …/models/{id}`; the id is decoded.
    case model(String)
    /// `GET /live`, `/ready`, `/health`, `/status`, `/ai/v1/health`, `/api/hello` or `/metrics`.
    case page(Page)
    /// `/admin/…`: the control plane's.
    case control

    /// Whether it calls a model, so that it has a body to scan, is metered and needs the inference scope.
    public var isInference: Bool {
        switch self {
        case .chat, .countTokens, .fim, .embeddings, .pass: true
        case .response, .models, .model, .ollama, .page, .control: false
        }
    }

    /// Methods the endpoint has, as `Allow` shows them.
    public var allow: String {
        switch self {
        case .chat, .countTokens, .fim, .embeddings, .ollama(.show): "POST, OPTIONS"
        case .pass(let pass): pass.methods.map(\.name).joined(separator: ", ") + ", OPTIONS"
        case .response(let path): path.methods.map(\.name).joined(separator: ", ") + ", OPTIONS"
        case .models, .model, .page, .ollama: "GET, HEAD, OPTIONS"
        case .control: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
        }
    }

    /// The name in the access log.
    public var name: String {
        switch self {
        case .chat(let dialect): dialect.endpointName
        case .countTokens: "count_tokens"
        case .fim: "fim_completions"
        case .embeddings(let form): form.name
        case .ollama(let page): page.name
        case .pass(let pass): pass.name
        case .response: "responses"
        case .models, .model: "models"
        case .page(let page): page.name
        case .control: "admin"
        }
    }

    /// Whether a method is one of the endpoint's own.
    public func has(_ method: ClientHead.Method) -> Bool {
        switch self {
        case .chat, .countTokens, .fim, .embeddings, .ollama(.show): method == .post
        case .pass(let pass): pass.methods.contains(method)
        case .response(let path): path.methods.contains(method)
        case .models, .model, .page, .ollama: method == .get || method == .head
        case .control:
            switch method {
            case .get, .head, .post, .put, .patch, .delete: true
            default: false
            }
        }
    }
}

extension Dialect {
    /// The name in the access log of an endpoint that speaks it.
    var endpointName: String {
        switch self {
        case .openAIChat, .mock: "chat_completions"
        case .openAIResponses: "responses"
        case .openAICompletions: "completions"
        case .anthropicMessages: "messages"
        case .ollamaChat: "ollama_chat"
        case .ollamaGenerate: "ollama_generate"
        case .simpleChat: "chat"
        case .gemini: "generate_content"
        case .anthropicVertex: "anthropic_vertex"
        case .bedrockConverse: "bedrock_converse"
        case .bedrockAnthropic: "bedrock_anthropic"
        case .sageMakerChat: "sagemaker_chat"
        }
    }
}
