public import MartletCore
import MartletWire

/// The wire format of Anthropic's messages, in both directions.
///
/// - SeeAlso: Anthropic API reference, "Messages" and "Streaming messages".
public struct AnthropicMessagesCodec: ChatCodec {
    /// The version that requests are written in; `nil` takes for each the one that carries most of it.
    public var version: AnthropicVersion?
    /// What is known of the model; `nil` tells it from the model's name in the request.
    public var traits: AnthropicModelTraits?
    /// The name of the account, which decoded thinking is marked with.
    ///
    /// Thinking with another account's mark is not sent: its signature would be refused. `nil` marks and checks nothing.
    public var origin: String?
    /// Whom answers are written for; `nil` leaves their own ids.
    public var context: CallerContext?
    /// Which marks of the prompt cache are set in requests whose callers set none.
    public var promptCache: PromptCacheMode

    /// Makes a codec.
    ///
    /// - Parameters:
    ///   - version: The version that requests are written in; `nil` takes for each the one that carries most of it.
    ///   - traits: What is known of the model; `nil` tells it from the model's name in the request.
    ///   - origin: The name of the account, which decoded thinking is marked with.
    ///   - context: Whom answers are written for: other vendors' answers get ids of this dialect, and the tokens of the
    ///     input are told by estimate until they are known.
    ///   - promptCache: Which marks of the prompt cache are set in requests whose callers set none.
    public init(
        version: AnthropicVersion? = nil,
        traits: AnthropicModelTraits? = nil,
        origin: String? = nil,
        context: CallerContext? = nil,
        promptCache: PromptCacheMode = .off
    ) {
        self.promptCache = promptCache
        self.version = version
        self.traits = traits
        self.origin = origin
        self.context = context
    }

    /// Decodes a request body.
    ///
    /// - Throws: ``GatewayError``: `invalid_json`, `json_too_deep`, `missing_required_parameter`, or `invalid_value`
    ///   with the field's path as `param`.
    public func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> ChatRequest {
        try body.decoded(requiring: ["messages", "max_tokens"]) { (view) throws(JSONFieldError) in
            try ChatRequest(anthropic: view)
        }
    }

    /// Decodes the body of a request to count tokens, which has no limit for the answer.
    ///
    /// - Throws: As ``decodeRequest(_:)``.
    public func decodeCountRequest(_ body: [UInt8]) throws(GatewayError) -> ChatRequest {
        try body.decoded(requiring: ["messages"]) { (view) throws(JSONFieldError) in
            try ChatRequest(anthropic: view)
        }
    }

    /// Encodes a request body for an upstream.
    ///
    /// A request in this dialect passes as it is, but for what the version refuses. For one in another dialect, what
    /// has no form here is dropped and named, as long as the caller still gets what was asked for.
    ///
    /// - Throws: ``GatewayError``: `unsupported_parameter` for what cannot be left out (several answers,
    ///   log-probabilities, sound, tools that are no functions), `invalid_value` for what no upstream would take.
    public func encodeRequest(_ request: ChatRequest) throws(GatewayError) -> EncodedRequest {
        var encoder = AnthropicRequestEncoder(request, codec: self)
        return try encoder.encode()
    }

    /// Whether every whole answer says why it ended: only the first event of a stream may have no `stop_reason`.
    ///
    /// - SeeAlso: Anthropic API reference, "Messages" (November 2026).
    public var tellsWhyItEnds: Bool { true }

    /// Decodes a whole answer.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``, or ``ChatFailure/upstream(_:)`` for an error in place of an answer.
    public func decodeResponse(_ body: [UInt8]) throws(ChatFailure) -> ChatResponse {
        try body.answered { (view) throws(ChatFailure) in
            if let failure = UpstreamFailure(anthropicAnswer: view) { throw .upstream(failure) }
            guard view.member("content")?.kind == .array, let reader = try? JSONObjectReader(view) else {
                throw .malformed("the answer has no content")
            }
            return ChatResponse(anthropic: reader, origin: origin)
        }
    }

    /// Encodes a whole answer; of several answers the first, and of other vendors' answers what this dialect has.
    public func encodeResponse(_ response: ChatResponse) -> [UInt8] { response.anthropicBody(for: context) }

    /// Reads what an upstream said about a failure, in whatever shape.
    public func decodeFailure(_ body: [UInt8]) -> UpstreamFailure { UpstreamFailure(anthropic: body) }

    /// Encodes an error body for a caller.
    public func encodeError(_ error: GatewayError) -> [UInt8] {
        AnthropicMessagesError.encode(error, requestID: context?.requestID)
    }

    /// Encodes what an upstream said about a failure.
    public func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        AnthropicMessagesError.encode(failure, status: status, requestID: context?.requestID)
    }

    /// Makes a decoder for one stream.
    public func makeStreamDecoder() -> AnthropicMessagesStreamDecoder { AnthropicMessagesStreamDecoder(origin: origin) }

    /// Makes an encoder for one stream; this dialect always tells the usage.
    public func makeStreamEncoder(includeUsage: Bool) -> AnthropicMessagesStreamEncoder {
        AnthropicMessagesStreamEncoder(context: context)
    }
}
