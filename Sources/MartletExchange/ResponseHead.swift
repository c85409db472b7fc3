import MartletCore
public import MartletRouting

/// The head of an answer to the client, whatever the HTTP version it goes by.
public struct ResponseHead: Sendable {
    /// The status shown.
    public var status: Int
    /// The media type.
    public var contentType: String
    /// Bytes of the body; `nil` when it is a stream.
    public var contentLength: Int?
    /// Whether the connection ends with this answer.
    public var closes = false
    /// Further fields, in order; names in lower case.
    public var fields: [HeaderField]

    /// Creates a head.
    public init(status: Int, contentType: String, contentLength: Int?, fields: [HeaderField] = []) {
        self.status = status
        self.contentType = contentType
        self.contentLength = contentLength
        self.fields = fields
    }
}
