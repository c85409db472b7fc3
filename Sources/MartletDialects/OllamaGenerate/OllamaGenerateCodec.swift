public import MartletCore
import MartletWire

/// The wire format of Ollama's one-prompt route (`POST /api/generate`), in both directions.
///
/// Answers have `response` in place of a message, and never `context`, which is deprecated and bound to one model's
/// tokens. Source: `docs/api.md`, `api/types.go` and `server/routes.go` (`GenerateHandler`) of
/// github.com/ollama/ollama, read 2026-08-21.
public struct OllamaGenerateCodec: TimedCodec {
    /// What the codec adds to requests.
    public var settings: OllamaSettings
    /// What answers tell that no upstream does; `nil` where the answers are an upstream's own.
    public var caller: CallerContext?

    /// The members only this route has, kept as unknown members of the same names.
    static let ownMembers = ["suffix", "raw", "template", "context"]

    /// Makes a codec; apart from its settings it has no state.
    public init(settings: OllamaSettings = OllamaSettings(), for caller: CallerContext? = nil) {
        self.settings = settings
        self.caller = caller
    }

    /// Decodes a request body.
    ///
    /// Without a prompt, which only loads or unloads the model, the request has no user's message; see ``OllamaLoad``.
    /// What only this route has becomes unknown members: `suffix`, `raw`, `template`, `context`.
    public func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> ChatRequest {
        try body.decoded { (view) throws(JSONFieldError) in try ChatRequest(ollamaGenerate: view) }
    }

    /// Encodes a request body for an upstream, without the members that speak to the gateway.
    ///
    /// - Throws: ``GatewayError``: `unsupported_parameter` for several or spoken answers, legacy functions and tools of free text,
    ///   and for a conversation of more than the system's text and one of the user's.
    public func encodeRequest(_ request: ChatRequest) throws(GatewayError) -> EncodedRequest {
        guard (request.sampling.count ?? 1) <= 1 else {
            throw GatewayError(.unsupportedParameter, "Ollama gives one answer to a request.", param: "n")
        }
        try request.refuseForOllama()
        let systems = request.messages.filter { $0.role == .system || $0.role == .developer }
        let users = request.messages.filter { $0.role == .user }
        let hasResults = users.contains { message in
            message.parts.contains { if case .toolResult = $0 { true } else { false } }
        }
        guard systems.count <= 1, users.count <= 1, systems.count + users.count == request.messages.count, !hasResults
        else {
            throw GatewayError(
                .unsupportedParameter,
                "This target takes one prompt, not a conversation.",
                param: "messages"
            )
        }
        return OllamaRequestEncoder.encoded(request, settings, .generate)
    }

    /// Decodes a whole answer.
    public func decodeResponse(_ body: [UInt8]) throws(ChatFailure) -> ChatResponse {
        try body.answered { (view) throws(ChatFailure) in ChatResponse(ollama: try OllamaAnswer(view)) }
    }

    /// Encodes a whole answer; the format has room for one choice, the first.
    public func encodeResponse(_ response: ChatResponse) -> [UInt8] { response.ollamaBody(.generate, caller) }

    /// Encodes a whole answer that tells how long it took.
    public func encodeResponse(_ response: ChatResponse, durations: AnswerDurations) -> [UInt8] {
        response.ollamaBody(.generate, caller, durations)
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
    public func makeStreamEncoder(includeUsage: Bool) -> OllamaStreamEncoder { OllamaStreamEncoder(.generate, caller) }

    /// The caller's name of a member of a request that is named by OpenAI's.
    ///
    /// - Parameter path: A path as ``EncodedRequest/dropped`` and ``GatewayError/param`` have it; the messages are
    ///   `system` and `prompt`.
    public static func callerPath(_ path: String) -> String {
        guard path.hasPrefix("messages") else { return OllamaPaths.caller(path) }
        return path.contains(".image") || path.contains(".input_audio") ? "images" : "prompt"
    }
}

extension ChatRequest {
    /// Decodes a request body.
    fileprivate init(ollamaGenerate view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let model = try reader.takeString("model")
        var messages: [ChatMessage] = []
        if let system = try reader.takeString("system"), !system.isEmpty {
            messages.append(ChatMessage(role: .system, text: system))
        }
        let prompt = try reader.takeString("prompt") ?? ""
        var parts: [ChatPart] = prompt.isEmpty ? [] : [.text(ChatText(prompt))]
        if let list = try reader.takeArray("images") {
            for element in list { parts.append(ChatPart(ollamaImage: try element.requireString())) }
        }
        if !parts.isEmpty { messages.append(ChatMessage(role: .user, parts: parts)) }
        self.init(model: model, messages: messages)
        dialect = .ollamaGenerate
        try takeOllama(&reader)
        extra.removeAll { OllamaGenerateCodec.ownMembers.contains($0.name) && $0.saysNothing }
    }
}
