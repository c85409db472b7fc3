import MartletCore
import MartletWire

extension ChatRequest {
    /// Decodes a request body; the instructions become a message in front of the others.
    init(responses view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let largest = Int64(Int32.max)
        var items = ResponsesItems()
        if let text = try reader.takeString("instructions") {
            var message = ChatMessage(role: .system, text: text)
            message.extra = [ResponsesMark.instructions]
            items.messages.append(message)
        }
        try items.takeInput(&reader)
        self.init(model: try reader.takeString("model"), messages: items.messages)
        dialect = .openAIResponses
        try takeTools(responses: &reader)
        limits.maxCompletionTokens = try reader.takeInt("max_output_tokens", in: 1...largest).flatMap {
            Int(exactly: $0)
        }
        sampling.temperature = try reader.takeDouble("temperature", in: 0...2)
        sampling.topP = try reader.takeDouble("top_p", in: 0...1)
        sampling.topLogprobs = try reader.takeInt("top_logprobs", in: 0...20).flatMap { Int(exactly: $0) }
        stream = try reader.takeBool("stream")
        if var options = try reader.takeObject("stream_options") {
            streamOptions = ChatStreamOptions(includeObfuscation: try options.takeBool("include_obfuscation"))
            streamOptions?.extra = options.extra
        }
        user = try reader.takeString("user")
        metadata = try Self.takeMetadata(responses: &reader)
        gateway = try GatewayExtensions(responses: &reader)
        if items.isChat { extra.append(ResponsesMark.messages) }
        try takeNested(&reader)
        extra += reader.extra
    }

    /// Takes the members `text` and `reasoning`; of each the rest stays.
    private mutating func takeNested(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        if var text = try reader.takeObject("text") {
            responseFormat = try text.takeValue("format").map { (value) throws(JSONFieldError) in
                try ResponseFormat(responses: value)
            }
            if let verbosity = text.takeValue("verbosity") {
                extra.append(ExtraMember(name: "verbosity", value: verbosity.text))
            }
            if !text.isExhausted { extra.append(ExtraMember(name: "text", value: text.restText)) }
        }
        if var reasoning = try reader.takeObject("reasoning") {
            reasoningEffort = try reasoning.takeString("effort")
            if !reasoning.isExhausted { extra.append(ExtraMember(name: "reasoning", value: reasoning.restText)) }
        }
    }

    private mutating func takeTools(responses reader: inout JSONObjectReader) throws(JSONFieldError) {
        if let list = try reader.takeArray("tools") {
            var tools: [ChatTool] = []
            for element in list {
                guard tools.count < OpenAIChatFacts.maxTools else {
                    throw reader.error("tools", expected: "an array of at most \(OpenAIChatFacts.maxTools) elements")
                }
                tools.append(try ChatTool(responses: element))
            }
            self.tools = tools
        }
        toolChoice = try reader.takeValue("tool_choice").map { (value) throws(JSONFieldError) in
            try ChatToolChoice(responses: value)
        }
        parallelToolCalls = try reader.takeBool("parallel_tool_calls")
    }

    private static func takeMetadata(
        responses reader: inout JSONObjectReader
    ) throws(JSONFieldError) -> [MetadataPair]? {
        guard let object = try reader.takeObject("metadata") else { return nil }
        var pairs: [MetadataPair] = []
        for member in object.view.members {
            guard pairs.count < OpenAIChatFacts.maxMetadataPairs else {
                throw reader.error(
                    "metadata",
                    expected: "an object of at most \(OpenAIChatFacts.maxMetadataPairs) pairs"
                )
            }
            let pair = MetadataPair(name: member.key.string() ?? "", value: try member.value.requireString())
            guard pair.name.utf8.count <= 64, pair.value.utf8.count <= 512 else {
                throw reader.error("metadata", expected: "an object with keys of 64 and values of 512 bytes at most")
            }
            pairs.append(pair)
        }
        return pairs
    }
}

extension ChatRequest.GatewayExtensions {
    /// Takes the gateway's own values; a vendor's field of the same name stays.
    fileprivate init(responses reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init()
        if let text = reader.peek("route")?.string(), let route = Route(asked: text) {
            self.route = route
            _ = reader.take("route")
        }
        if reader.peek("provider")?.kind == .string { provider = reader.lenientString("provider") }
        smartRouting = try reader.takeBool("smart_routing")
        // A secret of the caller's, which no upstream may see, and no answer repeat.
        _ = reader.take("tensorzero::credentials")
        guard let list = reader.takeValue("fallbacks") else { return }
        var names: [String] = []
        for element in try list.requireArray() {
            guard names.count < OpenAIChatFacts.maxFallbacks else {
                throw list.error(expected: "an array of at most \(OpenAIChatFacts.maxFallbacks) elements")
            }
            guard let name = element.string() ?? element.member("model")?.string() else {
                throw element.error(expected: "the name of a model")
            }
            names.append(name)
        }
        fallbacks = names
    }
}

extension JSONObjectReader {
    /// The members nobody took, as an object.
    var restText: JSONText {
        var writer = JSONWriter()
        writer.object { writeRest(to: &$0) }
        return JSONText(writer.bytes)
    }
}
