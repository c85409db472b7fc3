import MartletCore

/// How much a model thinks (`think`): a boolean or one of four levels.
enum OllamaThink: Hashable {
    case off, on, low, medium, high, max

    /// Reads a level by the names OpenAI's and other APIs have; `nil` for one that Ollama has no like of.
    ///
    /// The same table as in Ollama's own OpenAI surface (`openai/openai.go`).
    init?(effort: String) {
        switch effort {
        case "none": self = .off
        case "minimal", "low": self = .low
        case "medium": self = .medium
        case "high": self = .high
        case "xhigh", "ultra", "max": self = .max
        default: return nil
        }
    }

    /// Reads the member `think`; `nil` when Ollama would refuse it.
    init?(_ value: JSONText) {
        switch String(decoding: value.bytes, as: UTF8.self) {
        case "false": self = .off
        case "true": self = .on
        case #""low""#: self = .low
        case #""medium""#: self = .medium
        case #""high""#: self = .high
        case #""max""#: self = .max
        default: return nil
        }
    }

    /// The member `think`.
    var value: JSONText {
        switch self {
        case .off: JSONText("false")
        case .on: JSONText("true")
        case .low: JSONText(#""low""#)
        case .medium: JSONText(#""medium""#)
        case .high: JSONText(#""high""#)
        case .max: JSONText(#""max""#)
        }
    }

    /// The level's name in ``ChatRequest/reasoningEffort``; plain `true` means `medium` to Ollama.
    var effort: String {
        switch self {
        case .off: "none"
        case .on, .medium: "medium"
        case .low: "low"
        case .high: "high"
        case .max: "max"
        }
    }
}
