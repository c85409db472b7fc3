import MartletCore
import MartletWire

/// Writes one request body and collects what has no place in it.
struct AnthropicRequestEncoder {
    let request: ChatRequest
    let codec: AnthropicMessagesCodec
    let traits: AnthropicModelTraits
    let version: AnthropicVersion
    var dropped = DroppedPaths()
    var names = AnthropicNames()
    /// How the results of tools are written.
    var form = AnthropicBlockForm.messages

    init(_ request: ChatRequest, codec: AnthropicMessagesCodec) {
        self.request = request
        self.codec = codec
        traits = codec.traits ?? AnthropicModelTraits(model: request.model ?? "")
        // A request of this dialect may hold what only the older version takes.
        let isNative = request.dialect == .anthropicMessages
        names.register(request.functionNames)
        version = codec.version ?? (isNative ? .june2023 : AnthropicVersion.best(for: request, traits: traits))
    }

    /// Whether the request was written in this dialect, so that what this codec does not know still means something.
    var isNative: Bool { request.dialect == .anthropicMessages }

    mutating func encode() throws(GatewayError) -> EncodedRequest {
        if !isNative { try refuse() }
        var conversation = try conversation()
        var tools = try toolBlocks()
        var choice = try toolChoice(hasTools: !tools.isEmpty)
        if tools.isEmpty, !conversation.calls.isEmpty, !isNative {
            // The API wants the tools of the calls it is shown.
            tools = knownTools(conversation)
            choice = ToolChoice(type: "none")
        }
        let output = try outputFormat()
        if let instruction = output.instruction { conversation.system.append(AnthropicBlock(text: instruction)) }
        let maxTokens = maxTokens()
        let thinking = thinking(
            maxTokens: maxTokens,
            isForced: choice?.isForced ?? false,
            lacksThinking: conversation.pendingCallsLackThinking
        )
        let sampling = sampling(isThinking: thinking.isOn)
        let rest = rest()
        let isMarked = rest.value("cache_control") != nil
        setMarks(&conversation, &tools, isMarked: isMarked)
        settleMarks(&conversation, &tools, limit: AnthropicCacheMark.most - (isMarked ? 1 : 0))
        var writer = JSONWriter(reserving: 512)
        writer.object { writer in
            writer.member("model", request.model)
            writer.member("max_tokens", maxTokens)
            write(conversation, to: &writer)
            if !tools.isEmpty || isNative && request.tools != nil {
                writer.key("tools")
                writer.array { writer in
                    for tool in tools { tool.write(to: &writer) }
                }
            }
            choice?.write(to: &writer)
            sampling.write(to: &writer)
            writer.member("stream", request.stream)
            thinking.write(format: output.format, to: &writer)
            writer.members(rest)
        }
        return EncodedRequest(
            body: writer.bytes,
            dropped: dropped.paths,
            renamedTools: names.renamed,
            headers: [EncodedRequest.Header("anthropic-version", version.rawValue)]
        )
    }

    private func write(_ conversation: AnthropicConversation, to writer: inout JSONWriter) {
        if !conversation.system.isEmpty {
            writer.key("system")
            writer.array { writer in
                for block in conversation.system { block.write(to: &writer) }
            }
        }
        writer.key("messages")
        writer.array { writer in
            for turn in conversation.turns {
                writer.object { writer in
                    writer.member("role", turn.role.rawValue)
                    writer.key("content")
                    writer.array { writer in
                        for block in turn.blocks { block.write(to: &writer) }
                    }
                }
            }
        }
    }

    private mutating func settleMarks(
        _ conversation: inout AnthropicConversation,
        _ tools: inout [AnthropicBlock],
        limit: Int
    ) {
        guard !isNative else { return }
        var prefix = [tools, conversation.system]
        var messages = conversation.turns.map(\.blocks)
        AnthropicCacheMark.settle(&prefix, &messages, limit: limit, &dropped)
        (tools, conversation.system) = (prefix[0], prefix[1])
        for index in messages.indices { conversation.turns[index].blocks = messages[index] }
    }

    /// Refuses what would give the caller something else than was asked for.
    private func refuse() throws(GatewayError) {
        let sampling = request.sampling
        if (sampling.count ?? 1) > 1 { throw .unsupported("n", "This model gives one answer at a time.") }
        if sampling.logprobs == true { throw .unsupported("logprobs", "This model gives no log-probabilities.") }
        if (sampling.topLogprobs ?? 0) > 0 {
            throw .unsupported("top_logprobs", "This model gives no log-probabilities.")
        }
        try request.refuseWhatIsNoText()
    }

    /// The caller's limit, or the most the model can write: the API wants one.
    private mutating func maxTokens() -> Int {
        let limits = request.limits
        if let newer = limits.maxCompletionTokens {
            if let older = limits.maxTokens, older != newer { dropped.add("max_tokens") }
            return newer
        }
        return limits.maxTokens ?? traits.maxOutputTokens
    }

    /// The members that are written as they are, those of the API's own among them.
    private mutating func rest() -> [ExtraMember] {
        var members: [ExtraMember] = []
        if isNative {
            if let user = request.user { members.append(Self.userID(user)) }
            return members + request.extra
        }
        var user = request.user
        var userPath = "user"
        for member in request.extra where !member.isNull {
            switch member.name {
            case "safety_identifier":
                if user != nil, user != member.text { dropped.add("user") }
                (user, userPath) = (member.text, member.name)
                if member.text == nil { dropped.add(member.name) }
            case "service_tier":
                switch member.text {
                case "auto": members.append(member)
                case "default": members.append(ExtraMember(name: "service_tier", value: JSONText(#""standard_only""#)))
                default: dropped.add(member.name)
                }
            // The API's own field, which a caller can only mean for it.
            case "cache_control": members.append(member)
            // Looked at elsewhere.
            case "thinking", "modalities": break
            default: dropped.add([member], in: "")
            }
        }
        if let user {
            // An address is personal, and the field must not identify a person.
            if user.isBlank || user.utf8.count > 256 || user.utf8.contains(UInt8(ascii: "@")) {
                dropped.add(userPath)
            } else {
                members.append(Self.userID(user))
            }
        }
        for pair in request.metadata ?? [] { dropped.add(pair.name, in: "metadata") }
        if let options = request.streamOptions {
            if options.includeObfuscation == true { dropped.add("stream_options.include_obfuscation") }
            dropped.add(options.extra, in: "stream_options")
        }
        return members
    }

    private static func userID(_ user: String) -> ExtraMember {
        var writer = JSONWriter()
        writer.object { $0.member("user_id", user) }
        return ExtraMember(name: "metadata", value: JSONText(writer.bytes))
    }
}

extension ExtraMember {
    /// The value where it is a string.
    var text: String? {
        (try? JSONDocument(value.bytes))?.withView { $0.string() } ?? nil
    }
}
