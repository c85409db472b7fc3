public import MartletCore

/// Chooses the context size (`options.num_ctx`) a model is loaded with.
///
/// Ollama loads a model with a context of fixed size, 4,096 tokens on small machines whatever the model could do, and
/// shortens longer prompts without a word. Each change of the size reloads the model, which costs seconds; each token
/// costs memory. Hence few sizes: powers of two and the halves between them.
public struct OllamaContext: Hashable, Sendable {
    /// The smallest of Ollama's own defaults, in tokens (under 24 GiB of video memory; `server/routes.go`).
    public static let smallestDefault = 4_096
    /// The tokens kept free for an answer whose length the caller did not limit.
    public static let openAnswer = 2_048
    /// The largest size that is ever asked for, in tokens.
    public static let largest = 1 << 30

    /// The model's declared context window in tokens; `nil` when unknown.
    ///
    /// Ollama itself never loads more.
    public var window: Int?
    /// The size that is never gone below, except by the window: Ollama's own default on its machine.
    public var minimum: Int
    /// The size the model is loaded with, in tokens, 0 when unknown; kept as long as it is enough.
    public var loaded: Int

    /// Creates a rule.
    public init(window: Int? = nil, minimum: Int = OllamaContext.smallestDefault, loaded: Int = 0) {
        self.window = window
        self.minimum = minimum
        self.loaded = loaded
    }

    /// The size for a request, in tokens.
    public func tokens(for request: ChatRequest) -> Int {
        let limit = request.limits.maxCompletionTokens ?? request.limits.maxTokens
        return tokens(input: OllamaPromptSize(request).cautiousTokens, output: limit.map(Int64.init))
    }

    /// The size for a prompt and its answer: their sum, rounded up to a step, inside the bounds.
    ///
    /// - Parameters:
    ///   - input: The tokens of the prompt, rather too many than too few.
    ///   - output: The limit of the answer in tokens; `nil` when it has none.
    public func tokens(input: Int64, output: Int64?) -> Int {
        let (sum, overflow) = max(0, input).addingReportingOverflow(max(0, output ?? Int64(Self.openAnswer)))
        let needed = overflow ? Self.largest : Int(min(sum, Int64(Self.largest)))
        let given = min(max(minimum, loaded, 1), Self.largest)
        let size = needed <= given ? given : Self.step(atLeast: needed)
        guard let window, window > 0 else { return size }
        return min(size, window)
    }

    /// The smallest power of two, or power of two and a half, that is not below a number.
    ///
    /// 4096, 6144, 8192, 12288, 16384, …
    public static func step(atLeast tokens: Int) -> Int {
        guard tokens > 2 else { return max(tokens, 1) }
        guard tokens < largest else { return largest }
        let power = 1 << (Int.bitWidth - (tokens - 1).leadingZeroBitCount)
        let between = power / 4 * 3
        return between >= tokens ? between : power
    }

    /// Tells from the reported tokens of a prompt whether Ollama shortened it.
    ///
    /// Ollama leaves out the oldest messages until the prompt fits, and cuts the last one where even that does not: in
    /// `llm/llama_server.go` to the kept start (`num_keep`, 4, and a start token) and half of the rest, in older
    /// versions to exactly the context. None of it is reported, and no count of the whole prompt comes back, so that
    /// the answer rests on an estimate and is ``OllamaPromptFit/unknown`` where that proves nothing. Versions that
    /// leave cached tokens out of the count are a reason for low counts too.
    ///
    /// - Parameters:
    ///   - promptTokens: `prompt_eval_count`; `nil` when the answer has none.
    ///   - contextTokens: The `num_ctx` of the request.
    ///   - likelyTokens: The estimated tokens of the whole prompt.
    public static func fit(promptTokens: Int64?, contextTokens: Int, likelyTokens: Int64) -> OllamaPromptFit {
        guard let count = promptTokens, count > 0, contextTokens > 0 else { return .unknown }
        let context = Int64(contextTokens)
        if count >= context { return .truncated }
        let isCut = [4, 5].contains { (keep: Int64) in context > keep && count == context - max((context - keep) / 2, 1)
        }
        if isCut, likelyTokens > count { return .truncated }
        if likelyTokens > context {
            // No tokenizer in use needs so few tokens as three fifths of ⌈bytes / 4⌉ for ordinary text.
            return count < likelyTokens / 5 * 3 ? .truncated : .unknown
        }
        return count < likelyTokens / 2 ? .unknown : .whole
    }
}
