public import MartletCore

/// What an answer in a caller's dialect needs that no upstream tells.
public struct CallerContext: Hashable, Sendable {
    /// The gateway's id of the request, without any prefix; answers derive their own ids from it.
    public var id: RecordID
    /// When the request came, in seconds since 1970.
    public var created: Int64
    /// The model as the caller named it.
    public var model: String?
    /// Tokens of the prompt by the estimate rule, for formats that tell them before an upstream has; 0 when unknown.
    public var estimatedInputTokens: Int64
    /// Whether the caller asked for usage in its stream.
    public var includeUsage: Bool
    /// The id that the caller is shown for its request, for formats whose errors repeat it.
    public var requestID: String?
    /// The request as values, for dialects whose answers repeat parts of it.
    public var request: ChatRequest?

    /// Creates a context.
    public init(
        id: RecordID,
        created: Int64,
        model: String? = nil,
        estimatedInputTokens: Int64 = 0,
        includeUsage: Bool = true,
        requestID: String? = nil,
        request: ChatRequest? = nil
    ) {
        self.id = id
        self.created = created
        self.model = model
        self.estimatedInputTokens = estimatedInputTokens
        self.includeUsage = includeUsage
        self.requestID = requestID
        self.request = request
    }
}
