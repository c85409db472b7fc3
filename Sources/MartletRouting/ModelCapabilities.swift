/// What a model can do; `nil` means that nobody said.
public struct ModelCapabilities: Hashable, Sendable {
    /// Whether it answers by a JSON Schema.
    public var jsonSchema: Bool?
    /// Whether it calls tools.
    public var tools: Bool?

    /// Creates a description.
    public init(jsonSchema: Bool? = nil, tools: Bool? = nil) {
        self.jsonSchema = jsonSchema
        self.tools = tools
    }
}
