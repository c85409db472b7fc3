/// One piece of a streamed answer in the words all dialects share.
public struct ChatChunk: Hashable, Sendable {
    /// The provider's id of the answer, the same on every chunk.
    public var id: String?
    /// Seconds since 1970; `nil` when unknown.
    public var created: Int64?
    /// The model that answers, as the provider names it.
    public var model: String?
    /// What the chunk adds to which answer; empty on a chunk that only carries usage.
    public var choices: [Choice]
    /// Token counts; where several chunks carry them the last one counts.
    public var usage: ChatUsage?
    /// A failure in the middle of the stream; nothing follows it.
    public var error: UpstreamFailure?
    /// Unknown members of the chunk.
    public var extra: [ExtraMember] = []

    /// Creates a chunk.
    public init(
        id: String? = nil,
        created: Int64? = nil,
        model: String? = nil,
        choices: [Choice] = [],
        usage: ChatUsage? = nil,
        error: UpstreamFailure? = nil
    ) {
        self.id = id
        self.created = created
        self.model = model
        self.choices = choices
        self.usage = usage
        self.error = error
    }

    /// What a chunk adds to one answer.
    public struct Choice: Hashable, Sendable {
        /// Which answer, counted from 0.
        public var index: Int
        /// Who speaks; in the first chunk of an answer.
        public var role: ChatRole?
        /// Text to append.
        public var content: String?
        /// Reasoning to append.
        public var reasoning: String?
        /// Refusal to append.
        public var refusal: String?
        /// Pieces of tool calls to append.
        public var toolCalls: [ToolCallDelta] = []
        /// Whether text or reasoning begins a part of its own even where the last part is of the same kind.
        public var opensPart = false
        /// The signature of the reasoning so far; it ends that part.
        public var signature: String?
        /// The account that made the signature, as the gateway names it.
        public var origin: String?
        /// Parts that come whole: redacted reasoning, and what only one dialect has.
        public var parts: [ChatPart] = []
        /// Why the model stopped; in the last chunk of an answer.
        public var finishReason: FinishReason?
        /// The provider's own word for the reason, where ``finishReason`` says less than it (`pause_turn`).
        public var vendorReason: String?
        /// The stop text that was met.
        public var stopSequence: String?
        /// Unknown members of the choice (`logprobs` among them).
        public var extra: [ExtraMember] = []
        /// Unknown members of the delta inside the choice.
        public var deltaExtra: [ExtraMember] = []

        /// Creates a choice.
        public init(
            index: Int = 0,
            role: ChatRole? = nil,
            content: String? = nil,
            reasoning: String? = nil,
            finishReason: FinishReason? = nil
        ) {
            self.index = index
            self.role = role
            self.content = content
            self.reasoning = reasoning
            self.finishReason = finishReason
        }

        /// Whether the choice carries anything a caller waits for: text, reasoning, refusal, a tool call, an end.
        public var bearsContent: Bool {
            !(content ?? "").isEmpty || !(reasoning ?? "").isEmpty || !(refusal ?? "").isEmpty
                || !toolCalls.isEmpty || signature != nil || !parts.isEmpty || finishReason != nil
        }

        /// UTF-8 bytes of output in the choice: text, reasoning, refusal, names and arguments of tool calls.
        public var outputBytes: Int {
            (content?.utf8.count ?? 0) + (reasoning?.utf8.count ?? 0) + (refusal?.utf8.count ?? 0)
                + toolCalls.reduce(0) { $0 + ($1.name?.utf8.count ?? 0) + ($1.arguments?.utf8.count ?? 0) }
        }
    }

    /// A piece of a tool call.
    public struct ToolCallDelta: Hashable, Sendable {
        /// Which call of the answer, counted from 0.
        public var index: Int
        /// The call's id; in its first piece.
        public var id: String?
        /// What kind of tool is called; in the first piece.
        public var kind: ChatToolCall.Kind?
        /// The tool's name; in the first piece.
        public var name: String?
        /// Arguments to append.
        public var arguments: String?
        /// Unknown members of the piece.
        public var extra: [ExtraMember] = []
        /// Unknown members of the object inside the piece.
        public var innerExtra: [ExtraMember] = []

        /// Creates a piece.
        public init(
            index: Int,
            id: String? = nil,
            kind: ChatToolCall.Kind? = nil,
            name: String? = nil,
            arguments: String? = nil
        ) {
            self.index = index
            self.id = id
            self.kind = kind
            self.name = name
            self.arguments = arguments
        }
    }
}
