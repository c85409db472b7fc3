public import MartletCore

/// What is known of one model at one provider; `nil` means unknown, not no and not zero.
public struct RegisteredModel: Sendable, Hashable {
    /// The name used in configurations.
    public var id: String
    /// The provider that offers it.
    public var provider: ProviderKind
    /// The provider's own name of it.
    public var upstreamModel: String
    /// What it does.
    public var kind: Kind
    /// Tokens it can hold.
    public var contextWindow: Int?
    /// Tokens it can put out.
    public var maxOutputTokens: Int?
    /// Price of a fresh input token.
    public var input: TokenPrice?
    /// Price of an output token.
    public var output: TokenPrice?
    /// Price of an input token read from the provider's cache; unknown charges the input price.
    public var cacheRead: TokenPrice?
    /// Price of an input token written to the provider's cache; unknown charges the input price.
    public var cacheWrite: TokenPrice?
    /// Price of an input token written to the cache for an hour; unknown charges ``cacheWrite``.
    public var cacheWrite1h: TokenPrice?
    /// The prices of a whole request whose prompt is longer than a threshold.
    public var longPrompt: LongPromptTier?
    /// What a batch costs, in percent of the price of single requests (1 to 100).
    public var batchPercent: Int?
    /// Whether it calls tools.
    public var tools: Bool?
    /// Whether it sees images.
    public var vision: Bool?
    /// Whether it answers by a JSON Schema.
    public var jsonSchema: Bool?
    /// Whether it reasons before it answers.
    public var reasoning: Bool?
    /// Whether the provider has profiles of it, under names with a prefix (``InferenceProfiles``).
    public var hasProfiles = false
    /// Length of an embedding vector.
    public var dimensions: Int?
    /// The day it was switched off (`2026-10-23`), when that day was past when the facts were gathered.
    public var retired: String?
    /// The announced day of its end.
    public var retires: String?
    /// Remarks for people.
    public var note: String?
    /// The day of the newest source (`2026-11-20`).
    public var asOf: String
    /// Where the facts come from.
    public var source: String?
    /// Whether whoever runs the gateway says some of the facts, in an overlay or at `registry_url`.
    public var isOwn = false

    /// Creates a row of which nothing is known but its names.
    public init(id: String, provider: ProviderKind, upstreamModel: String, kind: Kind, asOf: String) {
        self.id = id
        self.provider = provider
        self.upstreamModel = upstreamModel
        self.kind = kind
        self.asOf = asOf
    }

    /// What a model does.
    public enum Kind: String, Sendable, Hashable {
        /// Answers messages.
        case chat
        /// Turns text into vectors.
        case embedding
    }

    /// The higher prices some providers charge for a whole request above a prompt length.
    public struct LongPromptTier: Sendable, Hashable {
        /// Prompts of more tokens than this are charged by this tier.
        public var aboveTokens: Int
        /// Price of a fresh input token.
        public var input: TokenPrice
        /// Price of an output token.
        public var output: TokenPrice
        /// Price of a cached input token.
        public var cacheRead: TokenPrice?
        /// Price of an input token written to the cache.
        public var cacheWrite: TokenPrice?
        /// Price of an input token written to the cache for an hour.
        public var cacheWrite1h: TokenPrice?

        /// Creates a tier.
        public init(
            aboveTokens: Int,
            input: TokenPrice,
            output: TokenPrice,
            cacheRead: TokenPrice? = nil,
            cacheWrite: TokenPrice? = nil,
            cacheWrite1h: TokenPrice? = nil
        ) {
            self.aboveTokens = aboveTokens
            self.input = input
            self.output = output
            self.cacheRead = cacheRead
            self.cacheWrite = cacheWrite
            self.cacheWrite1h = cacheWrite1h
        }
    }

    /// Capabilities known to be there, by their names in configurations.
    public var capabilities: [String] {
        let table: [(name: String, value: Bool?)] = [
            ("stream", kind == .chat), ("tools", tools), ("vision", vision), ("json_schema", jsonSchema),
            ("reasoning", reasoning),
        ]
        return table.filter { $0.value == true }.map(\.name)
    }

    /// Input price plus output price in pico-dollars a token, the measure of "cheapest"; `nil` when one is unknown.
    public var totalPrice: Int64? {
        guard let input, let output else { return nil }
        let (sum, overflow) = input.picoUSD.addingReportingOverflow(output.picoUSD)
        return overflow ? nil : sum
    }
}
