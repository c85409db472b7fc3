public import MartletCore
import MartletWire

/// One request for the text in a gap, written for a target.
public struct FIMPlan: Sendable {
    /// Where it is posted.
    public let path: String
    /// The request.
    public let request: EncodedRequest
    /// The codec that reads the answer and the stream.
    public let codec: any ChatCodec
    /// The media type of the stream.
    public let streamType: String

    /// Whether a request asks for the text in a gap: it came by `/fim/completions`, or has a `suffix`.
    public static func isFIM(_ request: ChatRequest) -> Bool { request.extra.value("suffix") != nil }

    /// Writes a request.
    ///
    /// - Parameters:
    ///   - request: What ``MistralFIMCodec``, ``OpenAICompletionsCodec`` or ``OllamaGenerateCodec`` decoded, with the
    ///     upstream's name of the model.
    ///   - route: What the target has.
    ///   - family: The model's family; `nil` tells it by the model's name.
    ///   - settings: What an Ollama needs.
    /// - Throws: ``GatewayError``: `unsupported_parameter` when the model is of no known family, or the request is no
    ///   prompt of one text.
    public init(
        _ request: ChatRequest,
        route: FIMRoute,
        family: FIMFamily? = nil,
        settings: OllamaSettings = OllamaSettings()
    ) throws(GatewayError) {
        path = route.path
        let prefix = try request.prefixText()
        let suffix = request.extra.value("suffix")
        var request = request
        request.extra = request.extra.without("suffix")
        switch route {
        case .fim:
            self.request = MistralFIMCodec.encode(request, prefix: prefix, suffix: suffix)
            codec = OpenAIChatCodec()
        case .suffix:
            // The member is this dialect's own.
            if let suffix { request.extra.append(ExtraMember(name: "suffix", value: suffix)) }
            self.request = try OpenAICompletionsCodec().encodeRequest(request, passing: ["suffix"])
            codec = OpenAICompletionsCodec()
        case .completions:
            try request.fill(prefix, suffix, family)
            self.request = try OpenAICompletionsCodec().encodeRequest(request)
            codec = OpenAICompletionsCodec()
        case .generate:
            try request.fill(prefix, suffix, family)
            request.extra = request.extra.without("raw", "template", "context")
            request.extra.append(ExtraMember(name: "raw", value: JSONText("true")))
            self.request = try OllamaGenerateCodec(settings: settings).encodeRequest(request)
            codec = OllamaGenerateCodec(settings: settings)
        case .infill:
            self.request = LlamaInfillCodec.encode(request, prefix: prefix, suffix: suffix)
            codec = LlamaInfillCodec()
        }
        streamType = route == .generate ? "application/x-ndjson" : "text/event-stream"
    }
}

extension ChatRequest {
    /// The text before the gap.
    ///
    /// - Throws: ``GatewayError``: `unsupported_parameter` for a request that is no prompt.
    func prefixText() throws(GatewayError) -> String {
        guard let promptText else {
            throw GatewayError(
                .unsupportedParameter,
                "A gap is filled between two texts, nothing else.",
                param: "messages"
            )
        }
        return promptText
    }

    /// Puts the prompt of a family in place of the text, and what ends the middle among the stops.
    fileprivate mutating func fill(
        _ prefix: String,
        _ suffix: JSONText?,
        _ family: FIMFamily?
    ) throws(GatewayError) {
        guard let family = family ?? FIMFamily(model: model ?? "") else {
            throw GatewayError(
                .unsupportedParameter,
                "It is not known how this model fills a gap; ask without 'suffix', or use a model of Qwen Coder, "
                    + "Code Llama, StarCoder, DeepSeek Coder, CodeGemma, Codestral or Granite.",
                param: "suffix"
            )
        }
        let text = family.prompt(prefix: prefix, suffix: suffix?.textOfString ?? "")
        messages = [ChatMessage(role: .user, text: text)]
        var stops = sampling.stop ?? []
        for stop in family.stop where stops.count < OpenAIChatFacts.maxStops && !stops.contains(stop) {
            stops.append(stop)
        }
        sampling.stop = stops
    }
}

extension JSONText {
    /// The text of a string; `nil` for every other value.
    var textOfString: String? {
        guard let document = try? JSONDocument(bytes) else { return nil }
        return document.withView { $0.string() }
    }
}
