import MartletCore
import MartletWire

/// Writes one request body and keeps note of what has no place in it.
struct OllamaRequestEncoder {
    let request: ChatRequest
    let settings: OllamaSettings
    /// Which route is written for.
    let form: OllamaAnswerForm
    /// The body.
    var writer: JSONWriter
    /// JSON paths, in a body of OpenAI's shape, of what is not sent; a path stands for all below it.
    var dropped: [String] = []
    /// The context size that is sent; `nil` when none is.
    var contextTokens: Int?

    init(_ request: ChatRequest, _ settings: OllamaSettings, _ form: OllamaAnswerForm = .chat) {
        self.request = request
        self.settings = settings
        self.form = form
        writer = JSONWriter(reserving: 512)
    }

    /// Encodes a request body, with what tells later whether the prompt was shortened.
    static func encoded(
        _ request: ChatRequest,
        _ settings: OllamaSettings,
        _ form: OllamaAnswerForm
    ) -> EncodedRequest {
        var encoder = OllamaRequestEncoder(request, settings, form)
        encoder.encode()
        var encoded = EncodedRequest(body: encoder.writer.bytes, dropped: encoder.dropped)
        encoded.promptCheck = encoder.contextTokens.map { context in
            PromptCheck(contextTokens: context, likelyTokens: OllamaPromptSize(request).likelyTokens)
        }
        return encoded
    }

    mutating func encode() {
        writer.beginObject()
        writer.member("model", request.model)
        switch form {
        case .chat:
            writer.key("messages")
            writer.beginArray()
            for turn in turns() { turn.write(to: &writer) }
            writer.endArray()
            writeTools()
        case .generate: writePrompt()
        }
        writeFormat()
        writeThink()
        // Ollama streams unless told otherwise; the formats of callers do not.
        writer.member("stream", request.stream ?? false)
        writer.member("logprobs", request.sampling.logprobs)
        writer.member("top_logprobs", request.sampling.topLogprobs)
        let options = OllamaOptions(request, settings)
        dropped.append(contentsOf: options.dropped)
        contextTokens = options.contextTokens
        if !options.members.isEmpty {
            writer.key("options")
            writer.beginObject()
            writer.members(options.members)
            writer.endObject()
        }
        writeRest()
        writer.endObject()
        nameUnsent()
    }

    private func extra(_ name: String) -> ExtraMember? {
        request.extra.first { $0.name == name && $0.kind != .null }
    }

    /// Notes a path.
    mutating func drop(_ name: String, in path: String = "") { dropped.append(JSONPath.appending(name, to: path)) }

    /// Notes the members of an object that nobody knows.
    mutating func drop(_ extra: [ExtraMember], in path: String) {
        for member in extra where member.kind != .null { drop(member.name, in: path) }
    }

    /// Writes the one text, and the system's, that `/api/generate` has room for.
    private mutating func writePrompt() {
        for turn in turns() { turn.writePrompt(to: &writer) }
        for name in OllamaGenerateCodec.ownMembers {
            if let member = extra(name), !member.saysNothing { writer.member(name, member.value) }
        }
        if let tools = request.tools, !tools.isEmpty { drop("tools") }
    }

    private mutating func writeTools() {
        guard let tools = request.tools, !tools.isEmpty else { return }
        // There is no way to forbid tools but not to show them.
        if request.toolChoice == ChatToolChoice.none { return drop("tools") }
        let allowed = AllowedTools(request.toolChoice)?.names
        var hasBegun = false
        for (index, tool) in tools.enumerated() {
            if case .function(let function) = tool, let allowed, !allowed.contains(function.name) { continue }
            guard case .function(let function) = tool else {
                dropped.append("tools[\(index)]")
                continue
            }
            if !hasBegun {
                writer.key("tools")
                writer.beginArray()
                hasBegun = true
            }
            write(function, at: "tools[\(index)]")
        }
        if hasBegun { writer.endArray() }
    }

    private mutating func write(_ function: ChatFunction, at path: String) {
        writer.beginObject()
        writer.member("type", "function")
        writer.key("function")
        writer.beginObject()
        writer.member("name", function.name)
        writer.member("description", function.description)
        writer.key("parameters")
        if let parameters = function.parameters, parameters.bytes.first == UInt8(ascii: "{"), parameters.bytes.count > 2
        {
            writer.raw(parameters.bytes)
        } else {
            // A function without arguments: an empty schema that templates can walk.
            writer.raw(Array(#"{"type":"object","properties":{}}"#.utf8))
            if let parameters = function.parameters, parameters.bytes.first != UInt8(ascii: "{") {
                drop("parameters", in: path + ".function")
            }
        }
        writer.endObject()
        writer.endObject()
        if function.strict == true { drop("strict", in: path + ".function") }
        drop(function.innerExtra, in: path + ".function")
        drop(function.extra, in: path)
    }

    private mutating func writeFormat() {
        let given = extra("format")
        switch request.responseFormat {
        case .jsonObject:
            writer.member("format", "json")
            if given != nil { drop("format") }
        case .jsonSchema(let format):
            write(format)
            if given != nil { drop("format") }
        case .other, .text, nil:
            if case .other = request.responseFormat { drop("response_format") }
            guard let given else { return }
            if given.kind == .object || given.value.bytes == Array(#""json""#.utf8) {
                writer.member("format", given.value)
            } else {
                drop("format")
            }
        }
    }

    private mutating func write(_ format: JSONSchemaFormat) {
        let path = "response_format.json_schema"
        if let schema = format.schema, schema.bytes.first == UInt8(ascii: "{") {
            writer.member("format", schema)
        } else {
            writer.member("format", "json")
            if format.schema != nil { drop("schema", in: path) }
        }
        // The schema is enforced by grammar, so that `strict` is kept whatever it says; its labels have no place.
        // Ollama's callers give it none.
        if request.dialect != .ollamaChat, request.dialect != .ollamaGenerate { drop("name", in: path) }
        if format.description != nil { drop("description", in: path) }
        drop(format.innerExtra, in: path)
        drop(format.extra, in: "response_format")
    }

    private mutating func writeThink() {
        var level = request.reasoningEffort.flatMap(OllamaThink.init(effort:))
        var name = "reasoning_effort"
        if let given = extra("think") {
            // The dialect's own word wins over the translated one.
            if let think = OllamaThink(given.value) {
                if request.reasoningEffort != nil { drop(name) }
                (level, name) = (think, "think")
            } else {
                drop("think")
            }
        }
        guard let level else {
            if request.reasoningEffort != nil { drop(name) }
            return
        }
        if settings.thinks == false, level != .off { return drop(name) }
        writer.member("think", level.value)
    }

    /// Writes the dialect's own members, which callers of other formats may use too, and notes all others.
    private mutating func writeRest() {
        var isKept = false
        var truncates = settings.truncates
        var shifts = settings.shifts
        for member in request.extra where !member.saysNothing {
            switch member.name {
            case "format", "think", "options": break
            case "keep_alive" where member.kind == .string || member.kind == .number:
                writer.member("keep_alive", member.value)
                isKept = true
            case "truncate" where member.kind == .true || member.kind == .false:
                writer.member("truncate", member.value)
                truncates = nil
            case "shift" where member.kind == .true || member.kind == .false:
                writer.member("shift", member.value)
                shifts = nil
            case let name where form == .generate && OllamaGenerateCodec.ownMembers.contains(name): break
            default:
                if !OllamaOptions.besideMessages.contains(member.name) { drop(member.name) }
            }
        }
        writer.member("truncate", truncates)
        writer.member("shift", shifts)
        OllamaSettings.write(keepAlive: isKept ? nil : settings.keepAlive, to: &writer)
    }

    /// Notes the typed fields that the format has no member for, unless they ask for what happens anyway.
    private mutating func nameUnsent() {
        switch request.toolChoice {
        case .some(.auto), .some(.none), nil: break
        // The others are not shown; that one must be called cannot be said.
        case .some(.other) where AllowedTools(request.toolChoice)?.isRequired == false: break
        case .some(.required), .some(.function), .some(.other): drop("tool_choice")
        }
        if request.parallelToolCalls == false { drop("parallel_tool_calls") }
        if let count = request.sampling.count, count > 1 { drop("n") }
        if let options = request.streamOptions {
            if options.includeObfuscation == true { drop("include_obfuscation", in: "stream_options") }
            drop(options.extra, in: "stream_options")
        }
        if request.user != nil { drop("user") }
        if let metadata = request.metadata, !metadata.isEmpty { drop("metadata") }
    }
}

extension ChatRequest {
    /// Refuses what Ollama cannot do and what must not be left out; its own callers cannot ask for it.
    ///
    /// - Throws: ``GatewayError`` `unsupported_parameter` with the member.
    func refuseForOllama() throws(GatewayError) {
        guard dialect != .ollamaChat, dialect != .ollamaGenerate else { return }
        try refuseWhatIsNoText()
        try refuseToolsOfFreeText()
    }
}
