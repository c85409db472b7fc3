public import MartletCore
import MartletWire

/// The wire format of Gemini (`generateContent`, `streamGenerateContent?alt=sse`), in both directions.
///
/// The model, and whether the answer is a stream, stand in the path and not in the body. Calls of tools come whole; a
/// signature of the model's thoughts on a call must come back with it (see ``GeminiSignature``). Streams have no mark at
/// their end. Google AI Studio and Vertex AI share the format.
/// Source: Gemini API reference, "Generating content", "Function calling", "Thought signatures", read 2026-11.
public struct GeminiCodec: ChatCodec {
    /// What is known of the model; `nil` tells it from the model's name in the request.
    public var traits: GeminiModelTraits?
    /// The name of the account, which decoded signatures are marked with.
    ///
    /// A signature with another account's mark is not sent. `nil` checks nothing.
    public var origin: String?
    /// Signatures of calls that were answered before, for callers that do not bring them back; `nil` keeps none.
    public var memory: GeminiSignatures?
    /// What tells the calls of this codec's answers from those of all others, where the API gives them no ids.
    ///
    /// `nil` makes the same id for the same call of answers that have no id themselves.
    public var seed: String?
    /// Whether the target refused the signatures of the history: a model that nothing is known of gets what stands for
    /// one, too.
    public var disownsSignatures: Bool

    /// Makes a codec.
    ///
    /// - Parameters:
    ///   - traits: What is known of the model; `nil` tells it from the model's name in the request.
    ///   - origin: The name of the account, which decoded signatures are marked with.
    ///   - memory: Signatures of calls that were answered before.
    ///   - seed: What tells calls without ids from those of other answers.
    ///   - disownsSignatures: Whether the target refused the signatures of the history.
    public init(
        traits: GeminiModelTraits? = nil,
        origin: String? = nil,
        memory: GeminiSignatures? = nil,
        seed: String? = nil,
        disownsSignatures: Bool = false
    ) {
        self.traits = traits
        self.origin = origin
        self.memory = memory
        self.seed = seed
        self.disownsSignatures = disownsSignatures
    }

    /// Decodes a request body; it names no model.
    ///
    /// - Throws: ``GatewayError``: `invalid_json`, `json_too_deep`, `missing_required_parameter`, or `invalid_value`
    ///   with the field's path as `param`.
    public func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> ChatRequest {
        try body.decoded(requiring: ["contents"]) { (view) throws(JSONFieldError) in
            try ChatRequest(gemini: view, origin: origin)
        }
    }

    /// Encodes a request body for an upstream.
    ///
    /// A request in this dialect passes as it is. For one in another dialect, what has no form here is dropped and
    /// named, as long as the caller still gets what was asked for.
    ///
    /// - Throws: ``GatewayError``: `unsupported_parameter` for what cannot be left out (spoken answers, tools that take
    ///   free text), `invalid_value` for what no upstream would take.
    public func encodeRequest(_ request: ChatRequest) throws(GatewayError) -> EncodedRequest {
        guard request.dialect == .anthropicMessages else {
            var encoder = GeminiRequestEncoder(request, codec: self)
            return try encoder.encode()
        }
        var portable = try AnthropicPortableRequest(request, for: .gemini)
        var encoder = GeminiRequestEncoder(portable.request, codec: self)
        var encoded = try encoder.encode()
        portable.add(encoded.dropped)
        encoded.dropped = portable.dropped.paths
        encoded.renamedTools.merge(portable.renamedTools) { _, outer in outer }
        for (sent, name) in encoded.renamedTools {
            if let outer = portable.renamedTools[name] { encoded.renamedTools[sent] = outer }
        }
        return encoded
    }

    /// Whether every whole answer says why it ended: one without `finishReason` has not stopped.
    ///
    /// - SeeAlso: Gemini API reference, `Candidate` (November 2026).
    public var tellsWhyItEnds: Bool { true }

    /// Decodes a whole answer.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``, or ``ChatFailure/upstream(_:)`` for an error in place of an answer.
    public func decodeResponse(_ body: [UInt8]) throws(ChatFailure) -> ChatResponse {
        let response = try body.answered { (view) throws(ChatFailure) in
            try GeminiAnswer(view, origin: origin, seed: seed).response()
        }
        memory?.keep(response)
        return response
    }

    /// Encodes a whole answer.
    public func encodeResponse(_ response: ChatResponse) -> [UInt8] { response.geminiBody() }

    /// Reads what an upstream said about a failure, in whatever shape.
    public func decodeFailure(_ body: [UInt8]) -> UpstreamFailure { UpstreamFailure(gemini: body) }

    /// Encodes an error body for a caller.
    public func encodeError(_ error: GatewayError) -> [UInt8] { GeminiError.encode(error) }

    /// Encodes what an upstream said about a failure.
    public func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        GeminiError.encode(failure, status: status)
    }

    /// Makes a decoder for one stream.
    public func makeStreamDecoder() -> GeminiStreamDecoder {
        GeminiStreamDecoder(origin: origin, memory: memory, seed: seed)
    }

    /// Makes an encoder for one stream; this dialect always tells the usage.
    public func makeStreamEncoder(includeUsage: Bool) -> GeminiStreamEncoder { GeminiStreamEncoder() }

    /// The path of a model, below the base path.
    ///
    /// Names with a collection (`models/…`, `tunedModels/…`, `endpoints/…`) keep it.
    ///
    /// - Parameters:
    ///   - model: The provider's name of the model.
    ///   - method: What is asked of it (`generateContent`).
    public static func path(model: String, _ method: String) -> String {
        let pieces = model.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        if pieces.count == 2, ["models", "tunedModels", "endpoints"].contains(pieces[0]) {
            return "/\(pieces[0])/\(PathSegment.encoded(String(pieces[1]))):\(method)"
        }
        return "/models/\(PathSegment.encoded(model)):\(method)"
    }
}
