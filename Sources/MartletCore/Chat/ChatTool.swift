/// Something the model may call.
public enum ChatTool: Hashable, Sendable {
    /// A function whose arguments are JSON.
    case function(ChatFunction)
    /// A tool of a kind this list does not know (custom grammars, built-in searches), whole and as it came.
    case other(type: String, value: JSONText)
}

/// A function the model may call.
public struct ChatFunction: Hashable, Sendable {
    /// 1–64 characters `[A-Za-z0-9_-]`.
    public var name: String
    /// What the function does, for the model.
    public var description: String?
    /// A JSON Schema of the arguments.
    public var parameters: JSONText?
    /// Whether the arguments must follow the schema exactly.
    public var strict: Bool?
    /// Unknown members of the tool.
    public var extra: [ExtraMember] = []
    /// Unknown members of the function inside the tool.
    public var innerExtra: [ExtraMember] = []

    /// Creates a function.
    public init(name: String, description: String? = nil, parameters: JSONText? = nil, strict: Bool? = nil) {
        self.name = name
        self.description = description
        self.parameters = parameters
        self.strict = strict
    }
}

/// Which tool the model must, may or must not call.
public enum ChatToolChoice: Hashable, Sendable {
    /// No tool.
    case none
    /// As the model likes.
    case auto
    /// At least one tool.
    case required
    /// This function.
    case function(name: String)
    /// A choice this list does not know, whole and as it came.
    case other(JSONText)
}

/// A call of a tool by the model.
public struct ChatToolCall: Hashable, Sendable {
    /// The id the result refers to.
    public var id: String
    /// What kind of tool is called.
    public var kind: Kind
    /// The tool's name.
    public var name: String
    /// The arguments as the model wrote them; meant to be JSON, but not promised to be.
    public var arguments: String
    /// Unknown members of the call.
    public var extra: [ExtraMember] = []
    /// Unknown members of the object inside the call.
    public var innerExtra: [ExtraMember] = []

    /// What kind of tool is called.
    public enum Kind: Hashable, Sendable {
        /// A function with JSON arguments.
        case function
        /// A custom tool with free text as input.
        case custom
    }

    /// Creates a call.
    public init(id: String, kind: Kind = .function, name: String, arguments: String) {
        self.id = id
        self.kind = kind
        self.name = name
        self.arguments = arguments
    }
}

/// What a tool answered.
public struct ChatToolResult: Hashable, Sendable {
    /// The id of the call.
    public var callID: String
    /// Text and, where the dialect has them, other parts.
    public var content: [ChatPart]
    /// Whether the tool failed; `nil` where the dialect does not say.
    public var isError: Bool?
    /// Unknown members of the result.
    public var extra: [ExtraMember] = []

    /// Creates a result.
    public init(callID: String, content: [ChatPart], isError: Bool? = nil) {
        self.callID = callID
        self.content = content
        self.isError = isError
    }
}
