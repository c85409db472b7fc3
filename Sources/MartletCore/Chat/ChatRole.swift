/// Who speaks in a message.
public enum ChatRole: Hashable, Sendable {
    /// The operator of the application; treated as `developer` by reasoning models.
    case system
    /// The developer of the application.
    case developer
    /// The person who asks.
    case user
    /// The model.
    case assistant
    /// The result of a tool call.
    case tool
    /// The result of a legacy function call.
    case function
    /// A role this list does not know; passed on as it is.
    case other(String)

    /// Reads a role by its name on the wire.
    public init(name: String) {
        self =
            switch name {
            case "system": .system
            case "developer": .developer
            case "user": .user
            case "assistant": .assistant
            case "tool": .tool
            case "function": .function
            default: .other(name)
            }
    }

    /// The name on the wire.
    public var name: String {
        switch self {
        case .system: "system"
        case .developer: "developer"
        case .user: "user"
        case .assistant: "assistant"
        case .tool: "tool"
        case .function: "function"
        case .other(let name): name
        }
    }
}
