public import MartletCore
import MartletWire

/// The wire format of Amazon Bedrock's Converse and ConverseStream, in both directions.
///
/// One format for the models of all vendors. Blocks are objects with one member that says what they are; streams are
/// frames of `application/vnd.amazon.eventstream`; the model stands in the path, not in the body.
///
/// - SeeAlso: Amazon Bedrock API reference, `Converse` and `ConverseStream` (service model of 2023-09-30, read
///   November 2026).
public struct BedrockConverseCodec: ChatCodec {
    /// The name of the account, which decoded reasoning is marked with.
    ///
    /// Reasoning with another account's mark is not sent: its signature would be refused. `nil` marks and checks nothing.
    public var origin: String?
    /// The model that answers are said to come from, which the format does not tell.
    public var model: String?
    /// What is known of the model; `nil` tells it from the model's name.
    public var traits: BedrockModelTraits?
    /// Which marks of the prompt cache are set in requests whose callers set none.
    public var promptCache: PromptCacheMode

    /// Makes a codec.
    ///
    /// - Parameters:
    ///   - origin: The name of the account, which decoded reasoning is marked with.
    ///   - model: The model that answers are said to come from.
    ///   - traits: What is known of the model; `nil` tells it from the model's name.
    ///   - promptCache: Which marks of the prompt cache are set in requests whose callers set none.
    public init(
        origin: String? = nil,
        model: String? = nil,
        traits: BedrockModelTraits? = nil,
        promptCache: PromptCacheMode = .off
    ) {
        self.traits = traits
        self.promptCache = promptCache
        self.origin = origin
        self.model = model
    }

    /// Decodes a request body.
    ///
    /// - Throws: ``GatewayError``: `invalid_json`, `json_too_deep`, or `invalid_value` with the field's path as `param`.
    public func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> ChatRequest {
        try body.decoded { (view) throws(JSONFieldError) in try ChatRequest(converse: view) }
    }

    /// Encodes a request body for an upstream.
    ///
    /// What the model's family does not take is dropped and named, as long as the caller still gets what was asked for.
    ///
    /// - Throws: ``GatewayError``: `unsupported_parameter` for what cannot be left out (several answers,
    ///   log-probabilities, tools that are no functions), `invalid_value` for what no upstream would take.
    public func encodeRequest(_ request: ChatRequest) throws(GatewayError) -> EncodedRequest {
        switch request.dialect {
        case .bedrockConverse: return EncodedRequest(body: request.converseBody())
        case .anthropicMessages:
            var portable = try AnthropicPortableRequest(request, for: .bedrockConverse)
            var encoder = ConverseRequestEncoder(portable.request, codec: self)
            var encoded = try encoder.encode()
            portable.add(encoded.dropped)
            encoded.dropped = portable.dropped.paths
            var renamed = portable.renamedTools
            // A name may have been changed twice.
            for (sent, name) in encoded.renamedTools { renamed[sent] = portable.renamedTools[name] ?? name }
            encoded.renamedTools = renamed
            return encoded
        default:
            var encoder = ConverseRequestEncoder(request, codec: self)
            return try encoder.encode()
        }
    }

    /// Whether every whole answer says why it ended: `stopReason` is required.
    ///
    /// - SeeAlso: Amazon Bedrock API reference, `Converse` (November 2026).
    public var tellsWhyItEnds: Bool { true }

    /// Decodes a whole answer.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``, or ``ChatFailure/upstream(_:)`` for an error in place of an answer.
    public func decodeResponse(_ body: [UInt8]) throws(ChatFailure) -> ChatResponse {
        try body.answered { (view) throws(ChatFailure) in
            guard view.kind == .object else { throw .malformed("the answer is no object") }
            guard let message = view.member("output")?.member("message"), message.member("content")?.kind == .array,
                let reader = try? JSONObjectReader(view)
            else {
                let failure = UpstreamFailure(bedrockShape: view)
                if failure.message.isEmpty { throw .malformed("the answer has no message") }
                throw .upstream(failure)
            }
            var response = ChatResponse(converse: reader, origin: origin)
            response.model = model
            let choice = response.choices[0]
            if let word = choice.vendorReason, ConverseStopReason.isFailure(word), !choice.message.saysSomething {
                throw .upstream(ConverseStopReason.failure(word))
            }
            return response
        }
    }

    /// Encodes a whole answer; of several answers the first, and of other vendors' answers what this dialect has.
    public func encodeResponse(_ response: ChatResponse) -> [UInt8] { response.converseBody() }

    /// Reads what an upstream said about a failure, in whatever shape.
    public func decodeFailure(_ body: [UInt8]) -> UpstreamFailure { UpstreamFailure(bedrock: body) }

    /// Encodes an error body for a caller: `{"message":"text"}`; its class stands in a header of the answer.
    public func encodeError(_ error: GatewayError) -> [UInt8] { BedrockError.encode(error.message) }

    /// Encodes what an upstream said about a failure.
    public func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        BedrockError.encode(failure.message)
    }

    /// Makes a decoder for one stream.
    public func makeStreamDecoder() -> ConverseStreamDecoder { ConverseStreamDecoder(origin: origin, model: model) }

    /// Makes an encoder for one stream; this dialect always tells the usage.
    public func makeStreamEncoder(includeUsage: Bool) -> ConverseStreamEncoder { ConverseStreamEncoder() }
}
