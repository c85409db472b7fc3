public import MartletCore

/// Makes the chunks of a continuation go on where the answer before it broke.
public struct AnswerSeam: Sendable {
    private var text: TextSeam
    private var arguments: ArgumentSeam?
    private let call: DeliveredAnswer.Call?
    private var firstCall: Int?
    private var name = ""

    /// Goes on from what was delivered.
    public init(after delivered: DeliveredAnswer) {
        text = TextSeam(after: delivered)
        call = delivered.call
        arguments = call.map { ArgumentSeam(after: $0.arguments) }
    }

    /// Rewrites a chunk: what was delivered already is taken out of it, and its reasoning.
    ///
    /// - Throws: ``ChatFailure/malformed(_:)`` when it does not go on from what was delivered.
    public mutating func rewrite(_ chunk: inout ChatChunk) throws(ChatFailure) {
        for index in chunk.choices.indices {
            var choice = chunk.choices[index]
            choice.role = nil
            choice.reasoning = nil
            choice.signature = nil
            choice.opensPart = false
            choice.parts = []
            if call == nil {
                goOn(&choice)
            } else {
                try goOnCalling(&choice)
            }
            chunk.choices[index] = choice
        }
    }

    private mutating func goOn(_ choice: inout ChatChunk.Choice) {
        if let content = choice.content { choice.content = text.take(content) }
        if choice.finishReason != nil || !choice.toolCalls.isEmpty {
            let rest = text.finish()
            if !rest.isEmpty { choice.content = (choice.content ?? "") + rest }
        }
    }

    private mutating func goOnCalling(_ choice: inout ChatChunk.Choice) throws(ChatFailure) {
        guard let call else { return }
        // The caller has seen a call begin: words can only come before it.
        if let content = choice.content {
            guard content.utf8.allSatisfy(isSpace) else { throw Self.differs }
            choice.content = nil
        }
        for index in choice.toolCalls.indices {
            var piece = choice.toolCalls[index]
            let first = firstCall ?? piece.index
            guard 0..<1_024 ~= first else { throw Self.differs }
            firstCall = first
            if piece.index == first {
                name += piece.name ?? ""
                guard call.name.hasPrefix(name) else { throw Self.differs }
                guard let rest = arguments?.take(piece.arguments ?? "") else { throw Self.differs }
                piece.id = nil
                piece.kind = nil
                piece.name = nil
                piece.arguments = rest
            }
            guard (first...first + 1_024).contains(piece.index) else { throw Self.differs }
            piece.index = call.index + (piece.index - first)
            choice.toolCalls[index] = piece
        }
        choice.toolCalls.removeAll { $0.name == nil && $0.id == nil && ($0.arguments ?? "").isEmpty }
        if choice.finishReason != nil {
            guard name == call.name, arguments?.isPast == true else { throw Self.differs }
        }
    }

    private static var differs: ChatFailure { .malformed("the continuation differs from what was delivered") }
}
