import MartletCore
import MartletWire

extension ChatRequest {
    /// Decodes a request body; what is not understood is kept as it came.
    init(gemini view: JSONView, origin: String?) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        var history = GeminiHistory(origin: origin)
        if let system = reader.takeValue("systemInstruction") { try history.addSystem(system) }
        for element in try reader.requireArray("contents") {
            guard history.messages.count < OpenAIChatFacts.maxMessages else {
                throw reader.error(
                    "contents",
                    expected: "an array of at most \(OpenAIChatFacts.maxMessages) elements"
                )
            }
            try history.add(element)
        }
        self.init(model: nil, messages: history.messages)
        dialect = .gemini
        try takeTools(gemini: &reader)
        if var config = try reader.takeObject("toolConfig") {
            if let calling = config.takeValue("functionCallingConfig") { toolChoice = ChatToolChoice(gemini: calling) }
            if !config.isExhausted { extra.append(Self.rest("toolConfig", config)) }
        }
        if var config = try reader.takeObject("generationConfig") {
            try takeSettings(gemini: &config)
            if !config.isExhausted { extra.append(Self.rest("generationConfig", config)) }
        }
        extra += reader.extra
    }

    private static func rest(_ name: String, _ reader: JSONObjectReader) -> ExtraMember {
        var writer = JSONWriter()
        writer.object { reader.writeRest(to: &$0) }
        return ExtraMember(name: name, value: JSONText(writer.bytes))
    }

    private mutating func takeTools(gemini reader: inout JSONObjectReader) throws(JSONFieldError) {
        guard let list = try reader.takeArray("tools") else { return }
        var tools: [ChatTool] = []
        for element in list {
            guard let functions = element.member("functionDeclarations"), functions.kind == .array else {
                tools.append(.other(type: element.members.first { _ in true }?.key.string() ?? "", value: element.text))
                continue
            }
            for function in functions.elements {
                guard tools.count < OpenAIChatFacts.maxTools else {
                    throw reader.error("tools", expected: "an array of at most \(OpenAIChatFacts.maxTools) elements")
                }
                tools.append(.function(try ChatFunction(gemini: function)))
            }
            // Other tools may stand in the same object.
            for member in element.members where !member.key.equalsString("functionDeclarations") {
                var writer = JSONWriter()
                writer.object { writer in
                    writer.key(member.key)
                    writer.raw(member.value)
                }
                tools.append(.other(type: member.key.string() ?? "", value: JSONText(writer.bytes)))
            }
        }
        self.tools = tools
    }

    private mutating func takeSettings(gemini reader: inout JSONObjectReader) throws(JSONFieldError) {
        sampling.temperature = try reader.takeDouble("temperature")
        sampling.topP = try reader.takeDouble("topP")
        if let topK = reader.peek("topK")?.double(), let count = Int(exactly: topK) {
            sampling.topK = count
            _ = reader.take("topK")
        }
        sampling.count = try reader.takeInt("candidateCount", in: 1...64).flatMap { Int(exactly: $0) }
        limits.maxTokens = try reader.takeInt("maxOutputTokens", in: 0...Int64(Int32.max)).flatMap { Int(exactly: $0) }
        if let list = try reader.takeArray("stopSequences") {
            var stop: [String] = []
            for element in list { stop.append(try element.requireString()) }
            sampling.stop = stop
        }
        sampling.presencePenalty = try reader.takeDouble("presencePenalty")
        sampling.frequencyPenalty = try reader.takeDouble("frequencyPenalty")
        sampling.seed = try reader.takeInt("seed", in: .min ... .max)
        sampling.logprobs = try reader.takeBool("responseLogprobs")
        sampling.topLogprobs = try reader.takeInt("logprobs", in: 0...20).flatMap { Int(exactly: $0) }
        takeFormat(gemini: &reader)
        if let thinking = reader.peek("thinkingConfig") { reasoningEffort = Self.effort(gemini: thinking) }
    }

    private mutating func takeFormat(gemini reader: inout JSONObjectReader) {
        guard let type = reader.peek("responseMimeType") else { return }
        if type.equalsString("text/plain") {
            _ = reader.take("responseMimeType")
            responseFormat = .text
        } else if type.equalsString("application/json") {
            _ = reader.take("responseMimeType")
            responseFormat = .jsonObject
            if let schema = reader.lenient("responseJsonSchema", .object) {
                responseFormat = .jsonSchema(JSONSchemaFormat(name: "response", schema: schema.text))
            } else if let schema = reader.lenient("responseSchema", .object) {
                let converted = GeminiSchema.jsonSchema(schema)
                responseFormat = .jsonSchema(JSONSchemaFormat(name: "response", schema: converted))
            }
        }
    }

    /// The level of effort that `thinkingConfig` stands for; it passes as it came to targets of this dialect.
    private static func effort(gemini view: JSONView) -> String? {
        if let level = view.member("thinkingLevel")?.string() { return level.lowercased() }
        guard let budget = view.member("thinkingBudget")?.int64() else { return nil }
        switch budget {
        case ..<0: return nil
        case 0: return "none"
        case ...1_024: return "low"
        case ...8_192: return "medium"
        default: return "high"
        }
    }
}

extension ChatFunction {
    fileprivate init(gemini view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        self.init(name: try reader.requireString("name"), description: try reader.takeString("description"))
        if let schema = reader.takeValue("parametersJsonSchema") {
            parameters = schema.text
        } else if let schema = reader.takeValue("parameters") {
            parameters = GeminiSchema.jsonSchema(schema)
        }
        innerExtra = reader.extra
    }
}

extension ChatToolChoice {
    /// Reads `functionCallingConfig`.
    fileprivate init(gemini view: JSONView) {
        let mode = view.member("mode")?.string()?.uppercased() ?? "AUTO"
        var names: [String] = []
        for name in view.member("allowedFunctionNames")?.elements.map({ $0 }) ?? [] {
            if let name = name.string() { names.append(name) }
        }
        let known = view.members.allSatisfy { member in
            member.key.equalsString("mode") || member.key.equalsString("allowedFunctionNames")
        }
        switch (mode, names.count, known) {
        case ("AUTO", 0, true), ("MODE_UNSPECIFIED", 0, true): self = .auto
        case ("NONE", 0, true): self = .none
        case ("ANY", 0, true): self = .required
        case ("ANY", 1, true): self = .function(name: names[0])
        default: self = .other(view.text)
        }
    }
}

/// The messages of a request as they are read: results of tools find the calls they belong to.
struct GeminiHistory {
    private(set) var messages: [ChatMessage] = []
    /// The calls without a result, in order.
    private var open: [(id: String, name: String)] = []
    private let origin: String?

    init(origin: String?) { self.origin = origin }

    /// Adds the operator's words: an object with parts, or a bare text.
    mutating func addSystem(_ view: JSONView) throws(JSONFieldError) {
        var message = ChatMessage(role: .system, parts: [])
        if let text = view.string() {
            message.parts = [.text(ChatText(text))]
        } else {
            var reader = try JSONObjectReader(view)
            _ = reader.take("role")
            for element in try reader.takeArray("parts")?.map({ $0 }) ?? [] {
                message.append([GeminiPart(element)], origin: origin)
            }
        }
        messages.append(message)
    }

    /// Adds a content.
    mutating func add(_ view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let role = try reader.takeString("role") ?? "user"
        var message = ChatMessage(role: role == "model" ? .assistant : .user, parts: [])
        var made: [(id: String, name: String)] = []
        var isMadeUp: Set<String> = []
        for element in try reader.takeArray("parts")?.map({ $0 }) ?? [] {
            var pending = open
            let place = "\(messages.count).\(message.parts.count)"
            let part = GeminiPart(
                element,
                callID: { name, arguments in
                    let id = OllamaCalls.madeUpID(["contents", place, name, arguments])
                    isMadeUp.insert(id)
                    return id
                },
                resultID: { id, name in
                    // By its id, else the first open call of the tool.
                    let found = pending.firstIndex { id.isEmpty ? $0.name == name : $0.id == id }
                    if let found { return pending.remove(at: found).id }
                    return id.isEmpty ? OllamaCalls.madeUpID(["contents", place, name]) : id
                }
            )
            open = pending
            var kept = part
            if case .toolCall(var call)? = part.part {
                made.append((call.id, call.name))
                if isMadeUp.contains(call.id) {
                    call.extra.append(ExtraMember(name: GeminiMark.madeUpID, value: JSONText("true")))
                    kept.part = .toolCall(call)
                }
            }
            message.append([kept], origin: origin)
        }
        if !made.isEmpty { open = made }
        message.extra = reader.extra
        messages.append(message)
    }
}
