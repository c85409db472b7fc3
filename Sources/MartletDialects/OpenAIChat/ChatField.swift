/// The request members the gateway reads on the way of every request.
enum ChatField: UInt8, CaseIterable {
    case model, messages, stream, streamOptions, maxTokens, maxCompletionTokens, n, seed, topLogprobs, topK
    case temperature, topP, presencePenalty, frequencyPenalty, logprobs, parallelToolCalls, store, stop, tools, user
    case metadata, route, fallbacks, provider, smartRouting, credentials

    /// The name on the wire.
    var name: String { "\(literal)" }

    var literal: StaticString {
        switch self {
        case .model: "model"
        case .messages: "messages"
        case .stream: "stream"
        case .streamOptions: "stream_options"
        case .maxTokens: "max_tokens"
        case .maxCompletionTokens: "max_completion_tokens"
        case .n: "n"
        case .seed: "seed"
        case .topLogprobs: "top_logprobs"
        case .topK: "top_k"
        case .temperature: "temperature"
        case .topP: "top_p"
        case .presencePenalty: "presence_penalty"
        case .frequencyPenalty: "frequency_penalty"
        case .logprobs: "logprobs"
        case .parallelToolCalls: "parallel_tool_calls"
        case .store: "store"
        case .stop: "stop"
        case .tools: "tools"
        case .user: "user"
        case .metadata: "metadata"
        case .route: "route"
        case .fallbacks: "fallbacks"
        case .provider: "provider"
        case .smartRouting: "smart_routing"
        case .credentials: "tensorzero::credentials"
        }
    }

    /// Finds a field by the length of its name first, so that few names are compared.
    @inline(__always)
    static func find(_ length: Int, _ isName: (StaticString) -> Bool) -> ChatField? {
        switch length {
        case 1: return isName("n") ? .n : nil
        case 4:
            if isName("user") { return .user }
            if isName("stop") { return .stop }
            return isName("seed") ? .seed : nil
        case 5:
            if isName("model") { return .model }
            if isName("tools") { return .tools }
            if isName("top_p") { return .topP }
            if isName("top_k") { return .topK }
            if isName("store") { return .store }
            return isName("route") ? .route : nil
        case 6: return isName("stream") ? .stream : nil
        case 8:
            if isName("messages") { return .messages }
            if isName("metadata") { return .metadata }
            if isName("logprobs") { return .logprobs }
            return isName("provider") ? .provider : nil
        case 9: return isName("fallbacks") ? .fallbacks : nil
        case 10: return isName("max_tokens") ? .maxTokens : nil
        case 11: return isName("temperature") ? .temperature : nil
        case 12: return isName("top_logprobs") ? .topLogprobs : nil
        case 13: return isName("smart_routing") ? .smartRouting : nil
        case 14: return isName("stream_options") ? .streamOptions : nil
        case 16: return isName("presence_penalty") ? .presencePenalty : nil
        case 17: return isName("frequency_penalty") ? .frequencyPenalty : nil
        case 19: return isName("parallel_tool_calls") ? .parallelToolCalls : nil
        case 21: return isName("max_completion_tokens") ? .maxCompletionTokens : nil
        case 23: return isName("tensorzero::credentials") ? .credentials : nil
        default: return nil
        }
    }
}
