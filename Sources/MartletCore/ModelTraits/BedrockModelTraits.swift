/// What a model on Bedrock takes in the Converse format; families answer 400 to what they do not know.
///
/// - SeeAlso: Amazon Bedrock user guide, "Supported models and model features" of the Converse API, and its API
///   reference, `ToolChoice`, `ToolResultBlock` and `CachePointBlock` (read November 2026).
public struct BedrockModelTraits: Hashable, Sendable {
    /// Who made the model.
    public var family: Family
    /// What is known of a Claude; `nil` for every other model.
    public var claude: AnthropicModelTraits?
    /// Whether system texts are taken.
    public var systemTexts = true
    /// Which choices of a tool are taken beside `auto`.
    public var toolChoice = ToolChoice.none
    /// Whether the prompt can be cached.
    public var cachePoints = false
    /// Whether a result of a tool may say that it failed.
    public var resultStatus = false
    /// Whether the model takes a level of effort in a field of its own.
    public var takesEffort = false
    /// Whether `outputConfig` enforces schemas.
    public var structuredOutput = false

    /// Who made a model.
    public enum Family: Hashable, Sendable {
        /// Anthropic.
        case claude
        /// Amazon's models from 2024 on.
        case nova
        /// Amazon's older ones.
        case titan
        /// Meta.
        case llama
        /// Mistral AI.
        case mistral
        /// Cohere.
        case cohere
        /// OpenAI's open models.
        case gptOSS
        /// Any other, and one whose name does not tell it: the ARN of a profile of one's own.
        case other
    }

    /// Which choices of a tool a model takes beside `auto`.
    public enum ToolChoice: Hashable, Sendable {
        /// No other.
        case none
        /// That any of them is called.
        case any
        /// That any of them, or a certain one, is called.
        case all
    }

    /// Tells the traits from a model's id, the id of an inference profile, or an ARN.
    ///
    /// - Parameter name: The id.
    public init(model name: String) {
        let name = name.lowercased()
        // Byte by byte: the library's searches cost more for each word than all the rest of a request.
        let bytes = Array(name.utf8)
        func has(_ word: String) -> Bool {
            let word = Array(word.utf8)
            guard let first = word.first, bytes.count >= word.count else { return false }
            return (0...bytes.count - word.count).contains { start in
                bytes[start] == first && bytes[start..<start + word.count].elementsEqual(word)
            }
        }
        if has("claude") {
            let traits = AnthropicModelTraits(model: name)
            (family, claude) = (.claude, traits)
            (toolChoice, cachePoints, resultStatus) = (.all, true, true)
            structuredOutput = traits.structuredOutput
        } else if has("amazon.nova") {
            family = .nova
            takesEffort = has("amazon.nova-2")
            (toolChoice, cachePoints, resultStatus) = (.all, true, true)
        } else if has("amazon.titan") {
            (family, systemTexts) = (.titan, false)
        } else if has("meta.llama") {
            family = .llama
            // A family of models, no provider.
        } else if has("mistral") || has("mixtral") {
            family = .mistral
            let isOld = has("mistral-7b") || has("mixtral-8x7b")
            systemTexts = !isOld
            toolChoice = has("mistral-large") ? .any : .none
        } else if has("cohere.command") {
            family = .cohere
            systemTexts = has("command-r")
        } else if has("openai.gpt-oss") {
            family = .gptOSS
            (structuredOutput, takesEffort) = (true, true)
        } else {
            family = .other
            // Nothing is known of it, so that nothing is kept from it.
            let isHidden = has(":application-inference-profile/") || has("-model/") || has("-model-deployment/")
            if isHidden { (toolChoice, cachePoints, resultStatus) = (.all, true, true) }
        }
    }
}
