/// What a request for messages asks of a conversation that Anthropic keeps (body member `thread`).
///
/// - SeeAlso: Anthropic API reference, "Threads" (beta `message-threads-2026-08-12`).
public enum MessageThread: Hashable, Sendable {
    /// A conversation to keep begins.
    case create
    /// A kept conversation goes on behind a message of it; the request holds nothing of what came before.
    case resume(previousMessageID: String)
    /// A kind this list does not know.
    case other
}
