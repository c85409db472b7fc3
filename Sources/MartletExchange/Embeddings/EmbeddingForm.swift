import MartletCore
import MartletDialects

/// The routes by which vectors are asked for.
public enum EmbeddingForm: Sendable, Hashable {
    /// OpenAI's `POST /embeddings`.
    case openAI
    /// Ollama's `POST /api/embed`.
    case ollama
    /// Ollama's older `POST /api/embeddings`: one prompt, one vector.
    case ollamaPrompt

    /// The name in the access log.
    var name: String {
        switch self {
        case .openAI: "embeddings"
        case .ollama: "ollama_embed"
        case .ollamaPrompt: "ollama_embeddings"
        }
    }

    /// The wire format of the route.
    var dialect: Dialect { self == .openAI ? .openAIChat : .ollamaChat }

    /// The codec that speaks to the caller.
    var codec: any EmbeddingCodec {
        switch self {
        case .openAI: OpenAIEmbeddingsCodec()
        case .ollama: OllamaEmbedCodec(form: .embed, truncates: nil)
        case .ollamaPrompt: OllamaEmbedCodec(form: .embeddings, truncates: nil)
        }
    }

    /// Whether a target that speaks a dialect takes the caller's bytes as they came.
    func passes(_ dialect: Dialect) -> Bool {
        switch self {
        case .openAI: dialect == .openAIChat || dialect == .openAIResponses
        case .ollama: dialect == .ollamaChat
        case .ollamaPrompt: false
        }
    }

    /// What a member of the request is called in the caller's body.
    func callerPath(_ path: String) -> String {
        self == .ollamaPrompt ? OllamaEmbedCodec(form: .embeddings).callerPath(path) : path
    }
}
