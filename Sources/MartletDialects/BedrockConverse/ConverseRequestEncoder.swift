import MartletCore
import MartletWire

/// Writes one request body and collects what has no place in it.
///
/// Conversations have the order of Anthropic's messages, whose encoder keeps it; the blocks are written here.
struct ConverseRequestEncoder {
    let request: ChatRequest
    let codec: BedrockConverseCodec
    let traits: BedrockModelTraits
    /// Puts the turns in order, fits names and ids, reads cache marks, and collects what is dropped.
    var base: AnthropicRequestEncoder
    var conversation = AnthropicConversation()
    /// Names of documents that are taken.
    var documentNames: Set<String> = []
    /// What is told the model in words, because the format has no member for it.
    var instructions: [String] = []
    /// The same for this answer alone, at the end of what is said: a text at the beginning would lose the cached prompt.
    var closing: [String] = []

    init(_ request: ChatRequest, codec: BedrockConverseCodec) {
        self.request = request
        self.codec = codec
        traits = codec.traits ?? BedrockModelTraits(model: request.model ?? codec.model ?? "")
        let claude = AnthropicMessagesCodec(
            version: .june2023,
            traits: traits.claude,
            origin: codec.origin,
            promptCache: traits.cachePoints ? codec.promptCache : .off
        )
        base = AnthropicRequestEncoder(request, codec: claude)
        base.form = .converse
        base.names = AnthropicNames(longestName: 64, longestID: 64)
        base.names.register(request.functionNames)
    }

    mutating func encode() throws(GatewayError) -> EncodedRequest {
        try refuse()
        try converse()
        let tools = try toolConfig()
        let format = try outputFormat()
        for text in instructions { conversation.system.append(AnthropicBlock(converse: text)) }
        let settings = settings(tools)
        settleTurns()
        var list = tools?.blocks ?? []
        // Of the models that have caches only Claude takes points among tools.
        if traits.claude == nil {
            var none: [AnthropicBlock] = []
            base.setMarks(&conversation, &none, isMarked: list.contains { $0.cache != nil })
        } else {
            base.setMarks(&conversation, &list, isMarked: false)
        }
        settleMarks(&list)
        close()
        var writer = JSONWriter(reserving: 512)
        writer.object { writer in
            write(to: &writer)
            settings.inference.write(to: &writer)
            if let tools {
                writer.key("toolConfig")
                writer.object { writer in
                    writer.key("tools")
                    writer.array { Self.write(list, to: &$0) }
                    tools.choice?.writeConverse(to: &writer)
                }
            }
            writer.member("outputConfig", format)
            if !settings.additional.isEmpty {
                writer.key("additionalModelRequestFields")
                writer.object { $0.members(settings.additional) }
            }
            writer.members(settings.rest)
        }
        return EncodedRequest(
            body: writer.bytes,
            dropped: base.dropped.paths,
            renamedTools: base.names.renamed
        )
    }

    /// Refuses what would give the caller something else than was asked for.
    private func refuse() throws(GatewayError) {
        let sampling = request.sampling
        if (sampling.count ?? 1) > 1 { throw .unsupported("n", "This model gives one answer at a time.") }
        if sampling.logprobs == true { throw .unsupported("logprobs", "This model gives no log-probabilities.") }
        if (sampling.topLogprobs ?? 0) > 0 {
            throw .unsupported("top_logprobs", "This model gives no log-probabilities.")
        }
        try request.refuseWhatIsNoText()
    }

    /// Puts the first turn in its place: it must be the user's, and some models take system texts only there.
    private mutating func settleTurns() {
        if !traits.systemTexts, !conversation.system.isEmpty {
            let texts =
                [AnthropicBlock(converse: "<system>")] + conversation.system + [AnthropicBlock(converse: "</system>")]
            conversation.system = []
            if conversation.turns.first?.role == .user {
                conversation.turns[0].blocks.insert(contentsOf: texts, at: 0)
            } else {
                conversation.turns.insert(AnthropicConversation.Turn(role: .user, blocks: texts), at: 0)
            }
        }
        guard let first = conversation.turns.first, first.role == .assistant else { return }
        let start = AnthropicConversation.Turn(role: .user, blocks: [AnthropicBlock(converse: "Please continue.")])
        conversation.turns.insert(start, at: 0)
    }

    /// Puts what holds for this answer alone behind the last mark of what the user says.
    ///
    /// Models without a cache are told with the other instructions: some of them take no text beside results of tools.
    private mutating func close() {
        guard let last = conversation.turns.lastIndex(where: { $0.role == .user }) else { return }
        conversation.turns[last].blocks += closing.map { AnthropicBlock(converse: $0) }
    }

    private mutating func settleMarks(_ tools: inout [AnthropicBlock]) {
        var prefix = [tools, conversation.system]
        var messages = conversation.turns.map(\.blocks)
        AnthropicCacheMark.settle(&prefix, &messages, limit: AnthropicCacheMark.most, &base.dropped)
        (tools, conversation.system) = (prefix[0], prefix[1])
        for index in messages.indices { conversation.turns[index].blocks = messages[index] }
    }

    private func write(to writer: inout JSONWriter) {
        if !conversation.system.isEmpty {
            writer.key("system")
            writer.array { Self.write(conversation.system, to: &$0) }
        }
        writer.key("messages")
        writer.array { writer in
            for turn in conversation.turns {
                writer.object { writer in
                    writer.member("role", turn.role.rawValue)
                    writer.key("content")
                    writer.array { Self.write(turn.blocks, to: &$0) }
                }
            }
        }
    }

    /// Writes blocks; a cache mark is an element of its own behind the block it is for.
    private static func write(_ blocks: [AnthropicBlock], to writer: inout JSONWriter) {
        for block in blocks {
            writer.raw(block.json)
            guard let cache = block.cache else { continue }
            writer.converse("cachePoint") { writer in
                writer.member("type", "default")
                if cache.isLong { writer.member("ttl", "1h") }
            }
        }
    }

    /// What shape the answer must have: enforced by a schema, or asked for in words where nothing enforces it.
    private mutating func outputFormat() throws(GatewayError) -> JSONText? {
        let path = "response_format"
        let words = "Answer with one JSON object and nothing else: no other text, no code fence."
        switch request.responseFormat {
        case nil, .text?: return nil
        case .jsonObject?: instructions.append(words)
        case .other?: throw .unsupported(path, "This format has no form for this model.")
        case .jsonSchema(let format)?:
            let inner = path + ".json_schema"
            base.dropped.add(format.innerExtra, in: inner)
            base.dropped.add(format.extra, in: path)
            guard let schema = format.schema else {
                instructions.append(words)
                base.dropped.add("name", in: inner)
                break
            }
            guard let fitted = AnthropicSchema.answer(schema, note: nil) else {
                throw .invalid(inner + ".schema", "must be a JSON Schema")
            }
            var writer = JSONWriter()
            writer.object { writer in
                writer.key("textFormat")
                writer.object { writer in
                    writer.member("type", "json_schema")
                    writer.key("structure")
                    writer.converse("jsonSchema") { writer in
                        writer.member("schema", String(decoding: fitted, as: UTF8.self))
                        writer.member("name", format.name.isEmpty ? nil : format.name)
                        writer.member("description", format.description.flatMap { $0.isEmpty ? nil : $0 })
                    }
                }
            }
            return JSONText(writer.bytes)
        }
        return nil
    }
}
