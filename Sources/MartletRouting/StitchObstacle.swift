/// Why a stream that broke is not continued by another target.
public enum StitchObstacle: String, Error, Sendable, CaseIterable {
    /// The request is kept by the provider, asks for more than one answer, for one of a certain shape or for probabilities,
    /// or is not one for a chat.
    case request
    /// Reasoning or a part of no text was sent, which no other target can go on from.
    case noText = "no_text"
    /// More than one call of a tool was begun, or one that text follows.
    case toolCalls = "tool_calls"
    /// No target goes on from a text, or may be asked.
    case noTarget = "no_target"
    /// What the next target said does not go on from what was sent.
    case differs
    /// The reason why the stream ended is no break: a filter, a limit, the end of the process.
    case cause
    /// The targets that were asked for the rest failed.
    case failed
}
