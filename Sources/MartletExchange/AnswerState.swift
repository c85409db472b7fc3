import MartletCore
import MartletRouting

/// What the client has been and will be told.
struct AnswerState {
    /// The status shown; 0 before the commit point.
    var status = 0
    /// Whether the head is out: from here on nothing is retried.
    var isCommitted = false
    /// What `X-Cache` says.
    var cache = CacheAnswer.none
    /// Members of the request that the target does not take, as `X-Gateway-Dropped` names them.
    var dropped: [String] = []
    /// Usage of the answer, reported or estimated.
    var usage: Usage?
    /// The code of the error shown, if any.
    var errorCode: GatewayError.Code?
    /// What the upstream itself said when it broke its answer off.
    var breakOff: Boxed<AttemptFailure>?
    /// From the upstream request to the first content.
    var firstToken: Duration?
    /// When the last upstream byte came.
    var upstreamEnded: Instant?
    /// When the upstream request was sent.
    var sentAt: Instant?

    /// Values of `X-Cache`.
    enum CacheAnswer: String {
        /// No inference: no field.
        case none = ""
        /// The cache is off for this request.
        case off = "OFF"
    }
}
