import MartletCore

/// Why an answer ended, in Gemini's words.
///
/// - SeeAlso: Gemini API reference, "FinishReason" and "BlockReason".
enum GeminiFinish {
    /// What a word means here, with the word itself where the meaning says less.
    static func decode(_ name: String, hasCalls: Bool) -> (reason: FinishReason, vendor: String?) {
        switch name {
        // There is no word of its own for calls of tools.
        case "STOP": (hasCalls ? .toolCalls : .stop, nil)
        case "MAX_TOKENS": (.length, nil)
        case "CONTINUATION": (.length, name)
        case let name where filtered.contains(name): (.contentFilter, name)
        default: (hasCalls ? .toolCalls : .stop, name)
        }
    }

    /// The word for a reason.
    static func encode(_ reason: FinishReason, vendor: String?) -> String {
        if let vendor, known.contains(vendor) { return vendor }
        return switch reason {
        case .stop, .toolCalls, .functionCall: "STOP"
        case .length: "MAX_TOKENS"
        case .contentFilter: "SAFETY"
        case .other: "OTHER"
        }
    }

    /// Whether the word says that the model failed to write what it began, so that asking again may help.
    static func isFailure(_ name: String) -> Bool { failed.contains(name) }

    private static let filtered: Set<String> = [
        "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION", "MODEL_ARMOR", "LANGUAGE", "NO_IMAGE",
    ]
    private static let failed: Set<String> = [
        "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE",
        "MISSING_THOUGHT_SIGNATURE",
    ]
    private static let known: Set<String> = filtered.union(failed).union([
        "CONTINUATION", "OTHER", "IMAGE_OTHER", "ESCALATION", "FINISH_REASON_UNSPECIFIED", "PUP_LIMITED_DISABLED",
    ])
}
