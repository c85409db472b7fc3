public import MartletCore
import MartletWire

/// The wire format of Ollama's own chat (`POST /api/chat`), in both directions.
///
/// Streams are NDJSON: one object a line, the last one with `"done": true`. Calls of tools come whole, their arguments
/// as an object; pictures are base64 without a `data:` prefix; there is no choice of a tool and no second answer.
/// Source: `docs/api.md`, `api/types.go` and `server/routes.go` of github.com/ollama/ollama, read 2026-08-21.
public struct OllamaChatCodec: TimedCodec {
    /// What the codec adds to requests.
    public var settings: OllamaSettings
    /// What answers tell that no upstream does; `nil` where the answers are an upstream's own.
    public var caller: CallerContext?

    /// Makes a codec; apart from its settings it has no state.
    public init(settings: OllamaSettings = OllamaSettings(), for caller: CallerContext? = nil) {
        self.settings = settings
        self.caller = caller
    }

    /// Decodes a request body.
    ///
    /// A body without messages only loads or unloads the model; its request has none either.
    ///
    /// - Throws: ``GatewayError``: `invalid_json`, `json_too_deep`, or `invalid_value` with the field's path as
    ///   `param`.
    public func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> ChatRequest {
        try body.decoded { (view) throws(JSONFieldError) in try ChatRequest(ollama: view) }
    }

    /// Encodes a request body for an upstream, without the members that speak to the gateway.
    ///
    /// - Throws: ``GatewayError``: `unsupported_parameter` for several or spoken answers, legacy functions and tools of free text,
    ///   none of which can be left out.
    public func encodeRequest(_ request: ChatRequest) throws(GatewayError) -> EncodedRequest {
        guard (request.sampling.count ?? 1) <= 1 else {
            throw GatewayError(.unsupportedParameter, "Ollama gives one answer to a request.", param: "n")
        }
        guard request.dialect == .anthropicMessages else {
            try request.refuseForOllama()
            return OllamaRequestEncoder.encoded(request, settings, .chat)
        }
        var portable = try AnthropicPortableRequest(request, for: .ollamaChat)
        var encoded = OllamaRequestEncoder.encoded(portable.request, settings, .chat)
        portable.add(encoded.dropped)
        encoded.dropped = portable.dropped.paths
        encoded.renamedTools = portable.renamedTools
        return encoded
    }

    /// Encodes a request body for an upstream and names what the format cannot carry.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - dropped: Receives the JSON paths, in the caller's OpenAI-shaped body, of what is not sent (`logit_bias`,
    ///     `messages[2].name`). A path stands for all below it.
    /// - Returns: The body.
    public func encodeRequest(_ request: ChatRequest, dropped: inout [String]) -> [UInt8] {
        var encoder = OllamaRequestEncoder(request, settings)
        encoder.encode()
        dropped.append(contentsOf: encoder.dropped)
        return encoder.writer.bytes
    }

    /// Decodes a whole answer.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)``, or ``ChatFailure/upstream(_:)`` for an error in place of an answer.
    public func decodeResponse(_ body: [UInt8]) throws(ChatFailure) -> ChatResponse {
        try body.answered { (view) throws(ChatFailure) in ChatResponse(ollama: try OllamaAnswer(view)) }
    }

    /// Encodes a whole answer; the format has room for one choice, the first.
    public func encodeResponse(_ response: ChatResponse) -> [UInt8] { response.ollamaBody(.chat, caller) }

    /// Encodes a whole answer that tells how long it took.
    public func encodeResponse(_ response: ChatResponse, durations: AnswerDurations) -> [UInt8] {
        response.ollamaBody(.chat, caller, durations)
    }

    /// Reads what an upstream said about a failure, in whatever shape.
    public func decodeFailure(_ body: [UInt8]) -> UpstreamFailure { UpstreamFailure(ollama: body) }

    /// Encodes an error body for a caller: `{"error":"text"}`.
    public func encodeError(_ error: GatewayError) -> [UInt8] { OllamaError.encode(error.message) }

    /// Encodes what an upstream said about a failure: `{"error":"text"}`.
    public func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        OllamaError.encode(failure.message)
    }

    /// Makes a decoder for one stream.
    public func makeStreamDecoder() -> OllamaStreamDecoder { OllamaStreamDecoder() }

    /// Makes an encoder for one stream.
    ///
    /// - Parameter includeUsage: Not looked at: Ollama always tells the tokens in its last line.
    public func makeStreamEncoder(includeUsage: Bool) -> OllamaStreamEncoder { OllamaStreamEncoder(.chat, caller) }

    /// The caller's name of a member of a request that is named by OpenAI's.
    ///
    /// - Parameter path: A path as ``EncodedRequest/dropped`` and ``GatewayError/param`` have it.
    public static func callerPath(_ path: String) -> String { OllamaPaths.caller(path) }
}
