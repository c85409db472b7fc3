import MartletCore
import MartletWire

extension ConverseRequestEncoder {
    /// What stands beside the conversation and the tools.
    struct Settings {
        var inference = ConverseInference()
        /// Fields of the model's own format.
        var additional: [ExtraMember] = []
        /// Members that are written as they are.
        var rest: [ExtraMember] = []

        /// Adds a field of the model's own format, unless the caller has set it.
        mutating func add(_ name: String, _ value: JSONText) {
            if additional.value(name) == nil { additional.append(ExtraMember(name: name, value: value)) }
        }

        /// Adds what a body writes.
        mutating func add(_ name: String, _ body: (inout JSONWriter) -> Void) {
            var writer = JSONWriter()
            body(&writer)
            add(name, JSONText(writer.bytes))
        }
    }

    /// Members of the format itself, which a caller of another one can only mean for it.
    private static let own: [(name: String, kind: JSONKind)] = [
        ("guardrailConfig", .object), ("performanceConfig", .object), ("promptVariables", .object),
        ("requestMetadata", .object), ("serviceTier", .object), ("additionalModelResponseFieldPaths", .array),
        ("additionalModelRequestFields", .object),
    ]

    /// Whether a member is one of the format's own.
    static func isOwn(_ member: ExtraMember) -> Bool {
        own.contains { $0.name == member.name && $0.kind == member.kind }
    }

    mutating func settings(_ tools: ToolConfig?) -> Settings {
        var settings = Settings()
        takeExtra(&settings)
        settings.inference.maxTokens = maxTokens()
        let isThinking = thinking(tools, &settings)
        sampling(isThinking: isThinking, &settings)
        if let choice = tools?.claudeChoice { settings.add("tool_choice", choice) }
        takeMetadata(&settings)
        if let options = request.streamOptions {
            if options.includeObfuscation == true { base.dropped.add("stream_options.include_obfuscation") }
            base.dropped.add(options.extra, in: "stream_options")
        }
        return settings
    }

    private mutating func maxTokens() -> Int? {
        guard let newer = request.limits.maxCompletionTokens else { return request.limits.maxTokens }
        if let older = request.limits.maxTokens, older != newer { base.dropped.add("max_tokens") }
        return newer
    }

    /// Takes the members that the format has itself, and names the others.
    private mutating func takeExtra(_ settings: inout Settings) {
        for member in request.extra where !member.isNull {
            if member.name == "additionalModelRequestFields", member.kind == .object,
                let document = try? JSONDocument(member.value.bytes)
            {
                document.withView { view in
                    for field in view.members {
                        settings.add(field.key.string() ?? "", field.value.text)
                    }
                }
                continue
            }
            if Self.isOwn(member) {
                settings.rest.append(member)
                continue
            }
            switch member.name {
            case "service_tier": takeTier(member, &settings)
            // Looked at elsewhere.
            case "modalities": break
            case "thinking" where traits.claude != nil: break
            case "safety_identifier": takeUser(member.text, member.name, &settings)
            default: base.dropped.add([member], in: "")
            }
        }
        if request.user != nil { takeUser(request.user, "user", &settings) }
    }

    private mutating func takeTier(_ member: ExtraMember, _ settings: inout Settings) {
        switch member.text {
        case "auto": break
        case let tier? where ["default", "flex", "priority"].contains(tier):
            var writer = JSONWriter()
            writer.object { $0.member("type", tier) }
            settings.rest.append(ExtraMember(name: "serviceTier", value: JSONText(writer.bytes)))
        default: base.dropped.add(member.name)
        }
    }

    private mutating func takeUser(_ user: String?, _ path: String, _ settings: inout Settings) {
        // An address is personal, and the field must not identify a person.
        guard traits.claude != nil, let user, !user.isBlank, user.utf8.count <= 256,
            !user.utf8.contains(UInt8(ascii: "@")), settings.additional.value("metadata") == nil
        else { return base.dropped.add(path) }
        settings.add("metadata") { writer in writer.object { $0.member("user_id", user) } }
    }

    /// The caller's pairs, by which the service's log of calls can be searched.
    private mutating func takeMetadata(_ settings: inout Settings) {
        guard let pairs = request.metadata, !pairs.isEmpty else { return }
        var kept: [ChatRequest.MetadataPair] = []
        let isTaken = settings.rest.value("requestMetadata") != nil
        for pair in pairs {
            if !isTaken, Self.isPlain(pair.name), Self.isPlain(pair.value), !pair.name.isEmpty {
                kept.append(pair)
            } else {
                base.dropped.add(pair.name, in: "metadata")
            }
        }
        guard !kept.isEmpty else { return }
        var writer = JSONWriter()
        writer.object { writer in
            for pair in kept {
                writer.key(Array(pair.name.utf8))
                writer.string(pair.value)
            }
        }
        settings.rest.append(ExtraMember(name: "requestMetadata", value: JSONText(writer.bytes)))
    }

    /// Whether a text is one of the service's pairs: at most 256 of `[a-zA-Z0-9\s:_@$#=/+,.-]`.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.count <= 256
            && text.utf8.allSatisfy { byte in
                byte &- 0x30 < 11 || (byte | 0x20) &- 0x61 < 26 || " _@$#=/+,-.".utf8.contains(byte)
            }
    }

    /// Decides about reasoning; answers whether the model reasons before it answers.
    private mutating func thinking(_ tools: ToolConfig?, _ settings: inout Settings) -> Bool {
        if traits.claude != nil {
            let thinking = base.thinking(
                maxTokens: settings.inference.maxTokens ?? base.traits.maxOutputTokens,
                isForced: tools?.isForced ?? false,
                lacksThinking: conversation.pendingCallsLackThinking
            )
            if let value = thinking.value { settings.add("thinking", value) }
            if let effort = thinking.effort {
                settings.add("output_config") { writer in writer.object { $0.member("effort", effort) } }
            }
            return thinking.isOn
        }
        guard let effort = request.reasoningEffort else { return false }
        switch traits.family {
        case .gptOSS where traits.takesEffort && ["low", "medium", "high"].contains(effort):
            settings.add("reasoning_effort") { $0.string(effort) }
            return true
        case .nova where traits.takesEffort && ["low", "medium", "high"].contains(effort):
            settings.add("reasoningConfig") { writer in
                writer.object { writer in
                    writer.member("type", "enabled")
                    writer.member("maxReasoningEffort", effort)
                }
            }
            return true
        case _ where effort == "none": return false
        default:
            base.dropped.add("reasoning_effort")
            return false
        }
    }

    private mutating func sampling(isThinking: Bool, _ settings: inout Settings) {
        let asked = request.sampling
        var kept: AnthropicRequestEncoder.Sampling
        if traits.claude != nil {
            kept = base.sampling(isThinking: isThinking)
        } else {
            kept = AnthropicRequestEncoder.Sampling(
                temperature: asked.temperature,
                topP: asked.topP,
                topK: asked.topK.flatMap { $0 > 0 ? $0 : nil },
                stop: asked.stop
            )
            if let temperature = kept.temperature, temperature > 1 {
                kept.temperature = 1
                base.dropped.add("temperature")
            }
            base.dropUnknown(asked)
            kept.stop = base.stop(asked)
        }
        settings.inference.temperature = kept.temperature
        settings.inference.topP = kept.topP
        settings.inference.stop = kept.stop
        if let topK = kept.topK { add(topK: topK, &settings) }
        guard traits.claude != nil, kept.stop != nil, settings.rest.value("additionalModelResponseFieldPaths") == nil
        else {
            return
        }
        var writer = JSONWriter()
        writer.array { $0.string(ConverseStopText.pointer) }
        settings.rest.append(ExtraMember(name: "additionalModelResponseFieldPaths", value: JSONText(writer.bytes)))
    }

    private mutating func add(topK: Int, _ settings: inout Settings) {
        switch traits.family {
        case .claude, .mistral: settings.add("top_k") { $0.integer(topK) }
        case .cohere: settings.add("k") { $0.integer(topK) }
        case .nova:
            settings.add("inferenceConfig") { writer in writer.object { $0.member("topK", topK) } }
        case .titan, .llama, .gptOSS, .other: base.dropped.add("top_k")
        }
    }
}
