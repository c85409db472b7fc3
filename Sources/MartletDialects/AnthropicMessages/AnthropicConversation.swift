import MartletCore
import MartletWire

/// The messages of a request as the API wants them: turns that alternate, and the results of tools right behind their
/// calls, in the order of the calls, before anything else of that turn.
struct AnthropicConversation {
    var system: [AnthropicBlock] = []
    var turns: [Turn] = []
    var calls: [Call] = []
    var results: [Result] = []
    /// Whether the calls that were answered last stand behind the thinking that led to them.
    var pendingCallsLackThinking = false

    struct Turn {
        var role: Role
        var blocks: [AnthropicBlock] = []
        /// The calls in the turn, as indices.
        var calls: [Int] = []
        var startsWithThinking = false
    }

    enum Role: String {
        case user, assistant, system
    }

    struct Call {
        var id: String
        var sentID: String
        var turn: Int
        var result: AnthropicBlock?
    }

    /// A result that waits until all calls are known.
    struct Result {
        var callID: String
        var turn: Int
        var content: [AnthropicBlock]
        /// The content where it is one plain text, which is then written as such.
        var text: String?
        var isError: Bool?
        var extra: [ExtraMember]
        /// The last cache mark inside the result, which the whole of it gets.
        var cache: AnthropicCacheMark?
        var path: String
    }

    /// Makes sure that the last turn is of a role.
    mutating func open(_ role: Role) {
        if turns.last?.role != role { turns.append(Turn(role: role)) }
    }

    mutating func append(_ block: AnthropicBlock) {
        guard !turns.isEmpty else { return }
        turns[turns.count - 1].blocks.append(block)
    }
}
