/// A client-facing API; decides the shape of answers and errors.
public enum Surface: UInt8, Sendable, Hashable {
    /// OpenAI chat completions and what shares its error shape.
    case openAI
    /// Anthropic messages.
    case anthropic
    /// The gateway's own routes: health, admin, native inference.
    case native
    /// Ollama's `/api/…`.
    case ollama
}

/// A wire format of inference, of a caller or of an upstream.
public enum Dialect: UInt8, Sendable, Hashable {
    /// OpenAI chat completions.
    case openAIChat
    /// The built-in deterministic model: no upstream call is made.
    case mock
    /// Anthropic messages.
    case anthropicMessages
    /// Ollama's own chat, `/api/chat`.
    case ollamaChat
    /// OpenAI responses.
    case openAIResponses
    /// Ollama's one-prompt form, `/api/generate`.
    case ollamaGenerate
    /// OpenAI's older completions, one prompt in and text out.
    case openAICompletions
    /// The gateway's `POST /chat`: one message in, one text out.
    case simpleChat
    /// Gemini's `generateContent`, of Google AI Studio and of Vertex AI.
    case gemini
    /// Anthropic messages as Vertex AI has them: the model in the path, the version in the body.
    case anthropicVertex
    /// Amazon Bedrock's Converse.
    case bedrockConverse
    /// Anthropic's messages in the envelope of Amazon Bedrock's InvokeModel.
    case bedrockAnthropic
    /// OpenAI chat completions in the envelope of an Amazon SageMaker endpoint.
    case sageMakerChat
}

/// Where a target runs, as `X-Model-Source` names it.
public enum ModelSource: String, Sendable, Hashable {
    /// On loopback or a configured local engine.
    case local
    /// A vendor's public endpoint.
    case cloud
    /// An account with its own base URL.
    case custom
}

/// What part of the plan a caller allows.
public enum Route: String, Sendable, Hashable {
    /// Only targets on this device.
    case local
    /// Local targets where the rules allow, others else.
    case auto
    /// Only remote targets.
    case cloud
    /// The caller's or the configuration's `fallbacks` after the model.
    case fallback
}

/// Where a request's content may go; only ever tightened along the way.
public enum PrivacyClass: UInt8, Sendable, Hashable, Comparable {
    /// Anywhere the plan allows.
    case open
    /// Never off this device.
    case localOnly

    /// Orders classes from loose to tight.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
