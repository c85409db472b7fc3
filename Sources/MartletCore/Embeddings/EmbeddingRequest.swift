/// A request for vectors in the words all dialects share.
public struct EmbeddingRequest: Hashable, Sendable {
    /// The model asked for; `nil` means the default.
    public var model: String?
    /// What is turned into vectors, one each, in order.
    public var inputs: [EmbeddingInput]
    /// Whether the one input stood alone instead of in a list.
    public var isSingle: Bool
    /// How the caller wants the vectors written; `nil` means as numbers.
    public var encodingFormat: EmbeddingEncoding?
    /// The length of the vectors, for models that can shorten them.
    public var dimensions: Int?
    /// The end user, as the application names them.
    public var user: String?
    /// The dialect it was written in, whose names the unknown members bear.
    public var dialect = Dialect.openAIChat
    /// What the caller asks of the gateway; never sent upstream.
    public var gateway = ChatRequest.GatewayExtensions()
    /// Unknown members of the request.
    public var extra: [ExtraMember] = []

    /// Creates a request.
    public init(model: String?, inputs: [EmbeddingInput], isSingle: Bool = false) {
        self.model = model
        self.inputs = inputs
        self.isSingle = isSingle
    }

    /// Input tokens by the estimate rule; token ids count as what they are.
    public var estimatedInputTokens: Int64 { inputs.reduce(0) { $0 &+ $1.estimatedTokens } }

    /// The same request for some of its inputs.
    ///
    /// - Parameter range: Which inputs; what lies outside of them is left out.
    public func part(_ range: Range<Int>) -> EmbeddingRequest {
        var part = self
        part.inputs = Array(inputs[range.clamped(to: inputs.indices)])
        part.isSingle = isSingle && part.inputs.count == 1
        return part
    }
}

/// One thing to turn into a vector.
public enum EmbeddingInput: Hashable, Sendable {
    /// Text.
    case text(String)
    /// Token ids of the model's own vocabulary.
    case tokens([Int64])

    /// Tokens by the estimate rule; token ids count as what they are.
    public var estimatedTokens: Int64 {
        switch self {
        case .text(let text): Usage.estimatedTokens(textBytes: text.utf8.count)
        case .tokens(let tokens): Int64(tokens.count)
        }
    }
}

/// How vectors are written.
public enum EmbeddingEncoding: String, Hashable, Sendable {
    /// As a list of numbers.
    case float
    /// As base64 (RFC 4648 §4) of little-endian IEEE 754 numbers of 32 bits.
    case base64
}
