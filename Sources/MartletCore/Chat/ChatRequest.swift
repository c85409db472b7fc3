/// A chat request in the words all dialects share.
///
/// Made only when a request is translated or edited; in one dialect the original bytes travel instead.
public struct ChatRequest: Hashable, Sendable {
    /// The model asked for; `nil` means the default.
    public var model: String?
    /// The conversation, oldest first.
    public var messages: [ChatMessage]
    /// What the model may call; `nil` and empty differ on the wire.
    public var tools: [ChatTool]?
    /// Which tool the model must, may or must not call.
    public var toolChoice: ChatToolChoice?
    /// Whether several tools may be called in one turn.
    public var parallelToolCalls: Bool?
    /// How tokens are chosen.
    public var sampling = ChatSampling()
    /// How long the answer may be.
    public var limits = ChatLimits()
    /// What shape the answer must have.
    public var responseFormat: ResponseFormat?
    /// How much the model reasons: `none` … `max`; accepted values differ per model.
    public var reasoningEffort: String?
    /// Whether the answer is streamed.
    public var stream: Bool?
    /// What the stream reports.
    public var streamOptions: ChatStreamOptions?
    /// The end user, as the application names them.
    public var user: String?
    /// At most 16 pairs of at most 64 and 512 bytes.
    public var metadata: [MetadataPair]?
    /// The dialect it was written in, whose names the unknown members and parts bear.
    public var dialect = Dialect.openAIChat
    /// What the caller asks of the gateway; never sent upstream.
    public var gateway = GatewayExtensions()
    /// Unknown members of the request.
    public var extra: [ExtraMember] = []

    /// Creates a request with defaults for all but model and messages.
    public init(model: String?, messages: [ChatMessage]) {
        self.model = model
        self.messages = messages
    }

    /// One pair of `metadata`.
    public struct MetadataPair: Hashable, Sendable {
        /// At most 64 bytes.
        public var name: String
        /// At most 512 bytes.
        public var value: String

        /// Creates a pair.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The body members that speak to the gateway.
    public struct GatewayExtensions: Hashable, Sendable {
        /// Which part of the plan may be used.
        public var route: Route?
        /// Models to try after `model`, in order.
        public var fallbacks: [String]?
        /// The account to use; `local` stands for the route.
        public var provider: String?
        /// Whether the gateway may choose the tier.
        public var smartRouting: Bool?

        /// Creates extensions that ask for nothing.
        public init() {}
    }
}
