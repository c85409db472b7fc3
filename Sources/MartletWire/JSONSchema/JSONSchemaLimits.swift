/// Bounds what a schema and a check against it may cost.
public struct JSONSchemaLimits: Sendable, Hashable {
    /// The length of a schema.
    public var maxBytes: Int
    /// Subschemas of one schema.
    public var maxSchemas: Int
    /// Steps of one check: a subschema applied, a member looked at, an instruction of a pattern at one character.
    public var maxSteps: Int
    /// Schemas applied inside each other, references included.
    public var maxDepth: Int
    /// Values of a document, those in `enum` and `const` of a schema likewise.
    public var maxValues: Int
    /// Violations that are reported.
    public var maxViolations: Int

    /// Creates limits; by default a check takes at most a few tenths of a second.
    public init(
        maxBytes: Int = 1_048_576,
        maxSchemas: Int = 20_000,
        maxSteps: Int = 4_000_000,
        maxDepth: Int = 512,
        maxValues: Int = 250_000,
        maxViolations: Int = 8
    ) {
        self.maxBytes = maxBytes
        self.maxSchemas = maxSchemas
        self.maxSteps = maxSteps
        self.maxDepth = maxDepth
        self.maxValues = maxValues
        self.maxViolations = maxViolations
    }
}
