import MartletCore

/// Maps stop reasons to the shared ones and back.
///
/// - SeeAlso: Anthropic API reference, "Handling stop reasons".
enum AnthropicStopReason {
    /// The shared reason, and the word itself where the shared one says less.
    static func decode(_ name: String) -> (reason: FinishReason, word: String?) {
        switch name {
        case "end_turn": (.stop, nil)
        case "max_tokens": (.length, nil)
        case "tool_use": (.toolCalls, nil)
        case "refusal": (.contentFilter, nil)
        case "stop_sequence", "pause_turn": (.stop, name)
        case "model_context_window_exceeded": (.length, name)
        default: (.other(name), name)
        }
    }

    /// The stop reason of an answer.
    ///
    /// - Parameters:
    ///   - reason: The shared reason.
    ///   - word: The provider's own word, used when it is one of this dialect and means the same.
    ///   - callsTools: Whether tools are called; some servers then still say `stop`.
    ///   - refuses: Whether the model refuses; some servers then still say `stop`.
    static func encode(_ reason: FinishReason, word: String?, callsTools: Bool, refuses: Bool) -> String {
        switch reason {
        case .stop where callsTools: return "tool_use"
        case .stop where refuses: return "refusal"
        default: break
        }
        if let word, decode(word) == (reason, word) { return word }
        switch reason {
        case .stop: return "end_turn"
        case .length: return "max_tokens"
        case .toolCalls, .functionCall: return "tool_use"
        case .contentFilter: return "refusal"
        case .other: return callsTools ? "tool_use" : "end_turn"
        }
    }
}
