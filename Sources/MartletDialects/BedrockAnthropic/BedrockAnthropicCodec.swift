public import MartletCore
import MartletWire

/// Anthropic's messages in the envelope of Amazon Bedrock's InvokeModel, in both directions.
///
/// For callers who speak Anthropic's format to a Claude, so that nothing of it is lost on the way through Converse. The
/// model stands in the path, whether to stream too; version and betas stand in the body; the events of a stream come as
/// base64 in frames of `application/vnd.amazon.eventstream`.
///
/// - SeeAlso: Amazon Bedrock user guide, "Anthropic Claude Messages API" (read November 2026).
public struct BedrockAnthropicCodec: ChatCodec {
    /// The codec of the messages themselves.
    private let inner: AnthropicMessagesCodec
    /// The features that the caller switches on.
    public let betas: [String]

    /// The version of the format, as the body names it.
    static let version = "bedrock-2023-05-31"

    /// Makes a codec.
    ///
    /// - Parameters:
    ///   - traits: What is known of the model; `nil` tells it from the model's name in the request.
    ///   - origin: The name of the account, which decoded thinking is marked with.
    ///   - betas: The features that the caller switches on.
    ///   - promptCache: Which marks of the prompt cache are set in requests whose callers set none.
    public init(
        traits: AnthropicModelTraits? = nil,
        origin: String? = nil,
        betas: [String] = [],
        promptCache: PromptCacheMode = .off
    ) {
        inner = AnthropicMessagesCodec(version: .june2023, traits: traits, origin: origin, promptCache: promptCache)
        self.betas = betas
    }

    /// Decodes a request body.
    ///
    /// - Throws: As ``AnthropicMessagesCodec/decodeRequest(_:)``.
    public func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> ChatRequest {
        var request = try inner.decodeRequest(body)
        request.extra = request.extra.without("anthropic_version", "anthropic_beta")
        return request
    }

    /// Encodes a request body for an upstream.
    ///
    /// What this way to Claude does not have is dropped and named.
    ///
    /// - Throws: As ``AnthropicMessagesCodec/encodeRequest(_:)``.
    public func encodeRequest(_ request: ChatRequest) throws(GatewayError) -> EncodedRequest {
        let envelope = BedrockAnthropicEnvelope(request, betas: betas)
        let encoded = try inner.encodeRequest(envelope.request)
        return envelope.wrap(encoded)
    }

    /// Whether every whole answer says why it ended, as those of ``AnthropicMessagesCodec`` do.
    public var tellsWhyItEnds: Bool { true }

    /// Decodes a whole answer.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``, or ``ChatFailure/upstream(_:)`` for an error in place of an answer.
    public func decodeResponse(_ body: [UInt8]) throws(ChatFailure) -> ChatResponse { try inner.decodeResponse(body) }

    /// Encodes a whole answer.
    public func encodeResponse(_ response: ChatResponse) -> [UInt8] { inner.encodeResponse(response) }

    /// Reads what an upstream said about a failure, in whatever shape.
    public func decodeFailure(_ body: [UInt8]) -> UpstreamFailure { UpstreamFailure(bedrock: body) }

    /// Encodes an error body for a caller: `{"message":"text"}`.
    public func encodeError(_ error: GatewayError) -> [UInt8] { BedrockError.encode(error.message) }

    /// Encodes what an upstream said about a failure.
    public func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        BedrockError.encode(failure.message)
    }

    /// Makes a decoder for one stream.
    public func makeStreamDecoder() -> BedrockAnthropicStreamDecoder {
        BedrockAnthropicStreamDecoder(origin: inner.origin)
    }

    /// Makes an encoder for one stream; this dialect always tells the usage.
    public func makeStreamEncoder(includeUsage: Bool) -> BedrockAnthropicStreamEncoder {
        BedrockAnthropicStreamEncoder()
    }
}
