public import MartletCore

/// Turns the calls of a steered answer back into text while it streams.
///
/// Nothing is checked: what was sent cannot be taken back. Text that comes before the call is held until it is clear
/// that the call follows, and then left out; a model that writes no call is heard when it ends, or when it wrote more
/// than a preface.
public struct StructuredOutputStream: Sendable {
    /// The longest text that is held, in bytes.
    private static let longestPreface = 65_536
    /// The most answers of one stream that are followed.
    private static let mostChoices = 128

    private enum State {
        /// Text that may be a preface.
        case holding(String)
        /// The call with this index is the answer.
        case calling(Int)
        /// The text is the answer.
        case writing
    }

    private let toolName: String?
    private var states: [Int: State] = [:]

    init(toolName: String?) { self.toolName = toolName }

    /// Rewrites a chunk.
    ///
    /// - Parameter chunk: A chunk of the answer, with the caller's names of tools.
    public mutating func rewrite(_ chunk: inout ChatChunk) {
        guard toolName != nil else { return }
        for place in chunk.choices.indices { rewrite(&chunk.choices[place]) }
    }

    /// What is still held when the stream ends without a reason to stop; sent before the end.
    public mutating func finish() -> ChatChunk? {
        let held = states.sorted { $0.key < $1.key }.compactMap { index, state -> ChatChunk.Choice? in
            guard case .holding(let text) = state, !text.isEmpty else { return nil }
            return ChatChunk.Choice(index: index, content: text)
        }
        states = states.mapValues { _ in .writing }
        return held.isEmpty ? nil : ChatChunk(choices: held)
    }

    private mutating func rewrite(_ choice: inout ChatChunk.Choice) {
        guard let state = states[choice.index] ?? (states.count < Self.mostChoices ? .holding("") : nil) else { return }
        var next = state
        let calls = choice.toolCalls
        choice.toolCalls = []
        if case .holding(let held) = state {
            if let call = calls.first(where: { $0.name == toolName }) {
                next = .calling(call.index)
                choice.content = nil
            } else {
                let text = held + (choice.content ?? "")
                let isOver = choice.finishReason != nil || text.utf8.count > Self.longestPreface
                choice.content = isOver && !text.isEmpty ? text : nil
                next = isOver ? .writing : .holding(text)
            }
        }
        if case .calling(let index) = next {
            let pieces = calls.filter { $0.index == index }.compactMap(\.arguments).joined()
            choice.content = pieces.isEmpty ? nil : pieces
            if choice.finishReason == .toolCalls || choice.finishReason == .functionCall {
                choice.finishReason = .stop
                choice.vendorReason = nil
            }
        }
        states[choice.index] = next
    }
}

extension StructuredOutput {
    /// Makes what the chunks of a streamed answer go through.
    public func makeStream() -> StructuredOutputStream { StructuredOutputStream(toolName: toolName) }
}
