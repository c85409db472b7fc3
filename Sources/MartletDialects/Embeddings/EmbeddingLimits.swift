public import MartletCore

/// What a target takes in one call for embeddings.
public struct EmbeddingLimits: Hashable, Sendable {
    /// The most inputs.
    public var maxInputs: Int
    /// The most tokens, all inputs together; `nil` when there is no such limit.
    public var maxTokens: Int64?

    /// OpenAI's own: 2,048 inputs, 300,000 tokens (API reference, "Create embeddings").
    public static let openAI = EmbeddingLimits(maxInputs: 2_048, maxTokens: 300_000)

    /// Creates limits.
    public init(maxInputs: Int, maxTokens: Int64? = nil) {
        self.maxInputs = max(1, maxInputs)
        self.maxTokens = maxTokens
    }

    /// Parts inputs into calls, in order, as few as the order allows.
    ///
    /// An input that is over the limit by itself makes a call of its own: what it needs is known only by its target.
    ///
    /// - Parameter tokens: The tokens of each input, rather too many than too few.
    /// - Returns: The inputs of each call.
    /// - Complexity: O(inputs).
    public func calls(tokens: [Int64]) -> [Range<Int>] {
        var calls: [Range<Int>] = []
        var start = 0
        var sum: Int64 = 0
        for (index, count) in tokens.enumerated() {
            let (next, overflow) = sum.addingReportingOverflow(max(0, count))
            let isOver = overflow || maxTokens.map { next > $0 } ?? false
            if index > start, isOver || index - start >= maxInputs {
                calls.append(start..<index)
                start = index
                sum = max(0, count)
            } else {
                sum = overflow ? .max : next
            }
        }
        if start < tokens.count { calls.append(start..<tokens.count) }
        return calls
    }

    /// The tokens of a text, rather too many than too few: a third of its bytes.
    static func cautiousTokens(textBytes: Int) -> Int64 { Int64((textBytes + 2) / 3) }
}

extension EmbeddingRequest {
    /// Parts the request into calls that keep the limits of a target.
    ///
    /// - Returns: The inputs of each call, for ``part(_:)``; one call for a request that needs no parting.
    public func calls(_ limits: EmbeddingLimits) -> [Range<Int>] {
        limits.calls(
            tokens: inputs.map { input in
                switch input {
                case .text(let text): EmbeddingLimits.cautiousTokens(textBytes: text.utf8.count)
                case .tokens(let tokens): Int64(tokens.count)
                }
            }
        )
    }
}
