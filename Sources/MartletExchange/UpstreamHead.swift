import MartletCore

/// The head of an upstream's answer, reduced to what decides.
public struct UpstreamHead: Sendable {
    /// The HTTP status.
    public var status: Int
    /// What the body claims to be.
    public var media: Media
    /// The media type as it was sent, where it is none of the kinds that matter.
    public var contentType: String?
    /// How long the upstream asked to wait, parsed and bounded to one hour.
    public var retryAfter: Duration?
    /// What the head tells of an answer that its body does not; mostly nothing.
    public var told: Told?

    /// What AWS's services tell in header fields only.
    public final class Told: Sendable {
        /// The class of an error (`ThrottlingException`).
        public let errorType: String?
        /// The tokens of the prompt.
        public let inputTokens: Int64?

        /// Creates a description.
        public init(errorType: String? = nil, inputTokens: Int64? = nil) {
            self.errorType = errorType
            self.inputTokens = inputTokens
        }
    }

    /// Kinds of bodies that matter.
    public enum Media: UInt8, Sendable, Hashable {
        /// `application/json` or another JSON type.
        case json
        /// `text/event-stream`.
        case eventStream
        /// `application/x-ndjson`: a JSON document a line.
        case ndjson
        /// `application/vnd.amazon.eventstream`: binary frames.
        case awsEvents
        /// Anything else, or nothing.
        case other
    }

    /// Creates a head.
    public init(status: Int, media: Media, retryAfter: Duration? = nil) {
        self.status = status
        self.media = media
        self.retryAfter = retryAfter
    }
}

/// Why a leg ended without a complete answer.
public enum LegFailure: Error, Sendable, Hashable {
    /// The name did not resolve, the connection was refused, or TLS failed.
    case connect
    /// The connection closed or was reset before the answer was complete.
    case closed
    /// The upstream broke HTTP framing or sent something undecodable.
    case framing
    /// The target is not allowed for this request: the dialer refused it.
    case forbidden
}
