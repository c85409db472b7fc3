import MartletCore
import MartletWire

extension ChatRequest {
    /// Decodes a request body; the ranges are those of ``OpenAIChatFacts``.
    init(openAI view: JSONView) throws(JSONFieldError) {
        var reader = try JSONObjectReader(view)
        let largest = Int64(Int32.max)
        var messages: [ChatMessage] = []
        let list = try reader.requireArray("messages")
        for element in list {
            guard messages.count < OpenAIChatFacts.maxMessages else {
                throw reader.error("messages", expected: "an array of at most \(OpenAIChatFacts.maxMessages) elements")
            }
            messages.append(try ChatMessage(request: element))
        }
        if messages.isEmpty { throw reader.error("messages", expected: "an array that is not empty") }
        self.init(model: try reader.takeString("model"), messages: messages)
        try takeTools(&reader)
        limits.maxCompletionTokens = Int(fits: try reader.takeInt("max_completion_tokens", in: 1...largest))
        limits.maxTokens = Int(fits: try reader.takeInt("max_tokens", in: 1...largest))
        sampling = try ChatSampling(&reader)
        responseFormat = try reader.takeValue("response_format").map { (value) throws(JSONFieldError) in
            try ResponseFormat(value)
        }
        reasoningEffort = try reader.takeString("reasoning_effort")
        stream = try reader.takeBool("stream")
        if var options = try reader.takeObject("stream_options") {
            streamOptions = ChatStreamOptions(
                includeUsage: try options.takeBool("include_usage"),
                includeObfuscation: try options.takeBool("include_obfuscation")
            )
            streamOptions?.extra = options.extra
        }
        user = try reader.takeString("user")
        metadata = try Self.takeMetadata(&reader)
        gateway = try GatewayExtensions(&reader)
        extra = reader.extra
    }

    private mutating func takeTools(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
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
        toolChoice = try reader.takeValue("tool_choice").map { (value) throws(JSONFieldError) in
            try ChatToolChoice(value)
        }
        parallelToolCalls = try reader.takeBool("parallel_tool_calls")
    }

    static func takeMetadata(_ reader: inout JSONObjectReader) throws(JSONFieldError) -> [MetadataPair]? {
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

extension ChatSampling {
    fileprivate init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init()
        let largest = Int64(Int32.max)
        temperature = try reader.takeDouble("temperature", in: 0...2)
        topP = try reader.takeDouble("top_p", in: 0...1)
        topK = Int(fits: try reader.takeInt("top_k", in: -1...largest))
        presencePenalty = try reader.takeDouble("presence_penalty", in: -2...2)
        frequencyPenalty = try reader.takeDouble("frequency_penalty", in: -2...2)
        seed = try reader.takeInt("seed")
        count = Int(fits: try reader.takeInt("n", in: 1...largest))
        logprobs = try reader.takeBool("logprobs")
        topLogprobs = Int(fits: try reader.takeInt("top_logprobs", in: 0...20))
        guard let value = reader.takeValue("stop") else { return }
        if let text = value.string() {
            stop = [text]
            return
        }
        guard value.kind == .array else { throw value.error(expected: "a string or an array of strings") }
        var texts: [String] = []
        for element in value.elements {
            guard texts.count < OpenAIChatFacts.maxStops else {
                throw value.error(expected: "an array of at most \(OpenAIChatFacts.maxStops) elements")
            }
            texts.append(try element.requireString())
        }
        stop = texts
    }
}

extension ChatRequest.GatewayExtensions {
    /// Takes the gateway's own values; a vendor's field of the same name stays.
    init(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        self.init()
        if let text = reader.peek("route")?.string(), let route = Route(asked: text) {
            self.route = route
            _ = reader.take("route")
        }
        if reader.peek("provider")?.kind == .string { provider = reader.lenientString("provider") }
        smartRouting = try reader.takeBool("smart_routing")
        // A secret of the caller's, which no upstream may see.
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

extension Int {
    /// Narrows a number that was checked to fit.
    fileprivate init?(fits value: Int64?) {
        guard let value else { return nil }
        self.init(exactly: value)
    }
}
