/// A request as extensions see it: values only, never its text and never a credential.
public struct GatewayRequest: Sendable, Hashable, Identifiable {
    /// The gateway's own id of the request, a UUID; the same in the ledger and in ``Settlement/id``.
    public var id: String
    /// The public id of the caller's gateway key; `none` where the gateway asks for no key.
    public var key: String
    /// The model, by the name that the configuration or the registry has for it.
    public var model: String
    /// The endpoint as the access log names it, such as `chat_completions`, `messages` or `embeddings`.
    public var endpoint: String
    /// Why it goes where it goes, as the label `reason` of `gateway_route_total` has it.
    public var routeReason: String
    /// Whether its content may not leave this device.
    public var isLocalOnly: Bool
    /// Whether the answer is to be streamed.
    public var isStream: Bool
    /// Tokens of the prompt by the estimate rule: a quarter of its bytes.
    public var estimatedInputTokens: Int64
    /// The caller's limit on tokens of output, where it set one.
    public var maxOutputTokens: Int?
    /// The number of messages.
    public var messageCount: Int
    /// The number of tools.
    public var toolCount: Int
    /// The number of pictures.
    public var imageCount: Int
    /// What the estimated input and the limit on output cost at the first target, in nano-dollars (10⁻⁹ USD); `nil`
    /// where that has no price.
    public var estimatedCost: Int64?

    /// Creates a request, as tests of extensions need it.
    public init(
        id: String,
        key: String,
        model: String,
        endpoint: String = "chat_completions",
        routeReason: String = "named",
        isLocalOnly: Bool = false,
        isStream: Bool = false,
        estimatedInputTokens: Int64 = 0,
        maxOutputTokens: Int? = nil,
        messageCount: Int = 1,
        toolCount: Int = 0,
        imageCount: Int = 0,
        estimatedCost: Int64? = nil
    ) {
        self.id = id
        self.key = key
        self.model = model
        self.endpoint = endpoint
        self.routeReason = routeReason
        self.isLocalOnly = isLocalOnly
        self.isStream = isStream
        self.estimatedInputTokens = estimatedInputTokens
        self.maxOutputTokens = maxOutputTokens
        self.messageCount = messageCount
        self.toolCount = toolCount
        self.imageCount = imageCount
        self.estimatedCost = estimatedCost
    }
}
