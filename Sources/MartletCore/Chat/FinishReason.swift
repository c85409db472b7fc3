/// Why a model stopped.
public enum FinishReason: Hashable, Sendable {
    /// The answer is complete, or a stop text was met.
    case stop
    /// The token limit was reached.
    case length
    /// The model asks for tools to be run.
    case toolCalls
    /// A safety system ended the answer.
    case contentFilter
    /// The model asks for a legacy function.
    case functionCall
    /// A reason this list does not know (`error`, `abort`); passed on as it is.
    case other(String)

    /// Reads a reason by its name on the wire; the names that compatible servers use for the same thing are merged.
    ///
    /// `eos` and `eos_token` are ``stop``; `model_length` and `max_tokens` are ``length``.
    public init(name: String) {
        self =
            switch name {
            case "stop", "eos", "eos_token": .stop
            case "length", "model_length", "max_tokens": .length
            case "tool_calls": .toolCalls
            case "content_filter": .contentFilter
            case "function_call": .functionCall
            default: .other(name)
            }
    }

    /// The name in OpenAI chat completions.
    public var name: String {
        switch self {
        case .stop: "stop"
        case .length: "length"
        case .toolCalls: "tool_calls"
        case .contentFilter: "content_filter"
        case .functionCall: "function_call"
        case .other(let name): name
        }
    }
}
