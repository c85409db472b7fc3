/// An event stream went over one of the splitter's limits.
public enum SSEError: Error, Sendable, Equatable {
    /// A line is longer than the limit; the payload is the limit in bytes.
    case lineTooLong(limit: Int)
    /// The bytes of one event are more than the limit; the payload is the limit in bytes.
    case eventTooLong(limit: Int)
}
