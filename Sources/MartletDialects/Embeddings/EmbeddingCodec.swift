public import MartletCore

/// Decodes and encodes one wire format of embeddings in both directions.
public protocol EmbeddingCodec: Sendable {
    /// Decodes a request body.
    ///
    /// - Throws: ``GatewayError`` that names the offending field.
    func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> EmbeddingRequest
    /// Encodes a request body for an upstream, without the members that speak to the gateway.
    ///
    /// What the dialect cannot carry is named in the result, in the names of the caller's dialect.
    ///
    /// - Throws: ``GatewayError`` when leaving it out would change what the caller gets, with the member as `param`.
    func encodeRequest(_ request: EmbeddingRequest) throws(GatewayError) -> EncodedRequest
    /// Decodes an answer.
    ///
    /// - Parameters:
    ///   - body: The answer.
    ///   - count: How many inputs the request had; an answer with another number of vectors is none.
    /// - Throws: ``ChatFailure`` when it is no answer.
    func decodeResponse(_ body: [UInt8], count: Int) throws(ChatFailure) -> EmbeddingResponse
    /// Encodes an answer for a caller.
    ///
    /// - Parameters:
    ///   - response: The answer.
    ///   - request: What the caller asked for: its form of vectors, and its tokens where the provider told none.
    ///   - model: The model as the caller named it; `nil` shows the name the provider gave.
    /// - Throws: ``ChatFailure/malformed(_:)`` for a vector that holds what is no number.
    func encodeResponse(
        _ response: EmbeddingResponse,
        to request: EmbeddingRequest,
        model: String?
    ) throws(ChatFailure) -> [UInt8]
    /// Reads what an upstream said about a failure, in whatever shape.
    func decodeFailure(_ body: [UInt8]) -> UpstreamFailure
    /// What an upstream takes in one call.
    var limits: EmbeddingLimits { get }
    /// Encodes an error body for a caller.
    func encodeError(_ error: GatewayError) -> [UInt8]
    /// Encodes what an upstream said about a failure, for a caller who is shown the upstream's status.
    func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8]
}

extension EmbeddingCodec {
    /// What an upstream takes in one call: as much as OpenAI, unless the format says otherwise.
    public var limits: EmbeddingLimits { .openAI }
}

/// The dialects that have embeddings.
extension Dialect {
    /// The codec for embeddings; `nil` where the dialect has none.
    ///
    /// - Parameter settings: What it must know of the target it writes for.
    public func embeddingCodec(_ settings: CodecSettings) -> (any EmbeddingCodec)? {
        switch self {
        case .openAIChat, .openAIResponses, .openAICompletions: OpenAIEmbeddingsCodec()
        case .ollamaChat, .ollamaGenerate: OllamaEmbedCodec(keepAlive: settings.keepAlive)
        case .gemini: GeminiEmbedCodec(form: .init(model: settings.model ?? "", isVertex: settings.isVertex))
        case .bedrockConverse: settings.model.flatMap { BedrockEmbedCodec(model: $0) }
        case .anthropicMessages, .anthropicVertex, .simpleChat, .bedrockAnthropic, .sageMakerChat, .mock: nil
        }
    }

    /// Where embeddings are asked for, below the base path; `nil` where the dialect has none.
    ///
    /// - Parameters:
    ///   - model: The provider's own name of the model, for formats that have it in their path.
    ///   - isVertex: Whether the target is Vertex AI (``CodecSettings/isVertex``).
    public func embeddingPath(model: String, isVertex: Bool = false) -> String? {
        switch self {
        case .openAIChat, .openAIResponses, .openAICompletions: "/embeddings"
        case .ollamaChat, .ollamaGenerate: "/api/embed"
        case .gemini: GeminiEmbedCodec.path(model: model, .init(model: model, isVertex: isVertex))
        case .bedrockConverse: "/model/\(PathSegment.encoded(model))/invoke"
        case .anthropicMessages, .anthropicVertex, .simpleChat, .bedrockAnthropic, .sageMakerChat, .mock: nil
        }
    }
}
