/// A whole answer in the words all dialects share.
public struct ChatResponse: Hashable, Sendable {
    /// The provider's id of the answer.
    public var id: String?
    /// Seconds since 1970; `nil` when unknown.
    public var created: Int64?
    /// The model that answered, as the provider names it.
    public var model: String?
    /// The answers, mostly one.
    public var choices: [Choice]
    /// What the answer cost in tokens.
    public var usage: ChatUsage?
    /// The dialect it was written in, whose names the unknown members bear.
    public var dialect = Dialect.openAIChat
    /// Unknown members of the answer.
    public var extra: [ExtraMember] = []

    /// Creates an answer.
    public init(
        id: String? = nil,
        created: Int64? = nil,
        model: String? = nil,
        choices: [Choice],
        usage: ChatUsage? = nil
    ) {
        self.id = id
        self.created = created
        self.model = model
        self.choices = choices
        self.usage = usage
    }

    /// One of the answers.
    public struct Choice: Hashable, Sendable {
        /// Counts from 0.
        public var index: Int
        /// What the model said.
        public var message: ChatMessage
        /// Why the model stopped; `nil` when the provider did not say.
        public var finishReason: FinishReason?
        /// The provider's own word for the reason, where ``finishReason`` says less than it (`pause_turn`).
        public var vendorReason: String?
        /// The stop text that was met.
        public var stopSequence: String?
        /// Unknown members of the choice (`logprobs` among them).
        public var extra: [ExtraMember] = []

        /// Creates an answer.
        public init(index: Int, message: ChatMessage, finishReason: FinishReason?) {
            self.index = index
            self.message = message
            self.finishReason = finishReason
        }
    }
}
