public import MartletCore

/// Puts the answers of several calls together into one, in whatever order they come.
///
/// - Complexity: O(inputs) altogether; vectors are moved, not written anew.
public struct EmbeddingJoiner: Sendable {
    private let calls: [Range<Int>]
    private var answers: [EmbeddingResponse?]
    private var missing: Int

    /// Waits for the answers of calls.
    ///
    /// - Parameter calls: The inputs of each call.
    public init(calls: [Range<Int>]) {
        self.calls = calls
        answers = Array(repeating: nil, count: calls.count)
        missing = calls.count
    }

    /// Whether every call has its answer.
    public var isComplete: Bool { missing == 0 }

    /// Adds the answer of a call.
    ///
    /// - Parameters:
    ///   - answer: The answer.
    ///   - call: The number of the call; a second answer to one is left out.
    /// - Throws: ``ChatFailure/malformed(_:)`` when the answer has not one vector for each input of its call.
    public mutating func add(_ answer: EmbeddingResponse, of call: Int) throws(ChatFailure) {
        guard calls.indices.contains(call), answers[call] == nil else { return }
        guard answer.vectors.count == calls[call].count else {
            throw .malformed("the answer has not one vector for each input")
        }
        answers[call] = answer
        missing -= 1
    }

    /// The whole answer; `nil` before every call has its own.
    ///
    /// Usage is the sum, and is not known when one call did not tell its own. Model and unknown members are those of the
    /// first call.
    public consuming func joined() -> EmbeddingResponse? {
        guard isComplete else { return nil }
        var joined = EmbeddingResponse(vectors: [])
        joined.vectors.reserveCapacity(calls.last?.upperBound ?? 0)
        var usage: Usage? = Usage(inputTokens: 0, outputTokens: 0)
        for (index, answer) in answers.enumerated() {
            guard let answer else { return nil }
            if index == 0 {
                joined.model = answer.model
                joined.extra = answer.extra
            }
            joined.vectors.append(contentsOf: answer.vectors)
            usage = usage.flatMap { sum in answer.usage.map { Self.sum(sum, $0) } }
        }
        joined.usage = calls.isEmpty ? nil : usage
        return joined
    }

    private static func sum(_ left: Usage, _ right: Usage) -> Usage {
        var sum = left.adding(right)
        sum.inputTokens = min(sum.inputTokens, Usage.largestCount)
        return sum
    }
}
