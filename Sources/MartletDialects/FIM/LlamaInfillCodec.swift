public import MartletCore
import MartletWire

/// The wire format of llama-server's `POST /infill`, as an upstream.
///
/// The server puts the tokens of its model around the two texts itself. Answers are its native ones: `content`, `stop`,
/// and counts of tokens. Source: `tools/server/README.md` of github.com/ggml-org/llama.cpp, "POST /infill" and "POST
/// /completion".
public struct LlamaInfillCodec: ChatCodec {
    /// Makes a codec; it has no state.
    public init() {}

    /// Decodes a request body: `input_prefix`, `input_suffix` and what is named as in completions.
    public func decodeRequest(_ body: [UInt8]) throws(GatewayError) -> ChatRequest {
        try body.decoded { (view) throws(JSONFieldError) in
            var reader = try JSONObjectReader(view)
            let prefix = try reader.requireString("input_prefix")
            var request = ChatRequest(
                model: try reader.takeString("model"),
                messages: [ChatMessage(role: .user, text: prefix)]
            )
            request.dialect = .openAICompletions
            request.sampling.temperature = try reader.takeDouble("temperature")
            request.sampling.topP = try reader.takeDouble("top_p")
            request.sampling.topK = try reader.takeInt("top_k", in: -1...BodyMembers.largest)
                .flatMap { Int(exactly: $0) }
            request.sampling.presencePenalty = try reader.takeDouble("presence_penalty")
            request.sampling.frequencyPenalty = try reader.takeDouble("frequency_penalty")
            request.sampling.seed = try reader.takeInt("seed")
            request.limits.maxTokens = try reader.takeInt("n_predict", in: -1...BodyMembers.largest)
                .flatMap { $0 < 1 ? nil : Int(exactly: $0) }
            if let list = try reader.takeArray("stop") {
                var stop: [String] = []
                for element in list { stop.append(try element.requireString()) }
                request.sampling.stop = stop
            }
            request.stream = try reader.takeBool("stream")
            let suffix = reader.takeValue("input_suffix")?.text ?? JSONText(#""""#)
            request.extra = reader.extra + [ExtraMember(name: "suffix", value: suffix)]
            return request
        }
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

    /// Writes a body; the server's own members, which callers may use too, are passed.
    static func encode(_ request: ChatRequest, prefix: String, suffix: JSONText?) -> EncodedRequest {
        var dropped = DroppedPaths()
        request.nameWhatPromptsLack(&dropped)
        if let count = request.sampling.count, count > 1 { dropped.add("n") }
        if request.user != nil { dropped.add("user") }
        if let options = request.streamOptions { dropped.add(options.extra, in: "stream_options") }
        var writer = JSONWriter(reserving: 256)
        writer.object { writer in
            // A server with several models chooses by it.
            writer.member("model", request.model)
            writer.member("input_prefix", prefix)
            writer.member("input_suffix", suffix ?? JSONText(#""""#))
            writer.member("n_predict", request.limits.maxCompletionTokens ?? request.limits.maxTokens)
            writer.member("temperature", request.sampling.temperature)
            writer.member("top_p", request.sampling.topP)
            writer.member("top_k", request.sampling.topK)
            writer.member("presence_penalty", request.sampling.presencePenalty)
            writer.member("frequency_penalty", request.sampling.frequencyPenalty)
            writer.member("seed", request.sampling.seed)
            if let stop = request.sampling.stop {
                writer.key("stop")
                writer.array { writer in
                    for text in stop { writer.string(text) }
                }
            }
            writer.member("stream", request.stream)
            for member in request.extra where ownMembers.contains(member.name) && !member.isNull {
                writer.member(member.name, member.value)
            }
        }
        dropped.add(request.extra.without(ownMembers), in: "")
        return EncodedRequest(body: writer.bytes, dropped: dropped.paths)
    }

    private static let ownMembers: Set<String> = [
        "input_extra", "min_p", "repeat_penalty", "repeat_last_n", "typical_p", "cache_prompt", "samplers",
        "t_max_predict_ms", "t_max_prompt_ms", "id_slot", "grammar", "mirostat", "ignore_eos",
    ]

    /// Decodes a whole answer.
    public func decodeResponse(_ body: [UInt8]) throws(ChatFailure) -> ChatResponse {
        let chunk = try Self.chunk(body)
        if let error = chunk.error { throw .upstream(error) }
        var accumulator = ChatAccumulator()
        accumulator.add(chunk)
        return accumulator.response
    }

    /// Reads one object, which is the same in streams and alone.
    static func chunk(_ data: [UInt8]) throws(ChatFailure) -> ChatChunk {
        try data.answered { (view) throws(ChatFailure) in
            if let error = view.member("error"), !error.isNull {
                return ChatChunk(error: UpstreamFailure(anyShape: view))
            }
            guard let content = view.member("content")?.string() else { throw .malformed("the answer has no content") }
            var choice = ChatChunk.Choice(content: content)
            var usage: ChatUsage?
            if view.member("stop")?.bool() == true {
                let isCut = view.member("stop_type")?.equalsString("limit") == true
                choice.finishReason = isCut || view.member("truncated")?.bool() == true ? .length : .stop
                let believed = 0...Usage.largestCount
                if let input = view.member("tokens_evaluated")?.int64(), believed ~= input,
                    let output = view.member("tokens_predicted")?.int64(), believed ~= output
                {
                    usage = ChatUsage(Usage(inputTokens: input, outputTokens: output))
                }
            }
            return ChatChunk(model: view.member("model")?.string(), choices: [choice], usage: usage)
        }
    }

    /// Encodes a whole answer.
    public func encodeResponse(_ response: ChatResponse) -> [UInt8] {
        let choice = response.choices.first
        return Self.body(
            choice?.message.text ?? "",
            choice?.finishReason ?? .stop,
            response.model,
            response.usage?.counts
        )
    }

    /// Writes one object.
    static func body(_ text: String, _ reason: FinishReason?, _ model: String?, _ usage: Usage?) -> [UInt8] {
        var writer = JSONWriter(reserving: 128)
        writer.object { writer in
            writer.member("content", text)
            writer.member("stop", reason != nil)
            guard let reason else { return }
            writer.member("model", model)
            writer.member("stop_type", reason == .length ? "limit" : "eos")
            writer.member("tokens_evaluated", usage?.inputTokens)
            writer.member("tokens_predicted", usage?.outputTokens)
        }
        return writer.bytes
    }

    /// Reads what an upstream said about a failure, in whatever shape.
    public func decodeFailure(_ body: [UInt8]) -> UpstreamFailure { UpstreamFailure(openAI: body) }

    /// Encodes an error body for a caller.
    public func encodeError(_ error: GatewayError) -> [UInt8] { OpenAIChatError.encode(error) }

    /// Encodes what an upstream said about a failure.
    public func encodeFailure(_ failure: UpstreamFailure, status: Int) -> [UInt8] {
        OpenAIChatError.encode(failure, status: status)
    }

    /// Makes a decoder for one stream.
    public func makeStreamDecoder() -> LlamaInfillStreamDecoder { LlamaInfillStreamDecoder() }

    /// Makes an encoder for one stream.
    public func makeStreamEncoder(includeUsage: Bool) -> LlamaInfillStreamEncoder { LlamaInfillStreamEncoder() }
}
