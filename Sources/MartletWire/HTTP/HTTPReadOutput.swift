/// What one read brought.
public struct HTTPReadOutput: Sendable, Equatable {
    /// The head of the final response was completed by this read.
    public var headCompleted = false
    /// The payload of the body in this read's buffer, contiguous; empty when there is none.
    public var body: Range<Int> = 0..<0
    /// The response is complete with this read or was so before.
    public var ended = false
    /// Bytes behind the end of the response: nothing was asked for them, so the connection must not be used again.
    public var leftover = 0
    /// What is wrong with the response; what stands before the fault is in the other members.
    public var failure: HTTPReadError?

    /// Makes an output that tells nothing.
    public init() {}
}

/// What the end of a connection means for the response on it.
public enum HTTPReadEnd: Sendable, Equatable {
    /// The response is complete.
    case complete
    /// The response began and is not complete.
    case truncated
    /// Not a single byte came: a reused connection may simply have been closed, and the request can be sent again.
    case neverStarted
}
