import MartletCore
import MartletWire

/// A request for completions as it is read: a chat of one message, and what cannot be one.
struct CompletionsRequest {
    var request: ChatRequest
    /// The prompt is no text, or there are several.
    var isRefusedPrompt = false
    var echoes = false
    var wantsLogprobs = false

    /// Decodes a body; `suffix` stays an unknown member, by which a request for a middle is told.
    init(_ view: JSONView, dialect: Dialect) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        request = ChatRequest(model: try reader.takeString("model"), messages: [])
        request.dialect = dialect
        if let prompt = reader.takeValue("prompt") {
            let texts = prompt.kind == .array ? prompt.elements.map { $0.string() } : [prompt.string()]
            isRefusedPrompt = texts.count != 1 || texts.first == .some(nil)
            request.messages = [ChatMessage(role: .user, text: (texts.first ?? nil) ?? "")]
        } else {
            throw reader.error("prompt", expected: "a string")
        }
        echoes = try reader.takeBool("echo") ?? false
        if let value = reader.takeValue("logprobs") { wantsLogprobs = value.bool() ?? true }
        request.limits.maxTokens = try reader.takeInt("max_tokens", in: 0...BodyMembers.largest)
            .flatMap { $0 == 0 ? nil : Int(exactly: $0) }
        try request.takeCompletionSampling(&reader)
        request.stream = try reader.takeBool("stream")
        if var options = try reader.takeObject("stream_options") {
            request.streamOptions = ChatStreamOptions(
                includeUsage: try options.takeBool("include_usage"),
                includeObfuscation: try options.takeBool("include_obfuscation")
            )
            request.streamOptions?.extra = options.extra
        }
        request.user = try reader.takeString("user")
        request.gateway = try ChatRequest.GatewayExtensions(&reader)
        request.extra = reader.extra.filter { !$0.saysNothing }
    }

    /// The request.
    ///
    /// - Throws: ``GatewayError``: `unsupported_parameter` for what a chat cannot stand for.
    func checked() throws(GatewayError) -> ChatRequest {
        if isRefusedPrompt {
            throw GatewayError(
                .unsupportedParameter,
                "This model takes one prompt of text at a time, neither a list of prompts nor token ids.",
                param: "prompt"
            )
        }
        if echoes {
            throw GatewayError(.unsupportedParameter, "This model does not repeat the prompt.", param: "echo")
        }
        if wantsLogprobs {
            throw GatewayError(
                .unsupportedParameter,
                "This model does not tell the probabilities of a completion's tokens.",
                param: "logprobs"
            )
        }
        return request
    }
}

extension ChatRequest {
    /// Takes how tokens are chosen, by the names of OpenAI's completions and of Mistral's.
    fileprivate mutating func takeCompletionSampling(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        sampling.temperature = try reader.takeDouble("temperature", in: 0...2)
        sampling.topP = try reader.takeDouble("top_p", in: 0...1)
        sampling.presencePenalty = try reader.takeDouble("presence_penalty", in: -2...2)
        sampling.frequencyPenalty = try reader.takeDouble("frequency_penalty", in: -2...2)
        sampling.seed = try reader.takeInt("seed")
        if sampling.seed == nil { sampling.seed = try reader.takeInt("random_seed") }
        sampling.count = try reader.takeInt("n", in: 1...BodyMembers.largest).flatMap { Int(exactly: $0) }
        guard let value = reader.takeValue("stop") else { return }
        if let text = value.string() {
            sampling.stop = [text]
            return
        }
        var texts: [String] = []
        for element in try value.requireArray() {
            guard texts.count < OpenAIChatFacts.maxStops else {
                throw value.error(expected: "an array of at most \(OpenAIChatFacts.maxStops) elements")
            }
            texts.append(try element.requireString())
        }
        sampling.stop = texts.isEmpty ? nil : texts
    }

    /// The text before the place that is asked for, when the request is a prompt: one message of nothing but text.
    var promptText: String? {
        guard messages.count == 1, messages[0].role == .user,
            messages[0].parts.allSatisfy({ if case .text = $0 { true } else { false } })
        else { return nil }
        return messages[0].text
    }
}
