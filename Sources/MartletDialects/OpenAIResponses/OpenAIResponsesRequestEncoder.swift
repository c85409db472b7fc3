import MartletCore
import MartletWire

/// Writes one request body and collects what has no place in it.
struct OpenAIResponsesRequestEncoder {
    let request: ChatRequest
    /// The account the request goes to.
    let origin: String?
    var dropped = DroppedPaths()
    var names = ResponsesNames()
    /// The items of `input`, each a JSON object.
    var items: [[UInt8]] = []
    /// Whether reasoning goes back to its maker, so that more of it must be asked for.
    var returnsReasoning = false
    /// The ids of calls of tools that take free text.
    var customCalls: Set<String> = []

    init(_ request: ChatRequest, origin: String?) {
        self.request = request
        self.origin = origin
        names.register(request.functionNames)
    }

    /// Whether the request was written in this dialect, so that what this codec does not know still means something.
    var isNative: Bool { request.dialect == .openAIResponses }

    /// The least limit on tokens the API takes.
    private static let leastTokens = 16

    mutating func encode() throws(GatewayError) -> EncodedRequest {
        if !isNative { try refuse() }
        let instructions = instructions()
        for index in request.messages.indices where index > 0 || instructions == nil { try appendItems(index) }
        guard isNative || !items.isEmpty else { throw .invalid("messages", "must not be empty") }
        let tools = try toolObjects()
        let choice = try toolChoice(hasTools: !tools.isEmpty)
        let maxTokens = maxTokens()
        let format = responseFormat()
        let sampling = sampling()
        let rest = rest()
        var writer = JSONWriter(reserving: 512)
        writer.object { writer in
            writer.member("model", request.model)
            writer.member("instructions", instructions)
            writeInput(to: &writer)
            if !tools.isEmpty || isNative && request.tools != nil {
                writer.key("tools")
                writer.array { writer in
                    for tool in tools { writer.raw(tool) }
                }
            }
            writer.member("tool_choice", choice)
            if isNative || !tools.isEmpty { writer.member("parallel_tool_calls", request.parallelToolCalls) }
            writer.member("max_output_tokens", maxTokens)
            writer.member("temperature", request.sampling.temperature)
            writer.member("top_p", request.sampling.topP)
            writer.member("top_logprobs", sampling.topLogprobs)
            writeText(format, rest.value("text"), to: &writer)
            writeReasoning(rest.value("reasoning"), to: &writer)
            if !sampling.include.isEmpty {
                writer.key("include")
                writer.array { writer in
                    for name in sampling.include { writer.string(name) }
                }
            }
            writer.member("stream", request.stream)
            if let options = request.streamOptions, options.includeObfuscation != nil || isNative {
                writer.key("stream_options")
                writer.object { writer in
                    writer.member("include_obfuscation", options.includeObfuscation)
                    if isNative { writer.members(options.extra) }
                }
            }
            writer.member("user", request.user)
            writeMetadata(to: &writer)
            writer.members(rest.without("text", "reasoning", "verbosity"))
        }
        return EncodedRequest(body: writer.bytes, dropped: dropped.paths, renamedTools: names.renamed)
    }

    /// The first message as instructions, where it can be one.
    private func instructions() -> String? {
        guard let first = request.messages.first else { return nil }
        if isNative { return first.isInstructions ? first.text : nil }
        guard first.role == .system || first.role == .developer, request.messages.count > 1, first.name == nil,
            first.extra.isEmpty, first.parts.count == 1, first.parts[0].isPlainText
        else { return nil }
        return first.text
    }

    private func writeInput(to writer: inout JSONWriter) {
        let messages = request.messages.drop { isNative && $0.isInstructions }
        if isNative, messages.count == 1, let only = messages.first, only.extra.value(ResponsesMark.string) != nil {
            return writer.member("input", only.text)
        }
        if isNative, messages.isEmpty, !request.extra.withoutMarks.isEmpty { return }
        writer.key("input")
        writer.array { writer in
            for item in items { writer.raw(item) }
        }
    }

    /// The shape of the answer without members that only another dialect has.
    private mutating func responseFormat() -> ResponseFormat? {
        guard !isNative, case .jsonSchema(var format)? = request.responseFormat else { return request.responseFormat }
        dropped.add(format.innerExtra, in: "response_format.json_schema")
        dropped.add(format.extra, in: "response_format")
        (format.innerExtra, format.extra) = ([], [])
        return .jsonSchema(format)
    }

    private func writeText(_ format: ResponseFormat?, _ rest: JSONText?, to writer: inout JSONWriter) {
        let verbosity = request.extra.value("verbosity")
        guard format != nil || verbosity != nil || rest != nil else { return }
        writer.key("text")
        writer.object { writer in
            if let format {
                writer.key("format")
                format.writeResponses(to: &writer)
            }
            writer.member("verbosity", verbosity)
            writer.membersOf(rest)
        }
    }

    private func writeReasoning(_ rest: JSONText?, to writer: inout JSONWriter) {
        guard request.reasoningEffort != nil || rest != nil else { return }
        writer.key("reasoning")
        writer.object { writer in
            writer.member("effort", request.reasoningEffort)
            writer.membersOf(rest)
        }
    }

    private func writeMetadata(to writer: inout JSONWriter) {
        guard let metadata = request.metadata else { return }
        writer.key("metadata")
        writer.object { writer in
            for pair in metadata {
                writer.key(Array(pair.name.utf8))
                writer.string(pair.value)
            }
        }
    }

    /// Refuses what would give the caller something else than was asked for.
    private func refuse() throws(GatewayError) {
        if (request.sampling.count ?? 1) > 1 { throw .unsupported("n", "This model gives one answer at a time.") }
        if let stop = request.sampling.stop, stop.contains(where: { !$0.isEmpty }) {
            throw .unsupported("stop", "This model knows no texts that end the answer.")
        }
        if let modalities = request.extra.value("modalities"), !Self.isText(modalities) {
            throw .unsupported("modalities", "This model answers in text.")
        }
        if request.extra.value("audio") != nil { throw .unsupported("audio", "This model answers in text.") }
        if request.extra.value("functions") != nil {
            throw .unsupported("functions", "Legacy functions have no form for this model; use tools.")
        }
    }

    /// Whether a list of modalities holds nothing but text.
    private static func isText(_ modalities: JSONText) -> Bool {
        guard let document = try? JSONDocument(modalities.bytes) else { return false }
        return document.withView { view in
            view.kind == .array && view.elements.allSatisfy { $0.equalsString("text") }
        }
    }

    private mutating func maxTokens() -> Int? {
        let limits = request.limits
        if isNative { return limits.maxCompletionTokens ?? limits.maxTokens }
        if let newer = limits.maxCompletionTokens, let older = limits.maxTokens, older != newer {
            dropped.add("max_tokens")
        }
        guard let asked = limits.maxCompletionTokens ?? limits.maxTokens else { return nil }
        if asked < Self.leastTokens {
            dropped.add(limits.maxCompletionTokens == nil ? "max_tokens" : "max_completion_tokens")
        }
        return max(asked, Self.leastTokens)
    }

    /// Decides about log-probabilities and what is included, and names what cannot be asked for.
    private mutating func sampling() -> (topLogprobs: Int?, include: [String]) {
        let asked = request.sampling
        if isNative { return (asked.topLogprobs, []) }
        for (name, value) in [
            ("presence_penalty", asked.presencePenalty), ("frequency_penalty", asked.frequencyPenalty),
        ] {
            if let value, value != 0 { dropped.add(name) }
        }
        if asked.topK != nil { dropped.add("top_k") }
        if asked.seed != nil { dropped.add("seed") }
        var include: [String] = []
        if asked.logprobs == true { include.append("message.output_text.logprobs") }
        let reasons = request.reasoningEffort.map { $0 != "none" } ?? false
        if reasons || returnsReasoning { include.append("reasoning.encrypted_content") }
        return (asked.logprobs == true ? asked.topLogprobs : nil, include)
    }

    /// The members that are written as they are.
    private mutating func rest() -> [ExtraMember] {
        if isNative { return request.extra.withoutMarks }
        var members: [ExtraMember] = []
        var isStored = false
        for member in request.extra where !member.isNull {
            switch member.name {
            case "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "safety_identifier",
                "service_tier", "moderation", "verbosity":
                members.append(member)
            case "store": isStored = member.value.bytes.elementsEqual("true".utf8)
            // Looked at elsewhere.
            case "modalities": break
            default: dropped.add(member.name, in: "")
            }
        }
        // The vendor keeps answers for a month unless told otherwise.
        members.append(ExtraMember(name: "store", value: JSONText(isStored ? "true" : "false")))
        if let options = request.streamOptions { dropped.add(options.extra, in: "stream_options") }
        return members
    }
}

extension JSONWriter {
    /// Writes the members of an object that is JSON already.
    mutating func membersOf(_ object: JSONText?) {
        guard let object, let document = try? JSONDocument(object.bytes) else { return }
        document.withView { view in
            for member in view.members {
                key(member.key)
                raw(member.value)
            }
        }
    }
}
