import MartletCore
import MartletWire

extension ChatRequest {
    /// The most messages of a request.
    static let maxAnthropicMessages = 100_000

    /// Decodes a request body; system texts become a message in front of the others.
    init(anthropic view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let largest = Int64(Int32.max)
        var messages: [ChatMessage] = []
        if let system = reader.takeValue("system") {
            messages.append(ChatMessage(role: .system, parts: try ChatPart.parts(anthropic: system)))
        }
        let list = try reader.requireArray("messages")
        for element in list {
            guard messages.count <= Self.maxAnthropicMessages else {
                throw reader.error("messages", expected: "an array of at most \(Self.maxAnthropicMessages) elements")
            }
            messages.append(try ChatMessage(anthropic: element))
        }
        self.init(model: try reader.takeString("model"), messages: messages)
        dialect = .anthropicMessages
        limits.maxTokens = try reader.takeInt("max_tokens", in: 0...largest).flatMap { Int(exactly: $0) }
        sampling.temperature = try reader.takeDouble("temperature", in: 0...1)
        sampling.topP = try reader.takeDouble("top_p", in: 0...1)
        sampling.topK = try reader.takeInt("top_k", in: -1...largest).flatMap { Int(exactly: $0) }
        if let list = try reader.takeArray("stop_sequences") {
            var stop: [String] = []
            for element in list { stop.append(try element.requireString()) }
            sampling.stop = stop
        }
        stream = try reader.takeBool("stream")
        try takeTools(anthropic: &reader)
        try takeOutputConfig(&reader)
        if let metadata = reader.peek("metadata"), metadata.kind == .object,
            var inner = try? JSONObjectReader(metadata),
            let name = inner.lenientString("user_id"), inner.isExhausted
        {
            _ = reader.take("metadata")
            user = name
        }
        takeGateway(&reader)
        extra = reader.extra
    }

    /// Whether the first message is the member `system`.
    var hasLeadingSystem: Bool { dialect == .anthropicMessages && messages.first?.role == .system }

    /// Takes the gateway's own values; Anthropic has a field `fallbacks` of its own, which holds objects.
    private mutating func takeGateway(_ reader: inout JSONObjectReader) {
        // A secret of the caller's, which no upstream may see.
        _ = reader.take("tensorzero::credentials")
        if let name = reader.peek("route")?.string(), let route = Route(asked: name) {
            gateway.route = route
            _ = reader.take("route")
        }
        if let name = reader.peek("provider")?.string() {
            gateway.provider = name
            _ = reader.take("provider")
        }
        if let flag = reader.peek("smart_routing")?.bool() {
            gateway.smartRouting = flag
            _ = reader.take("smart_routing")
        }
        if let list = reader.peek("fallbacks"), AnthropicMessagesFacts.isGateway(fallbacks: list) {
            gateway.fallbacks = list.elements.compactMap { $0.string() }
            _ = reader.take("fallbacks")
        }
    }

    private mutating func takeTools(anthropic reader: inout JSONObjectReader) throws(JSONFieldError) {
        if let list = try reader.takeArray("tools") {
            var tools: [ChatTool] = []
            for element in list { tools.append(try ChatTool(anthropic: element)) }
            self.tools = tools
        }
        guard let choice = reader.takeValue("tool_choice") else { return }
        var inner = try JSONObjectReader(choice)
        let type = try inner.requireString("type")
        let isParallelOff = try inner.takeBool("disable_parallel_tool_use")
        switch type {
        case "auto" where inner.isExhausted: toolChoice = .auto
        case "any" where inner.isExhausted: toolChoice = .required
        case "none" where inner.isExhausted: toolChoice = ChatToolChoice.none
        case "tool":
            let name = try inner.requireString("name")
            toolChoice = inner.isExhausted ? .function(name: name) : .other(choice.text)
        default: toolChoice = .other(choice.text)
        }
        if case .other? = toolChoice { return }
        parallelToolCalls = isParallelOff.map { !$0 }
    }

    private mutating func takeOutputConfig(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        guard let value = reader.peek("output_config"), value.kind == .object else { return }
        var config = try JSONObjectReader(value)
        let effort = try config.takeString("effort")
        var format: ResponseFormat?
        if let value = config.takeValue("format") {
            var inner = try JSONObjectReader(value)
            let isSchema = try inner.requireString("type") == "json_schema"
            let schema = inner.takeValue("schema")?.text
            format =
                isSchema && inner.isExhausted
                ? .jsonSchema(JSONSchemaFormat(name: "response", schema: schema, strict: true)) : .other(value.text)
        }
        // With members this codec does not know, the whole stays as it came.
        guard config.isExhausted else { return }
        _ = reader.take("output_config")
        (reasoningEffort, responseFormat) = (effort, format)
    }
}

extension ChatMessage {
    fileprivate init(anthropic view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let role = ChatRole(name: try reader.requireString("role"))
        let content = try reader.require("content", expected: "a string or an array")
        self.init(role: role, parts: try ChatPart.parts(anthropic: content))
        extra = reader.extra
    }
}

extension ChatTool {
    fileprivate init(anthropic view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        // The vendor's own tools have a dated type and travel as they are.
        if let type = try reader.takeString("type"), type != "custom" {
            self = .other(type: type, value: view.text)
            return
        }
        var function = ChatFunction(
            name: try reader.requireString("name"),
            description: try reader.takeString("description"),
            parameters: reader.takeValue("input_schema")?.text,
            strict: try reader.takeBool("strict")
        )
        function.extra = reader.extra
        self = .function(function)
    }
}
