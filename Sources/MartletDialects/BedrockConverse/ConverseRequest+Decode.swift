import MartletCore
import MartletWire

extension ChatRequest {
    /// Decodes a request body; system texts become a message in front of the others.
    init(converse view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        var messages: [ChatMessage] = []
        if let system = try reader.takeArray("system") {
            messages.append(ChatMessage(role: .system, parts: try Self.blocks(system)))
        }
        for element in try reader.requireArray("messages") {
            guard messages.count <= Self.maxAnthropicMessages else {
                throw reader.error("messages", expected: "an array of at most \(Self.maxAnthropicMessages) elements")
            }
            var inner = try JSONObjectReader(element)
            let role = ChatRole(name: try inner.requireString("role"))
            var message = ChatMessage(role: role, parts: try Self.blocks(try inner.requireArray("content")))
            message.extra = inner.extra
            messages.append(message)
        }
        self.init(model: nil, messages: messages)
        dialect = .bedrockConverse
        try takeInference(&reader)
        try takeToolConfig(&reader)
        extra = reader.extra
    }

    private static func blocks(_ list: JSONView.Elements) throws(JSONFieldError) -> [ChatPart] {
        var parts: [ChatPart] = []
        for element in list { parts.append(try ChatPart(converse: element, origin: nil)) }
        return parts
    }

    private mutating func takeInference(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        guard let value = reader.peek("inferenceConfig"), value.kind == .object else { return }
        var config = try JSONObjectReader(value)
        let tokens = try config.takeInt("maxTokens", in: 1...Int64(Int32.max))
        let temperature = try config.takeDouble("temperature", in: 0...1)
        let topP = try config.takeDouble("topP", in: 0...1)
        var stop: [String]?
        if let list = try config.takeArray("stopSequences") {
            stop = []
            for element in list { stop?.append(try element.requireString()) }
        }
        // With members this codec does not know, the whole stays as it came.
        guard config.isExhausted else { return }
        _ = reader.take("inferenceConfig")
        limits.maxTokens = tokens.flatMap { Int(exactly: $0) }
        (sampling.temperature, sampling.topP, sampling.stop) = (temperature, topP, stop)
    }

    private mutating func takeToolConfig(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        guard let value = reader.peek("toolConfig"), value.kind == .object else { return }
        var config = try JSONObjectReader(value)
        var tools: [ChatTool] = []
        for element in try config.requireArray("tools") { tools.append(try ChatTool(converse: element)) }
        var choice: ChatToolChoice?
        if let value = config.takeValue("toolChoice") {
            if value.member("auto") != nil {
                choice = .auto
            } else if value.member("any") != nil {
                choice = .required
            } else if let name = value.member("tool")?.member("name")?.string() {
                choice = .function(name: name)
            } else {
                choice = .other(value.text)
            }
        }
        guard config.isExhausted else { return }
        _ = reader.take("toolConfig")
        self.tools = tools
        toolChoice = choice
    }

    /// Encodes a request that was written in this dialect.
    func converseBody() -> [UInt8] {
        var writer = JSONWriter(reserving: 512)
        var rest = messages[...]
        writer.object { writer in
            if let first = messages.first, first.role == .system {
                rest = rest.dropFirst()
                writer.key("system")
                writer.array { writer in
                    for part in first.parts { part.writeConverse(to: &writer) }
                }
            }
            writer.key("messages")
            writer.array { writer in
                for message in rest {
                    writer.object { writer in
                        writer.member("role", message.role.name)
                        writer.key("content")
                        writer.array { writer in
                            for part in message.parts { part.writeConverse(to: &writer) }
                        }
                        writer.members(message.extra)
                    }
                }
            }
            ConverseInference(
                maxTokens: limits.maxTokens,
                temperature: sampling.temperature,
                topP: sampling.topP,
                stop: sampling.stop
            ).write(to: &writer)
            if let tools {
                writer.key("toolConfig")
                writer.object { writer in
                    writer.key("tools")
                    writer.array { writer in
                        for tool in tools { tool.writeConverse(to: &writer) }
                    }
                    toolChoice?.writeConverse(to: &writer)
                }
            }
            writer.members(extra)
        }
        return writer.bytes
    }
}

extension ChatTool {
    fileprivate init(converse view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        guard let value = reader.takeValue("toolSpec"), reader.isExhausted else {
            self = .other(type: "", value: view.text)
            return
        }
        var inner = try JSONObjectReader(value)
        let schema = try inner.require("inputSchema", expected: "an object")
        var function = ChatFunction(
            name: try inner.requireString("name"),
            description: try inner.takeString("description"),
            parameters: schema.member("json")?.text,
            strict: try inner.takeBool("strict")
        )
        function.innerExtra = inner.extra
        self = .function(function)
    }

    fileprivate func writeConverse(to writer: inout JSONWriter) {
        switch self {
        case .other(_, let value): writer.raw(value.bytes)
        case .function(let function):
            writer.converse("toolSpec") { writer in
                writer.member("name", function.name)
                writer.member("description", function.description)
                writer.key("inputSchema")
                writer.object { $0.member("json", function.parameters) }
                writer.member("strict", function.strict)
                writer.members(function.innerExtra)
            }
        }
    }
}

extension ChatToolChoice {
    /// Writes the member `toolChoice`; nothing for a choice the format does not have.
    func writeConverse(to writer: inout JSONWriter) {
        switch self {
        case .none: return
        case .auto:
            writer.key("toolChoice")
            writer.converse("auto") { _ in }
        case .required:
            writer.key("toolChoice")
            writer.converse("any") { _ in }
        case .function(let name):
            writer.key("toolChoice")
            writer.converse("tool") { $0.member("name", name) }
        case .other(let value): writer.member("toolChoice", value)
        }
    }
}

/// The member `inferenceConfig`.
struct ConverseInference {
    var maxTokens: Int?
    var temperature: Double?
    var topP: Double?
    var stop: [String]?

    func write(to writer: inout JSONWriter) {
        guard maxTokens != nil || temperature != nil || topP != nil || stop != nil else { return }
        writer.key("inferenceConfig")
        writer.object { writer in
            writer.member("maxTokens", maxTokens)
            writer.member("temperature", temperature)
            writer.member("topP", topP)
            guard let stop else { return }
            writer.key("stopSequences")
            writer.array { writer in
                for text in stop { writer.string(text) }
            }
        }
    }
}
