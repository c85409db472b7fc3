import MartletCore
import MartletWire

extension ChatRequest {
    /// Decodes a request body; counts are bounded as in ``OpenAIChatFacts``.
    ///
    /// What only this dialect has (`keep_alive`, `truncate`, `shift`, the options without typed fields) becomes extra
    /// members of the same names.
    init(ollama view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let model = try reader.takeString("model")
        var history = OllamaHistory()
        if let list = try reader.takeArray("messages") {
            for element in list {
                guard history.messages.count < OpenAIChatFacts.maxMessages else {
                    throw reader.error(
                        "messages",
                        expected: "an array of at most \(OpenAIChatFacts.maxMessages) elements"
                    )
                }
                try history.add(element)
            }
        }
        self.init(model: model, messages: history.messages)
        dialect = .ollamaChat
        if let list = try reader.takeArray("tools") {
            var tools: [ChatTool] = []
            for element in list {
                guard tools.count < OpenAIChatFacts.maxTools else {
                    throw reader.error("tools", expected: "an array of at most \(OpenAIChatFacts.maxTools) elements")
                }
                tools.append(try ChatTool(element))
            }
            self.tools = tools
        }
        try takeOllama(&reader)
    }

    /// Takes what the routes for chats and for prompts have in common.
    mutating func takeOllama(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        responseFormat = try Self.format(&reader)
        if let value = reader.takeValue("think") {
            guard let think = OllamaThink(value.text) else {
                throw value.error(expected: #"true, false, "low", "medium", "high" or "max""#)
            }
            reasoningEffort = think.effort
        }
        stream = try reader.takeBool("stream") ?? true
        // The last line always tells the tokens.
        if stream == true { streamOptions = ChatStreamOptions(includeUsage: true) }
        sampling.logprobs = try reader.takeBool("logprobs")
        sampling.topLogprobs = try reader.takeInt("top_logprobs", in: 0...20).flatMap { Int(exactly: $0) }
        try takeOptions(&reader)
        takeGateway(&reader)
        extra = reader.extra.without(OllamaExtra.request) + extra
    }

    private static func format(_ reader: inout JSONObjectReader) throws(JSONFieldError) -> ResponseFormat? {
        guard let value = reader.takeValue("format") else { return nil }
        if value.equalsString("") { return nil }
        if value.equalsString("json") { return .jsonObject }
        guard value.kind == .object else { throw value.error(expected: #""json" or a JSON schema"#) }
        // OpenAI's format wants a name; there is none here.
        return .jsonSchema(JSONSchemaFormat(name: "response", schema: value.text))
    }

    /// Takes the members that speak to the gateway; others of the same names stay.
    private mutating func takeGateway(_ reader: inout JSONObjectReader) {
        // A secret of the caller's, which no upstream may see.
        _ = reader.take("tensorzero::credentials")
        if let text = reader.peek("route")?.string(), let route = Route(asked: text) {
            gateway.route = route
            _ = reader.take("route")
        }
        if reader.peek("provider")?.kind == .string { gateway.provider = reader.lenientString("provider") }
        if let value = reader.peek("smart_routing")?.bool() {
            gateway.smartRouting = value
            _ = reader.take("smart_routing")
        }
        guard let list = reader.peek("fallbacks"), list.kind == .array else { return }
        let names = list.elements.prefix(OpenAIChatFacts.maxFallbacks + 1).map { element in
            element.string() ?? element.member("model")?.string()
        }
        guard names.count <= OpenAIChatFacts.maxFallbacks, !names.contains(nil) else { return }
        gateway.fallbacks = names.compactMap(\.self)
        _ = reader.take("fallbacks")
    }
}
