public import MartletCore

/// A response that is kept for its caller, as bytes that nobody here looks into.
public struct KeptResponse: Hashable, Sendable {
    /// The id of the response.
    public var id: String
    /// The key whose request it answers; only requests with the same key may see it.
    public var keyID: APIKeyID
    /// The response it went on from.
    public var previousID: String?
    /// When it was made.
    public var createdAt: Timestamp
    /// From when on it is gone.
    public var expiresAt: Timestamp
    /// The items of its input, a JSON list.
    public var input: [UInt8]
    /// The response object.
    public var response: [UInt8]

    /// Creates a record.
    public init(
        id: String,
        keyID: APIKeyID,
        previousID: String?,
        createdAt: Timestamp,
        expiresAt: Timestamp,
        input: [UInt8],
        response: [UInt8]
    ) {
        self.id = id
        self.keyID = keyID
        self.previousID = previousID
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.input = input
        self.response = response
    }
}
