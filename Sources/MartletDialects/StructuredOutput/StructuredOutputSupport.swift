/// What a target can do about the shape of its answers.
public struct StructuredOutputSupport: Hashable, Sendable {
    /// Whether it follows a schema by itself.
    public var jsonSchema: Bool
    /// Whether it answers with any JSON object when told to by a field of the request.
    public var jsonObject: Bool
    /// Whether it takes tools and can be made to call one.
    public var forcedTools: Bool

    /// Creates a description.
    public init(jsonSchema: Bool, jsonObject: Bool, forcedTools: Bool) {
        self.jsonSchema = jsonSchema
        self.jsonObject = jsonObject
        self.forcedTools = forcedTools
    }
}
