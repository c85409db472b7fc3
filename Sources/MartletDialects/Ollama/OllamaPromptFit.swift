/// Whether a prompt reached the model whole.
public enum OllamaPromptFit: Hashable, Sendable {
    /// It fitted.
    case whole
    /// Something of it was left out.
    case truncated
    /// The answer does not tell.
    case unknown
}
