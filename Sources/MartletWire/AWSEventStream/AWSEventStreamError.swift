/// Bytes are no `application/vnd.amazon.eventstream`; there is no way to go on behind them.
public enum AWSEventStreamError: Error, Sendable, Hashable {
    /// The checksum over a frame's lengths does not fit them.
    case preludeChecksum
    /// The checksum over a whole frame does not fit it.
    case frameChecksum
    /// The lengths of a frame contradict each other, or are over the limits.
    case length
    /// The header fields of a frame cannot be read: cut, of an unknown type, named twice, or too many.
    case headers
}
