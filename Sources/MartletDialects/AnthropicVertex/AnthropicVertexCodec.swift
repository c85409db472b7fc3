public import MartletCore
import MartletWire

/// Anthropic's messages as Vertex AI has them, in both directions: the model stands in the path, the version in the body,
/// and errors may be Google's.
///
/// Everything else is as in ``AnthropicMessagesCodec``.
/// Source: Anthropic API docs, "Claude on Vertex AI", read 2026-11.
public struct AnthropicVertexCodec: ChatCodec {
    /// The version of the format, as the body names it.
    public static let version = "vertex-2023-10-16"

    private let inner: AnthropicMessagesCodec

    /// Makes a codec.
    ///
    /// - Parameters:
    ///   - traits: What is known of the model; `nil` tells it from the model's name in the request.
    ///   - origin: The name of the account, which decoded thinking is marked with.
    ///   - promptCache: Which marks of the prompt cache are set in requests whose callers set none.
    public init(
        traits: AnthropicModelTraits? = nil,
        origin: String? = nil,
        promptCache: PromptCacheMode = .off
    ) {
        inner = AnthropicMessagesCodec(version: .june2023, traits: traits, origin: origin, promptCache: promptCache)
    }

    /// The path of a model, below the base path.
    ///
    /// - Parameters:
    ///   - model: Vertex's name of the model (`claude-sonnet-4-5@20250929`).
    ///   - stream: Whether the answer is to come as a stream.
    public static func path(model: String, stream: Bool) -> String {
        let name = model.hasPrefix("models/") ? String(model.dropFirst(7)) : model
        return "/models/\(segment(name)):\(stream ? "streamRawPredict" : "rawPredict")"
    }

    /// The `@` before a date stays as it is: it may stand in a path, and Vertex's clients do not encode it.
    private static func segment(_ name: String) -> String {
        name.split(separator: "@", omittingEmptySubsequences: false).map { PathSegment.encoded(String($0)) }
            .joined(separator: "@")
    }

    /// Decodes a request body; it names no model.
    ///
    /// - Throws: As ``AnthropicMessagesCodec/decodeRequest(_:)``.
    public func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> ChatRequest {
        var request = try inner.decodeRequest(body)
        request.extra.removeAll { $0.name == "anthropic_version" }
        return request
    }

    /// Encodes a request body for an upstream.
    ///
    /// - Throws: As ``AnthropicMessagesCodec/encodeRequest(_:)``.
    public func encodeRequest(_ request: ChatRequest) throws(GatewayError) -> EncodedRequest {
        var request = request
        var codec = inner
        codec.traits = inner.traits ?? AnthropicModelTraits(model: request.model ?? "")
        request.model = nil
        request.extra.removeAll { $0.name == "anthropic_version" }
        var encoded = try codec.encodeRequest(request)
        // The encoder wrote an object with at least the messages in it.
        encoded.body.replaceSubrange(0..<1, with: #"{"anthropic_version":"\#(Self.version)","#.utf8)
        encoded.headers = []
        return encoded
    }

    /// Whether every whole answer says why it ended, as those of ``AnthropicMessagesCodec`` do.
    public var tellsWhyItEnds: Bool { true }

    /// Decodes a whole answer.
    ///
    /// - Throws: As ``AnthropicMessagesCodec/decodeResponse(_:)``.
    public func decodeResponse(_ body: [UInt8]) throws(ChatFailure) -> ChatResponse {
        try inner.decodeResponse(body)
    }

    /// Encodes a whole answer.
    public func encodeResponse(_ response: ChatResponse) -> [UInt8] { inner.encodeResponse(response) }

    /// Reads what an upstream said about a failure: Anthropic, or Google in front of it.
    public func decodeFailure(_ body: [UInt8]) -> UpstreamFailure {
        passesFailure(body) ? inner.decodeFailure(body) : UpstreamFailure(gemini: body)
    }

    /// Whether an error body is Anthropic's own, which its callers understand.
    public func passesFailure(_ body: [UInt8]) -> Bool {
        guard let document = try? JSONDocument(body) else { return false }
        return document.withView { $0.member("type")?.equalsString("error") == true }
    }

    /// Encodes an error body for a caller.
    public func encodeError(_ error: GatewayError) -> [UInt8] { inner.encodeError(error) }

    /// Encodes what an upstream said about a failure.
    public func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        inner.encodeFailure(failure, status: status)
    }

    /// Makes a decoder for one stream.
    public func makeStreamDecoder() -> AnthropicMessagesStreamDecoder { inner.makeStreamDecoder() }

    /// Makes an encoder for one stream.
    public func makeStreamEncoder(includeUsage: Bool) -> AnthropicMessagesStreamEncoder {
        inner.makeStreamEncoder(includeUsage: includeUsage)
    }
}
