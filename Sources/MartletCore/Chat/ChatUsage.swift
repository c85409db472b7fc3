/// Token counts with the members that came beside them.
public struct ChatUsage: Hashable, Sendable {
    /// The counts the gateway knows.
    public var counts: Usage
    /// The dialect whose names the unknown members bear; they are written in it only.
    public var dialect = Dialect.openAIChat
    /// Unknown members.
    public var extra: [ExtraMember] = []
    /// Unknown members of the input's details (audio, image and text tokens).
    public var inputExtra: [ExtraMember] = []
    /// Unknown members of the output's details (predictions, audio and text tokens).
    public var outputExtra: [ExtraMember] = []

    /// Creates a usage from counts.
    public init(_ counts: Usage, dialect: Dialect = .openAIChat) {
        self.counts = counts
        self.dialect = dialect
    }
}
