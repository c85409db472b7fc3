/// What the gateway needs to know of a request body to decide about it; read in one pass, without a tree.
///
/// Holds offsets into the body and small copies, never slices, so that the body can be dropped on its own.
public struct RequestFacts: Hashable, Sendable {
    /// The length of the body.
    public var bodyBytes = 0
    /// The model asked for; `nil` when absent, null or empty, which means the default.
    public var model: ModelName?
    /// Where the value of `model` stands, quotes included; `nil` when there is no such member.
    public var modelValue: Range<Int>?
    /// Whether the answer is to be streamed.
    public var stream = false
    /// Where the object `stream_options` stands; `nil` when absent or null.
    public var streamOptions: Range<Int>?
    /// Where the value of `stream_options.include_usage` stands; `nil` when absent.
    public var includeUsageValue: Range<Int>?
    /// Whether the caller asked for a usage event (`stream_options.include_usage`).
    public var includeUsage = false
    /// The part of the plan the caller allows.
    public var route: Route?
    /// Models the caller wants tried after `model`, in order.
    public var fallbacks: [ModelName] = []
    /// The account the caller wants; `local` stands for the route.
    public var provider: String?
    /// Whether the gateway may choose the tier.
    public var smartRouting: Bool?
    /// The members that speak to the gateway and are taken out before the body goes upstream.
    public var gatewayMembers: GatewayMembers = []
    /// Whether `metadata.app` is there.
    public var hasApp = false
    /// The number of messages.
    public var messageCount = 0
    /// The number of tools.
    public var toolCount = 0
    /// The bytes of the tools' definitions as they stand in the body.
    public var toolBytes = 0
    /// The number of pictures.
    public var imageParts = 0
    /// UTF-8 bytes of prompt text: the content of messages and of their text parts, unescaped.
    public var textBytes = 0
    /// `max_tokens`.
    public var maxTokens: Int?
    /// `max_completion_tokens`.
    public var maxCompletionTokens: Int?
    /// How many answers are asked for (`n`).
    public var choiceCount = 1
    /// The kept conversation the request belongs to (`thread` of Anthropic's messages).
    public var thread: MessageThread?

    /// Creates facts about an empty request.
    public init() {}

    /// Input tokens by the estimate rule.
    public var estimatedInputTokens: Int64 { Usage.estimatedTokens(textBytes: textBytes) }

    /// The caller's limit on the tokens of one answer; the newer field wins.
    public var outputTokenLimit: Int? { maxCompletionTokens ?? maxTokens }

    /// Body members that speak to the gateway.
    public struct GatewayMembers: OptionSet, Hashable, Sendable {
        /// The bits.
        public let rawValue: UInt8

        /// Makes a set from its bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// `route` with one of the gateway's own values.
        public static let route = GatewayMembers(rawValue: 1)
        /// `fallbacks`.
        public static let fallbacks = GatewayMembers(rawValue: 2)
        /// `provider` as a string; an object is a vendor's own field.
        public static let provider = GatewayMembers(rawValue: 4)
        /// `smart_routing`.
        public static let smartRouting = GatewayMembers(rawValue: 8)
        /// `tensorzero::credentials`: a caller's own credentials, by the extensions that the native API has for OpenAI's.
        public static let credentials = GatewayMembers(rawValue: 16)
    }
}

extension ChatRequest {
    /// UTF-8 bytes of prompt text: text parts, those inside tool results included.
    public var textBytes: Int {
        var bytes = 0
        // A list of parts still to count instead of recursion: results nest parts.
        var rest = messages.map(\.parts)
        while let parts = rest.popLast() {
            for part in parts {
                switch part {
                case .text(let text): bytes += text.text.utf8.count
                case .toolResult(let result): rest.append(result.content)
                case .image, .audio, .file, .refusal, .reasoning, .toolCall, .other: break
                }
            }
        }
        return bytes
    }

    /// Input tokens by the estimate rule.
    public var estimatedInputTokens: Int64 { Usage.estimatedTokens(textBytes: textBytes) }
}
