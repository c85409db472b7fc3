public import MartletCore
import MartletWire

/// The wire format of Mistral's `POST /fim/completions`, in both directions.
///
/// Answers and streams are those of chat completions (`"object":"chat.completion"`, the text in a message). Source:
/// `FIMCompletionRequest` and `FIMCompletionResponse` of github.com/mistralai/client-python.
public struct MistralFIMCodec: ChatCodec {
    private let chat = OpenAIChatCodec()

    /// Makes a codec; it has no state.
    public init() {}

    /// Decodes a request body.
    ///
    /// The request always is one for a gap: without a `suffix` the text behind it is empty.
    public func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> ChatRequest {
        var request = try body.decoded { (view) throws(JSONFieldError) in
            let request = try CompletionsRequest(view, dialect: .openAICompletions)
            if let suffix = view.member("suffix"), !suffix.isNull { _ = try suffix.requireString() }
            return request
        }.checked()
        if request.extra.value("suffix") == nil {
            request.extra.append(ExtraMember(name: "suffix", value: JSONText(#""""#)))
        }
        return request
    }

    /// Encodes a request body for an upstream.
    ///
    /// - Throws: ``GatewayError``: `unsupported_parameter` for a request that is no prompt.
    public func encodeRequest(_ request: ChatRequest) throws(GatewayError) -> EncodedRequest {
        let prefix = try request.prefixText()
        var rest = request
        rest.extra = rest.extra.without("suffix")
        return Self.encode(rest, prefix: prefix, suffix: request.extra.value("suffix"))
    }

    /// Writes a body; unknown members of other dialects are named.
    static func encode(_ request: ChatRequest, prefix: String, suffix: JSONText?) -> EncodedRequest {
        var dropped = DroppedPaths()
        request.nameWhatPromptsLack(&dropped)
        if request.sampling.topK != nil { dropped.add("top_k") }
        if request.sampling.presencePenalty.map({ $0 != 0 }) ?? false { dropped.add("presence_penalty") }
        if request.sampling.frequencyPenalty.map({ $0 != 0 }) ?? false { dropped.add("frequency_penalty") }
        if let count = request.sampling.count, count > 1 { dropped.add("n") }
        if request.user != nil { dropped.add("user") }
        if let options = request.streamOptions { dropped.add(options.extra, in: "stream_options") }
        var writer = JSONWriter(reserving: 256)
        writer.object { writer in
            writer.member("model", request.model)
            writer.member("prompt", prefix)
            writer.member("suffix", suffix)
            writer.member("max_tokens", request.limits.maxCompletionTokens ?? request.limits.maxTokens)
            writer.member("temperature", request.sampling.temperature)
            writer.member("top_p", request.sampling.topP)
            writer.member("random_seed", request.sampling.seed)
            if let stop = request.sampling.stop {
                writer.key("stop")
                writer.array { writer in
                    for text in stop { writer.string(text) }
                }
            }
            writer.member("stream", request.stream)
            for member in request.extra where member.name == "min_tokens" && !member.isNull {
                writer.member(member.name, member.value)
            }
        }
        dropped.add(request.extra.without("min_tokens"), in: "")
        return EncodedRequest(body: writer.bytes, dropped: dropped.paths)
    }

    /// Decodes a whole answer.
    public func decodeResponse(_ body: [UInt8]) throws(ChatFailure) -> ChatResponse { try chat.decodeResponse(body) }

    /// Encodes a whole answer.
    public func encodeResponse(_ response: ChatResponse) -> [UInt8] { chat.encodeResponse(response) }

    /// Reads what an upstream said about a failure, in whatever shape.
    public func decodeFailure(_ body: [UInt8]) -> UpstreamFailure { chat.decodeFailure(body) }

    /// Encodes an error body for a caller.
    public func encodeError(_ error: GatewayError) -> [UInt8] { chat.encodeError(error) }

    /// Encodes what an upstream said about a failure.
    public func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        chat.encodeFailure(failure, status: status)
    }

    /// Makes a decoder for one stream.
    public func makeStreamDecoder() -> OpenAIChatStreamDecoder { chat.makeStreamDecoder() }

    /// Makes an encoder for one stream.
    public func makeStreamEncoder(includeUsage: Bool) -> OpenAIChatStreamEncoder {
        // Mistral always tells the tokens.
        chat.makeStreamEncoder(includeUsage: true)
    }

    /// The caller's name of a member of a request that is named by OpenAI chat's.
    ///
    /// - Parameter path: A path as ``EncodedRequest/dropped`` and ``GatewayError/param`` have it.
    public static func callerPath(_ path: String) -> String {
        path == "seed" ? "random_seed" : OpenAICompletionsCodec.callerPath(path)
    }
}
