import MartletCore
import MartletWire

extension AnthropicRequestEncoder {
    /// How tokens are chosen, as far as version and model let the caller say.
    struct Sampling {
        var temperature: Double?
        var topP: Double?
        var topK: Int?
        var stop: [String]?

        func write(to writer: inout JSONWriter) {
            if let stop {
                writer.key("stop_sequences")
                writer.array { writer in
                    for text in stop { writer.string(text) }
                }
            }
            writer.member("temperature", temperature)
            writer.member("top_p", topP)
            writer.member("top_k", topK)
        }
    }

    mutating func sampling(isThinking: Bool) -> Sampling {
        let asked = request.sampling
        var kept = Sampling(temperature: asked.temperature, topP: asked.topP, topK: asked.topK, stop: asked.stop)
        if isNative {
            if version == .october2026 { dropSampling(&kept) }
            return kept
        }
        // Not a number of tokens for this API, but "no limit" for the servers that have it.
        if let topK = kept.topK, topK <= 0 { kept.topK = nil }
        if version == .october2026 || traits.sampling == .none {
            dropSampling(&kept)
        } else {
            if let temperature = kept.temperature, temperature > 1 {
                kept.temperature = 1
                dropped.add("temperature")
            }
            if isThinking {
                if let temperature = kept.temperature, temperature != 1 {
                    kept.temperature = nil
                    dropped.add("temperature")
                }
                if kept.topK != nil {
                    kept.topK = nil
                    dropped.add("top_k")
                }
                if let topP = kept.topP, topP < 0.95 {
                    kept.topP = nil
                    dropped.add("top_p")
                }
            }
            if kept.temperature != nil, kept.topP != nil, traits.sampling == .temperatureOrTopP {
                kept.topP = nil
                dropped.add("top_p")
            }
        }
        dropUnknown(asked)
        kept.stop = stop(asked)
        return kept
    }

    /// Names the fields that no version has.
    mutating func dropUnknown(_ asked: ChatSampling) {
        for (name, value) in [
            ("presence_penalty", asked.presencePenalty), ("frequency_penalty", asked.frequencyPenalty),
        ] {
            if let value, value != 0 { dropped.add(name) }
        }
        if asked.seed != nil { dropped.add("seed") }
    }

    /// The texts that end the answer, without blank ones, which are refused.
    mutating func stop(_ asked: ChatSampling) -> [String]? {
        guard let stop = asked.stop else { return nil }
        for (index, text) in stop.enumerated() where text.isBlank {
            dropped.add(stop.count == 1 ? "stop" : "stop[\(index)]")
        }
        let texts = stop.filter { !$0.isBlank }
        return texts.isEmpty ? nil : texts
    }

    private mutating func dropSampling(_ kept: inout Sampling) {
        if kept.temperature != nil { dropped.add("temperature") }
        if kept.topP != nil { dropped.add("top_p") }
        if kept.topK != nil { dropped.add("top_k") }
        (kept.temperature, kept.topP, kept.topK) = (nil, nil, nil)
    }

    /// Whether and how much the model thinks.
    struct Thinking {
        /// The member `thinking`.
        var value: JSONText?
        /// `output_config.effort`.
        var effort: String?
        /// Whether the model thinks before it answers.
        var isOn = false

        /// Writes `thinking` and `output_config`.
        ///
        /// - Parameter format: The schema of the answer.
        func write(format: JSONText?, to writer: inout JSONWriter) {
            writer.member("thinking", value)
            guard effort != nil || format != nil else { return }
            writer.key("output_config")
            writer.object { writer in
                writer.member("effort", effort)
                writer.member("format", format)
            }
        }
    }

    /// Decides about thinking.
    ///
    /// - Parameters:
    ///   - maxTokens: The most tokens of the answer, of which a budget takes its part.
    ///   - isForced: Whether a tool must be called; the API takes no thinking then.
    ///   - lacksThinking: Whether the calls that were just answered came without the thinking that led to them.
    mutating func thinking(maxTokens: Int, isForced: Bool, lacksThinking: Bool) -> Thinking {
        var thinking = Thinking()
        if isNative {
            // The member `thinking` is among those that pass as they are.
            thinking.effort = request.reasoningEffort
            return thinking
        }
        if let own = request.extra.value("thinking") {
            thinking.value = own
            let off = Array(#""disabled""#.utf8)
            thinking.isOn = !own.bytes.indices.contains { own.bytes[$0...].starts(with: off) }
            if request.reasoningEffort != nil, traits.thinking != .adaptive { dropped.add("reasoning_effort") }
            if traits.thinking == .adaptive { thinking.effort = request.reasoningEffort.flatMap(Self.effort) }
            return thinking
        }
        guard let asked = request.reasoningEffort else { return thinking }
        if asked == "none" {
            if traits.alwaysThinks {
                dropped.add("reasoning_effort")
            } else if traits.thinking == .adaptive {
                thinking.value = JSONText(#"{"type":"disabled"}"#)
            }
            return thinking
        }
        guard let effort = Self.effort(asked), !isForced, traits.thinking != .none else {
            dropped.add("reasoning_effort")
            return thinking
        }
        if traits.thinking == .adaptive {
            thinking = Thinking(value: JSONText(#"{"type":"adaptive"}"#), effort: effort, isOn: true)
        } else if let budget = Self.budget(asked, maxTokens: maxTokens), !lacksThinking {
            thinking = Thinking(value: JSONText(#"{"type":"enabled","budget_tokens":\#(budget)}"#), isOn: true)
        } else {
            dropped.add("reasoning_effort")
        }
        return thinking
    }

    /// The API's level of effort.
    private static func effort(_ name: String) -> String? {
        switch name {
        case "minimal", "low": "low"
        case "medium", "high", "xhigh", "max": name
        default: nil
        }
    }

    /// The least budget the API takes, and what it must leave of the answer.
    private static let leastBudget = 1_024

    /// The tokens that stand for a level of effort; `nil` when the answer is too short to think before it.
    private static func budget(_ effort: String, maxTokens: Int) -> Int? {
        let wanted =
            switch effort {
            case "minimal": 1_024
            case "low": 2_048
            case "medium": 8_192
            case "high": 16_384
            default: 32_768
            }
        let budget = min(wanted, maxTokens - leastBudget)
        return budget >= leastBudget ? budget : nil
    }

    /// What shape the answer must have: enforced by a schema, or asked for in words where the API cannot enforce it.
    mutating func outputFormat() throws(GatewayError) -> (format: JSONText?, instruction: String?) {
        let path = "response_format"
        switch request.responseFormat {
        case nil, .text?: return (nil, nil)
        case .jsonObject?: return (nil, "Answer with one JSON object and nothing else: no other text, no code fence.")
        case .other(let value)? where isNative: return (value, nil)
        case .other?: throw .unsupported(path, "This format has no form for this model.")
        case .jsonSchema(let format)? where isNative: return (Self.format(format.schema?.bytes), nil)
        case .jsonSchema(let format)?:
            let inner = path + ".json_schema"
            dropped.add("name", in: inner)
            dropped.add(format.innerExtra, in: inner)
            dropped.add(format.extra, in: path)
            guard let schema = format.schema, let fitted = AnthropicSchema.answer(schema, note: format.description)
            else {
                if format.schema != nil { throw .invalid(inner + ".schema", "must be a JSON Schema") }
                return (nil, "Answer with one JSON object and nothing else: no other text, no code fence.")
            }
            if traits.structuredOutput { return (Self.format(fitted), nil) }
            // Words are no guarantee.
            if format.strict == true { dropped.add("strict", in: inner) }
            let words =
                "Answer with JSON that follows this JSON Schema, and nothing else: no other text, no code fence."
            return (nil, words + "\n" + String(decoding: fitted, as: UTF8.self))
        }
    }

    private static func format(_ schema: [UInt8]?) -> JSONText {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("type", "json_schema")
            writer.member("schema", schema.map(JSONText.init))
        }
        return JSONText(writer.bytes)
    }
}
