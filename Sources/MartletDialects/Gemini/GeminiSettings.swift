import MartletCore
import MartletWire

extension GeminiRequestEncoder {
    /// The most texts that end an answer.
    private static let mostStops = 5

    /// Decides the members of `generationConfig`.
    ///
    /// - Parameter own: Members that a caller wrote in the API's own words.
    mutating func generationConfig(_ own: [ExtraMember]) throws(GatewayError) -> [ExtraMember] {
        var config = Settings()
        let asked = request.sampling
        config.add("temperature", asked.temperature)
        config.add("topP", asked.topP)
        // Not a number of tokens for this API, but "no limit" for the servers that have it.
        config.add("topK", asked.topK.flatMap { $0 > 0 || isNative ? Int64($0) : nil })
        config.add("candidateCount", asked.count.flatMap { $0 == 1 && !isNative ? nil : Int64($0) })
        config.add("maxOutputTokens", maxTokens().map(Int64.init))
        if let stop = stops() { config.add("stopSequences", stop) }
        config.add("presencePenalty", penalty(asked.presencePenalty))
        config.add("frequencyPenalty", penalty(asked.frequencyPenalty))
        if let seed = asked.seed {
            if Int32(exactly: seed) != nil || isNative { config.add("seed", seed) } else { dropped.add("seed") }
        }
        if asked.logprobs == true || isNative { config.add("responseLogprobs", asked.logprobs) }
        if let top = asked.topLogprobs {
            if asked.logprobs == true || isNative {
                if top > 0 || isNative { config.add("logprobs", Int64(top)) }
            } else if top > 0 {
                dropped.add("top_logprobs")
            }
        }
        try addFormat(to: &config)
        if own.value("thinkingConfig") == nil {
            if let thinking = thinkingConfig() { config.add("thinkingConfig", thinking) }
        } else if !isNative, request.reasoningEffort != nil {
            dropped.add("reasoning_effort")
        }
        return config.members + own
    }

    /// Members in the order they are added.
    struct Settings {
        var members: [ExtraMember] = []

        mutating func add(_ name: String, _ value: JSONText) { members.append(ExtraMember(name: name, value: value)) }

        mutating func add(_ name: String, _ value: Double?) {
            guard let value else { return }
            var writer = JSONWriter()
            writer.double(value)
            add(name, JSONText(writer.bytes))
        }

        mutating func add(_ name: String, _ value: Int64?) {
            guard let value else { return }
            add(name, JSONText(String(value)))
        }

        mutating func add(_ name: String, _ value: Bool?) {
            guard let value else { return }
            add(name, JSONText(value ? "true" : "false"))
        }

        mutating func add(_ name: String, _ value: String) {
            var writer = JSONWriter()
            writer.string(value)
            add(name, JSONText(writer.bytes))
        }
    }

    private mutating func maxTokens() -> Int? {
        let limits = request.limits
        if !isNative, let newer = limits.maxCompletionTokens, let older = limits.maxTokens, older != newer {
            dropped.add("max_tokens")
        }
        return limits.maxCompletionTokens ?? limits.maxTokens
    }

    private func penalty(_ value: Double?) -> Double? { value.flatMap { $0 == 0 && !isNative ? nil : $0 } }

    private mutating func stops() -> JSONText? {
        guard let stop = request.sampling.stop else { return nil }
        var kept: [String] = []
        for (index, text) in stop.enumerated() {
            if isNative || !text.isEmpty && kept.count < Self.mostStops {
                kept.append(text)
            } else {
                dropped.add(stop.count == 1 ? "stop" : "stop[\(index)]")
            }
        }
        guard !kept.isEmpty || isNative else { return nil }
        var writer = JSONWriter()
        writer.array { writer in
            for text in kept { writer.string(text) }
        }
        return JSONText(writer.bytes)
    }

    private mutating func addFormat(to config: inout Settings) throws(GatewayError) {
        let path = "response_format"
        switch request.responseFormat {
        case nil: break
        case .text?: if isNative { config.add("responseMimeType", "text/plain") }
        case .jsonObject?: config.add("responseMimeType", "application/json")
        case .jsonSchema(let format)?:
            config.add("responseMimeType", "application/json")
            if let schema = format.schema {
                guard isNative || schema.bytes.first == UInt8(ascii: "{") else {
                    throw .invalid(path + ".json_schema.schema", "must be a JSON Schema")
                }
                config.add("responseJsonSchema", schema)
            }
            guard !isNative else { return }
            // What the answer is called is told to nobody.
            dropped.add("name", in: path + ".json_schema")
            if format.description != nil { dropped.add("description", in: path + ".json_schema") }
            dropped.add(format.innerExtra, in: path + ".json_schema")
            dropped.add(format.extra, in: path)
        case .other?: throw .unsupported(path, "This format has no form for this model.")
        }
    }

    // MARK: - Thinking

    /// Decides `thinkingConfig`; `nil` leaves the model's default.
    private mutating func thinkingConfig() -> JSONText? {
        guard !isNative, let effort = request.reasoningEffort else { return nil }
        let isOff = effort == "none"
        var budget: Int64?
        var level: StaticString?
        switch traits.thinking {
        case .none:
            // Not to think is what such a model does anyway.
            if !isOff { dropped.add("reasoning_effort") }
            return nil
        case .budget:
            budget = Self.budget(effort)
            if isOff, traits.alwaysThinks { budget = nil }
            if budget == nil { dropped.add("reasoning_effort") }
        case .level:
            level = Self.level(effort)
            // The least there is, which is not nothing.
            if isOff || level == nil { dropped.add("reasoning_effort") }
        }
        guard budget != nil || level != nil else { return nil }
        var writer = JSONWriter()
        writer.object { writer in
            if !isOff { writer.member("includeThoughts", true) }
            writer.member("thinkingBudget", budget)
            if let level {
                writer.key("thinkingLevel")
                writer.string(level)
            }
        }
        return JSONText(writer.bytes)
    }

    /// The tokens that stand for a level of effort, as Google's own chat completions have them.
    private static func budget(_ effort: String) -> Int64? {
        switch effort {
        case "none": 0
        case "minimal", "low": 1_024
        case "medium": 8_192
        case "high", "xhigh", "max": 24_576
        default: nil
        }
    }

    private static func level(_ effort: String) -> StaticString? {
        switch effort {
        case "none", "minimal": "MINIMAL"
        case "low": "LOW"
        case "medium": "MEDIUM"
        case "high", "xhigh", "max": "HIGH"
        default: nil
        }
    }
}
