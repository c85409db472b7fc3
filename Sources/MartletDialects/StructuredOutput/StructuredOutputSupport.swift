public import MartletCore

/// What a target can do about the shape of its answers.
public struct StructuredOutputSupport: Hashable, Sendable {
    /// Whether it follows a schema by itself.
    public var jsonSchema: Bool
    /// Whether it answers with any JSON object when told to by a field of the request.
    public var jsonObject: Bool
    /// Whether it takes tools and can be made to call one.
    public var forcedTools: Bool

    /// Creates a description.
    public init(jsonSchema: Bool, jsonObject: Bool, forcedTools: Bool) {
        self.jsonSchema = jsonSchema
        self.jsonObject = jsonObject
        self.forcedTools = forcedTools
    }
}

extension ChatQuirks {
    /// Whether what is asked for beside a shape of the answer keeps the server from giving that shape.
    public func excludesShape(hasTools: Bool, isStream: Bool) -> Bool {
        !shapeExcludes.isEmpty
            && (hasTools && shapeExcludes.contains(.tools) || isStream && shapeExcludes.contains(.stream))
    }
}

extension StructuredOutputSupport {
    /// Takes away what a server's quirks do not allow.
    ///
    /// - Parameters:
    ///   - quirks: The quirks.
    ///   - hasTools: Whether the request has tools.
    ///   - isStream: Whether the answer is streamed.
    public mutating func heed(_ quirks: ChatQuirks, hasTools: Bool, isStream: Bool) {
        if quirks.formats == .objectOnly { jsonSchema = false }
        if quirks.refusesForcedTools { forcedTools = false }
        guard quirks.excludesShape(hasTools: hasTools, isStream: isStream) else { return }
        jsonSchema = false
        jsonObject = false
    }

    /// Takes away what a model on Gemini's format does not do beside functions.
    public mutating func heed(_ traits: GeminiModelTraits) {
        guard !traits.combinesFunctions else { return }
        jsonSchema = false
        jsonObject = false
    }

    /// Tells what a target can do from what is known of it.
    ///
    /// - Parameters:
    ///   - dialect: The format that the target speaks.
    ///   - traits: What the model takes, as its name tells it.
    ///   - followsSchemas: Whether the model follows schemas; `nil` when nobody said.
    ///   - takesTools: Whether the model takes tools; `nil` when nobody said.
    public init(_ dialect: Dialect, traits: ModelTraits, followsSchemas: Bool?, takesTools: Bool?) {
        switch dialect {
        case .anthropicMessages, .anthropicVertex, .bedrockAnthropic:
            // The format knows schemas only, and only on newer models.
            let isKnown = traits.anthropic?.structuredOutput ?? true
            self.init(jsonSchema: followsSchemas ?? isKnown, jsonObject: false, forcedTools: takesTools ?? true)
        case .ollamaChat, .ollamaGenerate:
            // Grammars of the engine, whatever the model; tools cannot be forced.
            self.init(jsonSchema: true, jsonObject: true, forcedTools: false)
        case .gemini:
            self.init(jsonSchema: followsSchemas ?? true, jsonObject: true, forcedTools: takesTools ?? true)
        case .openAIChat, .openAIResponses:
            // What does not know schemas mostly knows the older mode of any object.
            self.init(jsonSchema: followsSchemas ?? true, jsonObject: true, forcedTools: takesTools ?? true)
        case .bedrockConverse:
            // The format knows schemas only, on some models; not every family can be made to call a tool.
            let canForce = traits.bedrock.map { $0.toolChoice != .none } ?? false
            self.init(
                jsonSchema: followsSchemas ?? traits.bedrock?.structuredOutput ?? false,
                jsonObject: false,
                forcedTools: canForce && takesTools ?? true
            )
        case .sageMakerChat:
            self.init(jsonSchema: followsSchemas ?? true, jsonObject: true, forcedTools: takesTools ?? true)
        case .openAICompletions, .simpleChat, .mock:
            self.init(jsonSchema: false, jsonObject: false, forcedTools: false)
        }
    }
}
