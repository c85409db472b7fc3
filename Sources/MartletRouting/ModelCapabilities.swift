/// What a model can do; `nil` means that nobody said.
public struct ModelCapabilities: Hashable, Sendable {
    /// Whether it answers by a JSON Schema.
    public var jsonSchema: Bool?
    /// Whether it calls tools.
    public var tools: Bool?
    /// Whether it reasons before it answers.
    public var reasoning: Bool?

    /// Creates a description.
    public init(jsonSchema: Bool? = nil, tools: Bool? = nil, reasoning: Bool? = nil) {
        self.jsonSchema = jsonSchema
        self.tools = tools
        self.reasoning = reasoning
    }
}
