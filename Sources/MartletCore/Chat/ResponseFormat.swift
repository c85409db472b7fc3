/// What shape the answer must have.
public enum ResponseFormat: Hashable, Sendable {
    /// Free text.
    case text
    /// Any JSON object.
    case jsonObject
    /// JSON that follows a schema.
    case jsonSchema(JSONSchemaFormat)
    /// A format this list does not know, whole and as it came.
    case other(JSONText)
}

/// A schema the answer must follow.
public struct JSONSchemaFormat: Hashable, Sendable {
    /// 1–64 characters `[A-Za-z0-9_-]`.
    public var name: String
    /// What the answer is for.
    public var description: String?
    /// The JSON Schema.
    public var schema: JSONText?
    /// Whether the schema must be followed exactly.
    public var strict: Bool?
    /// Unknown members of the format.
    public var extra: [ExtraMember] = []
    /// Unknown members of the object inside the format.
    public var innerExtra: [ExtraMember] = []

    /// Creates a format.
    public init(name: String, description: String? = nil, schema: JSONText? = nil, strict: Bool? = nil) {
        self.name = name
        self.description = description
        self.schema = schema
        self.strict = strict
    }
}
