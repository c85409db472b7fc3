import MartletCore
import MartletWire

/// The member `options` of a request, and what of a request has no place in it.
struct OllamaOptions {
    /// The options in the order they are written.
    private(set) var members: [ExtraMember] = []
    /// JSON paths of what is not sent.
    private(set) var dropped: [String] = []
    /// `num_ctx`; `nil` when none is sent, or when what the caller gave is no number.
    private(set) var contextTokens: Int?

    /// Options that callers of other formats write beside the messages; each is a number (`api/types.go`).
    ///
    /// Not among them are those about the machine, like `num_gpu`: they count only inside `options`.
    static let besideMessages: Set<String> = [
        "num_ctx", "num_keep", "min_p", "typical_p", "repeat_last_n", "repeat_penalty",
    ]

    /// Gathers the options of a request.
    ///
    /// Typed fields win over `options`, and these over members beside the messages.
    init(_ request: ChatRequest, _ settings: OllamaSettings) {
        addTyped(request)
        for extra in request.extra where extra.name == "options" { add(object: extra.value) }
        for extra in request.extra where Self.besideMessages.contains(extra.name) {
            if extra.kind == .null { continue }
            if extra.kind == .number, !has(extra.name) {
                members.append(extra)
            } else {
                dropped.append(extra.name)
            }
        }
        if let given = members.first(where: { $0.name == "num_ctx" }) {
            contextTokens = given.integer
        } else if let context = settings.context {
            let tokens = context.tokens(for: request)
            contextTokens = tokens
            add("num_ctx", Int64(tokens))
        }
    }

    private mutating func addTyped(_ request: ChatRequest) {
        let sampling = request.sampling
        add("temperature", sampling.temperature)
        add("top_p", sampling.topP)
        add("top_k", sampling.topK.map(Int64.init))
        add("seed", sampling.seed)
        add("presence_penalty", sampling.presencePenalty)
        add("frequency_penalty", sampling.frequencyPenalty)
        let limits = request.limits
        add("num_predict", (limits.maxCompletionTokens ?? limits.maxTokens).map(Int64.init))
        if let newer = limits.maxCompletionTokens, let older = limits.maxTokens, newer != older {
            dropped.append("max_tokens")
        }
        guard let stop = sampling.stop else { return }
        var writer = JSONWriter()
        writer.array { writer in
            for text in stop { writer.string(text) }
        }
        members.append(ExtraMember(name: "stop", value: JSONText(writer.bytes)))
    }

    private mutating func add(object: JSONText) {
        guard let document = try? JSONDocument(object.bytes), document.rootKind == .object else {
            if object.bytes != Array("null".utf8) { dropped.append("options") }
            return
        }
        let given: [ExtraMember] = document.withView { view in
            view.members.compactMap { member in
                member.key.string().map { ExtraMember(name: $0, value: member.value.text) }
            }
        }
        for member in given where member.kind != .null {
            if has(member.name) {
                dropped.append(JSONPath.appending(member.name, to: "options"))
            } else {
                members.append(member)
            }
        }
    }

    private func has(_ name: String) -> Bool { members.contains { $0.name == name } }

    private mutating func add(_ name: String, _ value: Double?) {
        guard let value else { return }
        var writer = JSONWriter()
        writer.double(value)
        members.append(ExtraMember(name: name, value: JSONText(writer.bytes)))
    }

    private mutating func add(_ name: String, _ value: Int64?) {
        guard let value else { return }
        members.append(ExtraMember(name: name, value: JSONText(String(value))))
    }
}

extension ChatRequest {
    /// Takes the options that have typed fields; the others become one extra member `options`.
    mutating func takeOptions(_ reader: inout JSONObjectReader) throws(JSONFieldError) {
        guard var options = try reader.takeObject("options") else { return }
        sampling.temperature = try options.takeDouble("temperature")
        sampling.topP = try options.takeDouble("top_p")
        sampling.topK = try options.takeInt32("top_k")
        sampling.seed = try options.takeInt("seed")
        sampling.presencePenalty = try options.takeDouble("presence_penalty")
        sampling.frequencyPenalty = try options.takeDouble("frequency_penalty")
        // Without a limit is -1 here, and no field elsewhere.
        if let limit = options.peek("num_predict")?.int64(), 1...Int64(Int32.max) ~= limit {
            limits.maxCompletionTokens = try options.takeInt32("num_predict")
        }
        if let list = try options.takeArray("stop") {
            var texts: [String] = []
            for element in list {
                guard texts.count < OpenAIChatFacts.maxStops else {
                    throw options.error("stop", expected: "an array of at most \(OpenAIChatFacts.maxStops) elements")
                }
                texts.append(try element.requireString())
            }
            sampling.stop = texts
        }
        guard !options.isExhausted else { return }
        var writer = JSONWriter()
        writer.object { options.writeRest(to: &$0) }
        extra.append(ExtraMember(name: "options", value: JSONText(writer.bytes)))
    }
}

extension JSONObjectReader {
    /// Takes an integer of 32 bits, which is what Ollama's engine has for counts.
    fileprivate mutating func takeInt32(_ name: StaticString) throws(JSONFieldError) -> Int? {
        try takeInt(name, in: Int64(Int32.min)...Int64(Int32.max)).flatMap { Int(exactly: $0) }
    }
}

extension ExtraMember {
    /// The type of the value.
    var kind: JSONKind { JSONKind(firstByte: value.bytes.first ?? 0) }

    /// The value of an integer that an `Int` holds; `nil` for everything else.
    fileprivate var integer: Int? {
        guard kind == .number, let document = try? JSONDocument(value.bytes) else { return nil }
        return document.withView { $0.int64() }.flatMap { Int(exactly: $0) }
    }
}
