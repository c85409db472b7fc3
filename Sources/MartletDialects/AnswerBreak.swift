public import MartletCore

/// Reasons to stop that say that the provider broke an answer off, or that nobody can read what the model wrote.
///
/// Such an answer is not complete, whatever it holds; only a caller whose format tells the reason itself may see it as
/// one. The words are those of vLLM and SGLang (`abort`), DeepSeek (`insufficient_system_resource`), Mistral and
/// OpenRouter (`error`), of OpenAI's responses (`failed`, `cancelled`), and of Gemini and Amazon Bedrock's Converse
/// (``GeminiFinish``, ``ConverseStopReason``).
enum AnswerBreak {
    /// The failure that a reason stands for; `nil` for all others.
    static func failure(_ reason: FinishReason?, vendor: String?) -> UpstreamFailure? {
        if case .other(let name)? = reason, let failure = failure(name) { return failure }
        guard let vendor, GeminiFinish.isFailure(vendor) || ConverseStopReason.isFailure(vendor) else { return nil }
        return failure(vendor, code: "502")
    }

    /// The failure that a reason of chat completions stands for, or of OpenAI's responses.
    static func failure(_ name: String) -> UpstreamFailure? {
        reasons.first { $0.name.description == name }.map { failure(name, code: $0.code) }
    }

    /// The same for a reason that a cursor moved over; nothing is made of any other.
    static func failure(_ text: JSONCursor.Text, _ cursor: JSONCursor) -> UpstreamFailure? {
        for reason in reasons where cursor.key(text, is: reason.name) {
            return failure(reason.name.description, code: reason.code)
        }
        return nil
    }

    /// The reasons, and the status that a failure of this kind would have.
    private static let reasons: [(name: StaticString, code: String)] = [
        ("abort", "502"), ("error", "502"), ("failed", "502"), ("cancelled", "502"),
        ("insufficient_system_resource", "503"),
    ]

    private static func failure(_ name: String, code: String) -> UpstreamFailure {
        UpstreamFailure(
            message: "The provider did not finish the answer (\(name)).",
            type: "server_error",
            code: code
        )
    }
}

extension ChatChunk.Choice {
    /// The failure that the reason to stop stands for, where it says that the answer is not complete.
    public var breakOff: UpstreamFailure? {
        finishReason == nil ? nil : AnswerBreak.failure(finishReason, vendor: vendorReason)
    }

    /// Whether the reason itself is one that no format shares, so that some can only leave it out.
    public var tellsOwnReason: Bool { if case .other? = finishReason { true } else { false } }
}

extension ChatResponse.Choice {
    /// The failure that the reason to stop stands for, where it says that the answer is not complete.
    public var breakOff: UpstreamFailure? { AnswerBreak.failure(finishReason, vendor: vendorReason) }

    /// Whether the reason itself is one that no format shares, so that some can only leave it out.
    public var tellsOwnReason: Bool { if case .other? = finishReason { true } else { false } }
}
