public import MartletGovernance

/// What lists of models tell of one besides its name; `nil` means unknown.
public struct ModelFacts: Sendable, Hashable {
    /// What it does: `chat` or `embedding`.
    public var kind: String?
    /// Tokens it can hold.
    public var contextWindow: Int?
    /// Tokens it can put out.
    public var maxOutputTokens: Int?
    /// What it costs.
    public var price: PriceTable?
    /// What it is known to do, by the names in configurations.
    public var capabilities: [String]?
    /// Length of an embedding vector.
    public var dimensions: Int?
    /// The announced day of its end.
    public var retires: String?

    /// Creates facts of which nothing is known.
    public init() {}
}
