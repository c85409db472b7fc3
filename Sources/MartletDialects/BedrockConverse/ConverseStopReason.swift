import MartletCore

/// Maps stop reasons to the shared ones and back.
///
/// - SeeAlso: Amazon Bedrock API reference, `Converse`, `stopReason`.
enum ConverseStopReason {
    /// The shared reason, and the word itself where the shared one says less.
    static func decode(_ name: String) -> (reason: FinishReason, word: String?) {
        switch name {
        case "end_turn": (.stop, nil)
        case "max_tokens": (.length, nil)
        case "tool_use": (.toolCalls, nil)
        case "content_filtered": (.contentFilter, nil)
        case "stop_sequence": (.stop, name)
        case "model_context_window_exceeded": (.length, name)
        case "guardrail_intervened": (.contentFilter, name)
        case _ where isFailure(name): (.stop, name)
        default: (.other(name), name)
        }
    }

    /// The stop reason of an answer.
    static func encode(_ reason: FinishReason, word: String?, callsTools: Bool) -> String {
        if reason == .stop, callsTools { return "tool_use" }
        if let word, decode(word) == (reason, word) { return word }
        switch reason {
        case .stop, .other: return callsTools ? "tool_use" : "end_turn"
        case .length: return "max_tokens"
        case .toolCalls, .functionCall: return "tool_use"
        case .contentFilter: return "content_filtered"
        }
    }

    /// Whether a reason says that the model wrote what nobody can read.
    static func isFailure(_ name: String) -> Bool { name == "malformed_tool_use" || name == "malformed_model_output" }

    /// What is said of an answer that ended so, and has nothing in it.
    static func failure(_ name: String) -> UpstreamFailure {
        UpstreamFailure(message: "The model wrote an answer that cannot be read (\(name)).", type: name, code: "502")
    }
}
