/// Vectors in the words all dialects share.
public struct EmbeddingResponse: Hashable, Sendable {
    /// The model that answered, as the provider names it.
    public var model: String?
    /// One vector for each input, in the order of the inputs.
    public var vectors: [EmbeddingVector]
    /// What the request cost in tokens; `nil` when the provider did not say.
    public var usage: Usage?
    /// Unknown members of the answer.
    public var extra: [ExtraMember] = []

    /// Creates an answer.
    public init(model: String? = nil, vectors: [EmbeddingVector], usage: Usage? = nil) {
        self.model = model
        self.vectors = vectors
        self.usage = usage
    }
}

/// A vector, kept in the form in which it came, so that one that need not change form keeps every digit.
public enum EmbeddingVector: Hashable, Sendable {
    /// A JSON list of numbers, as it was written.
    case numbers(JSONText)
    /// Base64 of little-endian IEEE 754 numbers of 32 bits, as it was written, without quotes.
    case base64([UInt8])
    /// Numbers that were never written.
    case floats([Float])
}
