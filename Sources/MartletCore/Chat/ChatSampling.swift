/// How tokens are chosen; `nil` leaves the model's default.
public struct ChatSampling: Hashable, Sendable {
    /// 0…2.
    public var temperature: Double?
    /// 0…1.
    public var topP: Double?
    /// How many most likely tokens are considered; outside OpenAI's own list.
    public var topK: Int?
    /// −2…2.
    public var presencePenalty: Double?
    /// −2…2.
    public var frequencyPenalty: Double?
    /// Makes sampling repeatable as far as the provider can.
    public var seed: Int64?
    /// Texts that end the answer, at most 16.
    public var stop: [String]?
    /// How many answers are made, 1 or more.
    public var count: Int?
    /// Whether log-probabilities are returned.
    public var logprobs: Bool?
    /// How many alternatives a token shows, 0…20.
    public var topLogprobs: Int?

    /// Creates a set of defaults.
    public init() {}
}

/// How long an answer may be; `nil` leaves the model's default.
public struct ChatLimits: Hashable, Sendable {
    /// Visible and reasoning tokens together (`max_completion_tokens`).
    public var maxCompletionTokens: Int?
    /// The older name of the same limit (`max_tokens`); kept apart because providers take one or the other.
    public var maxTokens: Int?

    /// Creates limits.
    public init(maxCompletionTokens: Int? = nil, maxTokens: Int? = nil) {
        self.maxCompletionTokens = maxCompletionTokens
        self.maxTokens = maxTokens
    }
}

/// What a stream reports.
public struct ChatStreamOptions: Hashable, Sendable {
    /// Whether a last chunk carries the usage.
    public var includeUsage: Bool?
    /// Whether chunks are padded against observers of their length.
    public var includeObfuscation: Bool?
    /// Unknown members.
    public var extra: [ExtraMember] = []

    /// Creates options.
    public init(includeUsage: Bool? = nil, includeObfuscation: Bool? = nil) {
        self.includeUsage = includeUsage
        self.includeObfuscation = includeObfuscation
    }
}
