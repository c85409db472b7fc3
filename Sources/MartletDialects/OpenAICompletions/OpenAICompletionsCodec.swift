public import MartletCore
import MartletWire

/// The wire format of OpenAI's older completions (`POST /completions`), in both directions.
///
/// A request is a chat of one message. What a chat cannot stand for is refused: several prompts, token ids, `echo`,
/// `logprobs`. `suffix` is a request for a middle, see ``FIMPlan``. Source: OpenAI's API reference, "Completions
/// (legacy)".
public struct OpenAICompletionsCodec: ChatCodec {
    /// What answers tell that no upstream does; `nil` where the answers are an upstream's own.
    public var caller: CallerContext?

    /// Makes a codec; apart from its caller it has no state.
    public init(for caller: CallerContext? = nil) { self.caller = caller }

    /// Decodes a request body.
    ///
    /// - Throws: ``GatewayError`` that names the field: `invalid_value`, or `unsupported_parameter` for what no target
    ///   without completions of its own can do.
    public func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> ChatRequest {
        try body.decoded { (view) throws(JSONFieldError) in
            try CompletionsRequest(view, dialect: .openAICompletions)
        }.checked()
    }

    /// Encodes a request body for an upstream; the prompt is sent as it is, without a template.
    ///
    /// - Throws: ``GatewayError``: `unsupported_parameter` for a request that is no prompt.
    public func encodeRequest(_ request: ChatRequest) throws(GatewayError) -> EncodedRequest {
        try encodeRequest(request, passing: [])
    }

    /// Encodes a request body for an upstream.
    ///
    /// - Parameter passing: Unknown members that are passed whatever dialect they came in.
    func encodeRequest(_ request: ChatRequest, passing: Set<String>) throws(GatewayError) -> EncodedRequest {
        guard let prompt = request.promptText else {
            throw GatewayError(
                .unsupportedParameter,
                "This target takes one prompt, not a conversation.",
                param: "messages"
            )
        }
        let isNative = request.dialect == .openAICompletions
        var dropped = DroppedPaths()
        request.nameWhatPromptsLack(&dropped)
        var writer = JSONWriter(reserving: 256)
        writer.object { writer in
            writer.member("model", request.model)
            writer.member("prompt", prompt)
            writer.member("max_tokens", request.limits.maxCompletionTokens ?? request.limits.maxTokens)
            writer.member("temperature", request.sampling.temperature)
            writer.member("top_p", request.sampling.topP)
            writer.member("top_k", request.sampling.topK)
            writer.member("presence_penalty", request.sampling.presencePenalty)
            writer.member("frequency_penalty", request.sampling.frequencyPenalty)
            writer.member("seed", request.sampling.seed)
            writer.member("n", request.sampling.count)
            if let stop = request.sampling.stop {
                writer.key("stop")
                writer.array { writer in
                    for text in stop { writer.string(text) }
                }
            }
            writer.member("stream", request.stream)
            if let options = request.streamOptions {
                writer.key("stream_options")
                writer.object { writer in
                    writer.member("include_usage", options.includeUsage)
                    writer.member("include_obfuscation", options.includeObfuscation)
                    writer.members(options.extra)
                }
            }
            writer.member("user", request.user)
            writer.members(request.extra.filter { isNative || passing.contains($0.name) })
        }
        if !isNative { dropped.add(request.extra.without(passing), in: "") }
        return EncodedRequest(body: writer.bytes, dropped: dropped.paths)
    }

    /// Decodes a whole answer.
    public func decodeResponse(_ body: [UInt8]) throws(ChatFailure) -> ChatResponse {
        try body.answered { (view) throws(ChatFailure) in
            if let failure = UpstreamFailure(answer: view) { throw .upstream(failure) }
            guard view.member("choices")?.kind == .array, let reader = try? JSONObjectReader(view) else {
                throw .malformed("the answer has no choices")
            }
            return ChatResponse(completions: reader)
        }
    }

    /// Whether answers tell any reason to stop by its own name: they do.
    public var tellsAnyReason: Bool { true }

    /// Encodes a whole answer.
    public func encodeResponse(_ response: ChatResponse) -> [UInt8] { response.completionsBody(caller) }

    /// Reads what an upstream said about a failure, in whatever shape.
    public func decodeFailure(_ body: [UInt8]) -> UpstreamFailure { UpstreamFailure(openAI: body) }

    /// Encodes an error body for a caller.
    public func encodeError(_ error: GatewayError) -> [UInt8] { OpenAIChatError.encode(error) }

    /// Encodes what an upstream said about a failure.
    public func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        OpenAIChatError.encode(failure, status: status)
    }

    /// Makes a decoder for one stream.
    public func makeStreamDecoder() -> OpenAICompletionsStreamDecoder { OpenAICompletionsStreamDecoder() }

    /// Makes an encoder for one stream.
    public func makeStreamEncoder(includeUsage: Bool) -> OpenAICompletionsStreamEncoder {
        OpenAICompletionsStreamEncoder(includeUsage: includeUsage, for: caller)
    }

    /// The caller's name of a member of a request that is named by OpenAI chat's.
    ///
    /// - Parameter path: A path as ``EncodedRequest/dropped`` and ``GatewayError/param`` have it.
    public static func callerPath(_ path: String) -> String {
        if path.hasPrefix("messages") { return "prompt" }
        return path == "max_completion_tokens" ? "max_tokens" : path
    }
}

extension ChatRequest {
    /// Names the typed members that a prompt without a template has no place for.
    func nameWhatPromptsLack(_ dropped: inout DroppedPaths) {
        if let tools, !tools.isEmpty { dropped.add("tools") }
        if let toolChoice, toolChoice != .auto { dropped.add("tool_choice") }
        if parallelToolCalls == false { dropped.add("parallel_tool_calls") }
        if let responseFormat, responseFormat != .text { dropped.add("response_format") }
        if reasoningEffort != nil { dropped.add("reasoning_effort") }
        if sampling.logprobs == true { dropped.add("logprobs") }
        if let count = sampling.topLogprobs, count > 0 { dropped.add("top_logprobs") }
        if let metadata, !metadata.isEmpty { dropped.add("metadata") }
        if let newer = limits.maxCompletionTokens, let older = limits.maxTokens, newer != older {
            dropped.add("max_tokens")
        }
    }
}
