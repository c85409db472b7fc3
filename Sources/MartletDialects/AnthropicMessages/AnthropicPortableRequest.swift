import MartletCore
import MartletWire

/// A request of this dialect for a target of another one: in the shape of an OpenAI chat, without what only Anthropic
/// knows.
///
/// Whatever is taken out is named. A field that goes with a beta goes without a trace otherwise: half a pair is refused
/// by every server. Messages and parts remember where they stood, so that what the target's codec drops later is named
/// in the caller's terms too.
struct AnthropicPortableRequest {
    /// The request to write.
    private(set) var request: ChatRequest
    /// What of the caller's request is not in it.
    var dropped = DroppedPaths()
    /// The caller's names of tools that had to be renamed, by the names that are sent.
    var renamedTools: [String: String] { names.renamed }

    let source: ChatRequest
    let target: Target
    var names: AnthropicNames
    var ids: [String: String] = [:]
    var usedIDs: Set<String> = []
    /// Where each message of ``request`` stood.
    private var places: [Place] = []
    /// Where each tool of ``request`` stood.
    private var toolPlaces: [String] = []
    /// The member that the effort was read from.
    private var effortPath = "output_config.effort"

    /// What differs between the targets.
    enum Target {
        case openAIChat
        case openAIResponses
        case ollamaChat
        case gemini
        /// Keeps what its codec has a form for: cache marks, failed results, and thinking with its signature.
        case bedrockConverse

        /// Whether OpenAI's limits on names, ids and fields hold; servers like OpenAI's may have them too.
        var isOpenAI: Bool { self == .openAIChat || self == .openAIResponses }
    }

    /// Where a message stood in the caller's body.
    struct Place {
        var message: String
        /// Where its parts of content stood.
        var parts: [String] = []
        /// Where its calls stood.
        var calls: [String] = []
        /// Where its signed thinking stood, and where the other.
        var sealed: [String] = []
        var unsealed: [String] = []
    }

    /// Takes a request apart.
    ///
    /// - Throws: ``GatewayError`` for content without which the model would not see what the caller means.
    init(_ source: ChatRequest, for target: Target) throws(GatewayError) {
        self.source = source
        self.target = target
        request = ChatRequest(model: source.model, messages: [])
        // OpenAI, Bedrock and Gemini take 64 bytes in place of 128; Ollama has no limit.
        names = AnthropicNames(longestName: target == .ollamaChat ? 128 : 64)
        names.register(source.functionNames)
        try convertMessages()
        convertTools()
        convertLimits()
        convertFormat()
        convertThinking()
        convertRest()
        request.stream = source.stream
        // Anthropic's streams always tell the usage.
        if source.stream == true, target == .openAIChat {
            request.streamOptions = ChatStreamOptions(includeUsage: true)
        }
        request.gateway = source.gateway
        guard !request.messages.isEmpty else { throw .invalid("messages", "must say something") }
    }

    /// Adds a message.
    mutating func append(_ message: ChatMessage, from place: Place) {
        request.messages.append(message)
        places.append(place)
    }

    // MARK: - Tools

    private mutating func convertTools() {
        var tools: [ChatTool] = []
        for (index, tool) in (source.tools ?? []).enumerated() {
            let path = "tools[\(index)]"
            // Anthropic's own tools are run, or known by heart, by its models only.
            guard case .function(let known) = tool else {
                dropped.add(path)
                continue
            }
            if known.strict == true, target != .bedrockConverse { dropped.add("strict", in: path) }
            let extra = portable(known.extra, path)
            var function = ChatFunction(
                name: names.name(known.name),
                description: known.description,
                parameters: known.parameters,
                strict: target == .bedrockConverse ? known.strict : nil
            )
            function.extra = extra
            tools.append(.function(function))
            toolPlaces.append(path)
        }
        guard !tools.isEmpty else {
            if source.toolChoice != nil || source.parallelToolCalls != nil { dropped.add("tool_choice") }
            return
        }
        request.tools = tools
        request.parallelToolCalls = source.parallelToolCalls == false ? false : nil
        switch source.toolChoice {
        case .function(let name)?:
            let sent = names.name(name)
            let isKnown = tools.contains { if case .function(let tool) = $0 { tool.name == sent } else { false } }
            if isKnown { request.toolChoice = .function(name: sent) } else { dropped.add("tool_choice") }
        case .other?: dropped.add("tool_choice")
        case .auto?, .required?, ChatToolChoice.none?, nil: request.toolChoice = source.toolChoice
        }
    }

    // MARK: - Limits, format, thinking

    private mutating func convertLimits() {
        var limit = source.limits.maxTokens
        // No tokens at all only warm Anthropic's cache; elsewhere the answer has one.
        if limit == 0 {
            limit = 1
            dropped.add("max_tokens")
        }
        if target == .openAIChat, Self.takesCompletionTokens(source.model ?? "") {
            request.limits.maxCompletionTokens = limit
        } else {
            request.limits.maxTokens = limit
        }
        request.sampling.temperature = source.sampling.temperature
        request.sampling.topP = source.sampling.topP
        request.sampling.stop = source.sampling.stop
        if target.isOpenAI, source.sampling.topK != nil {
            dropped.add("top_k")
        } else {
            request.sampling.topK = source.sampling.topK
        }
    }

    /// Whether a model refuses `max_tokens` and wants the newer field: OpenAI's reasoning models do.
    ///
    /// - SeeAlso: OpenAI API reference, "Create chat completion", `max_tokens`.
    static func takesCompletionTokens(_ model: String) -> Bool {
        let name = model.split(separator: "/").last.map { $0.lowercased() } ?? ""
        let bytes = Array(name.utf8)
        if bytes.count > 1, bytes[0] == UInt8(ascii: "o"), bytes[1] &- 0x30 < 10 { return true }
        guard name.hasPrefix("gpt-"), bytes.count > 4 else { return false }
        // A lone digit from 5 on; `gpt-35-turbo` is the third generation.
        let isTwoDigits = bytes.count > 5 && bytes[5] &- 0x30 < 10
        return 5...9 ~= bytes[4] &- 0x30 && !isTwoDigits
    }

    private mutating func convertFormat() {
        switch source.responseFormat {
        case .jsonSchema(let format)?: setFormat(schema: format.schema)
        case .other?: dropped.add("output_config.format")
        case .text?, .jsonObject?, nil: break
        }
        request.reasoningEffort = source.reasoningEffort
        guard let config = source.extra.value("output_config"), let document = try? JSONDocument(config.bytes) else {
            return
        }
        // It has members this codec does not know, so that it was kept whole.
        document.withView { view in
            guard view.kind == .object else { return dropped.add("output_config") }
            for member in view.members where !member.value.isNull {
                if member.key.equalsString("effort"), let effort = member.value.string() {
                    request.reasoningEffort = effort
                } else if !(member.key.equalsString("format") && setFormat(member.value)) {
                    dropped.add(member.key.string() ?? "", in: "output_config")
                }
            }
        }
    }

    /// Takes a format; answers whether it is one that others have.
    private mutating func setFormat(_ view: JSONView) -> Bool {
        guard view.member("type")?.equalsString("json_schema") == true, let schema = view.member("schema") else {
            return false
        }
        setFormat(schema: schema.text)
        return true
    }

    private mutating func setFormat(schema: JSONText?) {
        let isStrict = schema.map { AnthropicSchema.isStrict($0) } ?? false
        request.responseFormat = .jsonSchema(JSONSchemaFormat(name: "response", schema: schema, strict: isStrict))
    }

    private mutating func convertThinking() {
        guard let value = source.extra.value("thinking"), let document = try? JSONDocument(value.bytes) else { return }
        document.withView { view in
            let type = view.member("type")?.string() ?? ""
            // The model is to decide; to Ollama a level is an order, which models that cannot think refuse.
            if type == "adaptive", target == .ollamaChat, request.reasoningEffort != nil {
                request.reasoningEffort = nil
                dropped.add(effortPath)
            }
            // Not every model of OpenAI's kind can be told not to think, and those that cannot refuse the field.
            guard type == "enabled" || type == "disabled" && !target.isOpenAI else {
                return dropped.add("thinking")
            }
            for member in view.members where !member.value.isNull && !member.key.equalsString("type") {
                let isBudget = member.key.equalsString("budget_tokens") && type == "enabled"
                if !isBudget || request.reasoningEffort != nil {
                    dropped.add(member.key.string() ?? "", in: "thinking")
                }
            }
            guard request.reasoningEffort == nil else { return dropped.add("thinking") }
            effortPath = "thinking"
            request.reasoningEffort = type == "disabled" ? "none" : Self.effort(view.member("budget_tokens")?.int64())
        }
    }

    /// The level of effort that a budget of tokens stands for.
    private static func effort(_ budget: Int64?) -> String {
        switch budget ?? 0 {
        case ...2_048: "low"
        case ...8_192: "medium"
        default: "high"
        }
    }

    private mutating func convertRest() {
        if let user = source.user {
            // OpenAI refuses longer ones.
            if target.isOpenAI, user.isEmpty || user.utf8.count > 64 {
                dropped.add("metadata.user_id")
            } else {
                request.user = user
            }
        }
        for member in source.extra where !member.isNull {
            switch member.name {
            case "thinking", "output_config": break
            // The older name of the same thing.
            case "output_format":
                let isTaken = (try? JSONDocument(member.value.bytes))?.withView { view in
                    request.responseFormat == nil && setFormat(view)
                }
                if isTaken != true { dropped.add(member.name) }
            // What happens anyway.
            case "service_tier" where member.value.bytes.elementsEqual(#""auto""#.utf8): break
            case _ where target == .bedrockConverse && ConverseRequestEncoder.isOwn(member):
                request.extra.append(member)
            default: dropped.add(member.name, in: "")
            }
        }
    }

    /// The members beside a part that the target has a form for; the others are named.
    mutating func portable(_ extra: [ExtraMember], _ path: String) -> [ExtraMember] {
        guard target == .bedrockConverse else {
            dropped.add(extra, in: path)
            return []
        }
        dropped.add(extra.without("cache_control"), in: path)
        return extra.filter { $0.name == "cache_control" }
    }
}

extension AnthropicPortableRequest {
    /// Adds what the target's codec dropped, under the names of the caller's body.
    mutating func add(_ paths: [String]) {
        for path in paths {
            // The name of a schema, and whether it is enforced, are not the caller's words.
            if path == "response_format.json_schema.name" || path == "response_format.json_schema.strict" { continue }
            for path in thinkingPaths(path) ?? [callerPath(path)] { dropped.add(path) }
        }
    }

    /// Where the thinking of a message stood that a codec names by one member of the message; `nil` for other members.
    private func thinkingPaths(_ path: String) -> [String]? {
        guard let (index, rest) = Self.element(path, "messages["), index < places.count else { return nil }
        switch rest {
        case ".thinking_blocks": return places[index].sealed
        case ".reasoning_content" where target == .bedrockConverse: return places[index].unsealed
        default: return nil
        }
    }

    private func callerPath(_ path: String) -> String {
        if let (index, rest) = Self.element(path, "messages["), index < places.count {
            let place = places[index]
            if let (part, _) = Self.element(rest, ".content["), part < place.parts.count { return place.parts[part] }
            if let (call, rest) = Self.element(rest, ".tool_calls["), call < place.calls.count {
                return place.calls[call] + rest
            }
            return place.message + rest
        }
        if let (index, rest) = Self.element(path, "tools["), index < toolPlaces.count {
            return AnthropicMessagesCodec.callerPath(toolPlaces[index] + rest)
        }
        return path == "reasoning_effort" ? effortPath : AnthropicMessagesCodec.callerPath(path)
    }

    /// Takes a start and a number off a path: `messages[2].name` gives 2 and `.name`.
    private static func element(_ path: String, _ start: String) -> (index: Int, rest: String)? {
        guard path.hasPrefix(start), let end = path.firstIndex(of: "]"),
            let index = Int(path[path.index(path.startIndex, offsetBy: start.count)..<end]), index >= 0
        else { return nil }
        return (index, String(path[path.index(after: end)...]))
    }
}

extension AnthropicMessagesCodec {
    /// The name, in this dialect, of a member that is named in the words of OpenAI chat.
    ///
    /// Paths that bear the dialect's own names already stay as they are.
    ///
    /// - Parameter path: A path of ``EncodedRequest/dropped``.
    public static func callerPath(_ path: String) -> String {
        let end = path.firstIndex { $0 == "." || $0 == "[" } ?? path.endIndex
        let rest = path[end...]
        switch path[..<end] {
        case "stop": return "stop_sequences" + rest
        case "max_completion_tokens": return "max_tokens"
        case "user", "safety_identifier": return "metadata.user_id"
        case "response_format": return "output_config.format"
        case "reasoning_effort": return "output_config.effort"
        case "parallel_tool_calls": return "tool_choice.disable_parallel_tool_use"
        case "tools":
            let inner = path.replacing("].function", with: "]", maxReplacements: 1)
            return inner.hasSuffix("].parameters") ? inner.dropLast(10) + "input_schema" : inner
        default: return path
        }
    }
}
