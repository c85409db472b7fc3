public import MartletCore

/// What runs behind a SageMaker endpoint; both speak OpenAI's chat completions, with different gaps.
public enum SageMakerContainer: String, Hashable, Sendable {
    /// A server with the whole of the format: vLLM, SGLang, LMI.
    case openAI = "openai"  // A form of the API, no provider.
    /// Text Generation Inference with its Messages API.
    case tgi
}

extension SageMakerContainer {
    /// How its chat completions differ from OpenAI's, beside what the service in front of it asks for.
    public var quirks: ChatQuirks? {
        guard self == .tgi else { return nil }
        var quirks = ChatQuirks()
        quirks.formats = .value
        quirks.shapeExcludes = [.tools]
        return quirks
    }
}
