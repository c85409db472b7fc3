import MartletCore

/// Unknown members that bear the name of something in the words all dialects share.
///
/// To Ollama such a member says nothing, or has the wrong type. Kept, it would stand a second time beside the real one
/// once the message is written in another format.
enum OllamaExtra {
    /// Of a request.
    static let request = Set(ChatField.allCases.map(\.name)).union([
        "tool_choice", "response_format", "reasoning_effort",
    ])
    /// Of a message; in an answer `tool_calls` of an unknown shape may stay, since none are written beside them.
    static let message: Set<String> = ["role", "content", "name", "refusal", "reasoning_content"]
    /// Of an answer.
    static let answer: Set<String> = ["id", "object", "created", "model", "choices", "usage"]
}

extension [ExtraMember] {
    /// The members that have none of some names.
    func without(_ names: Set<String>) -> [ExtraMember] { filter { !names.contains($0.name) } }
}
