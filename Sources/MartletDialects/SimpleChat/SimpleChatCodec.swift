public import MartletCore
import MartletWire

/// The wire format of the gateway's own `POST /chat`, in both directions: one message in, one text out.
///
/// A request has `message`, and may have `system`, `model`, `stream`, `max_tokens`, `temperature`, `user`, `metadata` and
/// what speaks to the gateway. An answer is
/// `{"id","model","response","finish_reason","usage":{"prompt_tokens","completion_tokens","total_tokens"}}`; a stream has
/// `{"text"}` for each piece, then the members of an answer without `response` and with `"done":true`, then `[DONE]`.
/// Errors have OpenAI's shape.
public struct SimpleChatCodec: ChatCodec {
    /// What answers tell that no upstream does; `nil` where the answers are an upstream's own.
    public var caller: CallerContext?

    /// Makes a codec; apart from its caller it has no state.
    public init(for caller: CallerContext? = nil) { self.caller = caller }

    /// Decodes a request body.
    public func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> ChatRequest {
        let request = try body.decoded { (view) throws(JSONFieldError) in try ChatRequest(simple: view) }
        guard let request else { throw SimpleChatFacts.missingMessage }
        return request
    }

    /// Encodes a request body.
    ///
    /// - Throws: ``GatewayError``: `unsupported_parameter` for more than the system's text and one of the user's.
    public func encodeRequest(_ request: ChatRequest) throws(GatewayError) -> EncodedRequest {
        var request = request
        var system: String?
        if let first = request.messages.first, first.role == .system || first.role == .developer {
            system = first.text
            request.messages.removeFirst()
        }
        guard let message = request.promptText else {
            throw GatewayError(.unsupportedParameter, "This target takes one message.", param: "messages")
        }
        var dropped = DroppedPaths()
        request.nameWhatPromptsLack(&dropped)
        let sampling = request.sampling
        if sampling.topP != nil { dropped.add("top_p") }
        if sampling.topK != nil { dropped.add("top_k") }
        if sampling.seed != nil { dropped.add("seed") }
        if sampling.presencePenalty.map({ $0 != 0 }) ?? false { dropped.add("presence_penalty") }
        if sampling.frequencyPenalty.map({ $0 != 0 }) ?? false { dropped.add("frequency_penalty") }
        if let stop = sampling.stop, !stop.isEmpty { dropped.add("stop") }
        if let count = sampling.count, count > 1 { dropped.add("n") }
        if let options = request.streamOptions { dropped.add(options.extra, in: "stream_options") }
        var writer = JSONWriter(reserving: 256)
        writer.object { writer in
            writer.member("model", request.model)
            writer.member("system", system)
            writer.member("message", message)
            writer.member("max_tokens", request.limits.maxCompletionTokens ?? request.limits.maxTokens)
            writer.member("temperature", sampling.temperature)
            writer.member("stream", request.stream)
            writer.member("user", request.user)
            if request.dialect == .simpleChat { writer.members(request.extra) }
        }
        if request.dialect != .simpleChat { dropped.add(request.extra, in: "") }
        return EncodedRequest(body: writer.bytes, dropped: dropped.paths)
    }

    /// Decodes a whole answer.
    public func decodeResponse(_ body: [UInt8]) throws(ChatFailure) -> ChatResponse {
        try body.answered { (view) throws(ChatFailure) in
            if let failure = UpstreamFailure(answer: view), view.member("response") == nil { throw .upstream(failure) }
            guard let text = view.member("response")?.string(), var reader = try? JSONObjectReader(view) else {
                throw .malformed("the answer has no response")
            }
            let reason = reader.lenientString("finish_reason").map(FinishReason.init(name:))
            let message = ChatMessage(role: .assistant, text: text)
            return ChatResponse(
                id: reader.lenientString("id"),
                model: reader.lenientString("model"),
                choices: [ChatResponse.Choice(index: 0, message: message, finishReason: reason)],
                usage: reader.takeUsage()
            )
        }
    }

    /// Whether answers tell any reason to stop by its own name: they do.
    public var tellsAnyReason: Bool { true }

    /// Encodes a whole answer; there is room for one choice, the first.
    public func encodeResponse(_ response: ChatResponse) -> [UInt8] {
        let choice = response.choices.first
        var writer = JSONWriter(reserving: 256)
        writer.object { writer in
            writer.member("id", caller.map(Self.id) ?? response.id)
            writer.member("model", caller?.model ?? response.model)
            writer.member("response", (choice?.message.text ?? "") + (choice?.message.refusal ?? ""))
            writer.member("finish_reason", (choice?.finishReason ?? .stop).name)
            if let usage = response.usage {
                writer.key("usage")
                usage.write(to: &writer)
            }
        }
        return writer.bytes
    }

    static func id(_ context: CallerContext) -> String { "chat-" + context.id.description }

    /// Reads what an upstream said about a failure, in whatever shape.
    public func decodeFailure(_ body: [UInt8]) -> UpstreamFailure { UpstreamFailure(openAI: body) }

    /// Encodes an error body for a caller.
    public func encodeError(_ error: GatewayError) -> [UInt8] { OpenAIChatError.encode(error) }

    /// Encodes what an upstream said about a failure.
    public func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        OpenAIChatError.encode(failure, status: status)
    }

    /// Makes a decoder for one stream.
    public func makeStreamDecoder() -> SimpleChatStreamDecoder { SimpleChatStreamDecoder() }

    /// Makes an encoder for one stream.
    ///
    /// - Parameter includeUsage: Not looked at: the last event always tells the tokens.
    public func makeStreamEncoder(includeUsage: Bool) -> SimpleChatStreamEncoder {
        SimpleChatStreamEncoder(for: caller)
    }

    /// The caller's name of a member of a request that is named by OpenAI chat's.
    ///
    /// - Parameter path: A path as ``EncodedRequest/dropped`` and ``GatewayError/param`` have it.
    public static func callerPath(_ path: String) -> String { path.hasPrefix("messages") ? "message" : path }
}

extension ChatRequest {
    /// Decodes a request body; `nil` when it has no message.
    fileprivate init?(simple view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let model = try reader.takeString("model")
        guard let message = try reader.takeString("message") else { return nil }
        if message.isEmpty { throw reader.error("message", expected: "a string that is not empty") }
        var messages: [ChatMessage] = []
        if let system = try reader.takeString("system"), !system.isEmpty {
            messages.append(ChatMessage(role: .system, text: system))
        }
        messages.append(ChatMessage(role: .user, text: message))
        self.init(model: model, messages: messages)
        dialect = .simpleChat
        limits.maxTokens = try reader.takeInt("max_tokens", in: 1...BodyMembers.largest).flatMap { Int(exactly: $0) }
        sampling.temperature = try reader.takeDouble("temperature", in: 0...2)
        stream = try reader.takeBool("stream")
        // The last event always tells the tokens.
        if stream == true { streamOptions = ChatStreamOptions(includeUsage: true) }
        user = try reader.takeString("user")
        metadata = try Self.takeMetadata(&reader)
        gateway = try GatewayExtensions(&reader)
        _ = reader.take("stream_options")
        extra = reader.extra.filter { !$0.saysNothing }
    }
}
