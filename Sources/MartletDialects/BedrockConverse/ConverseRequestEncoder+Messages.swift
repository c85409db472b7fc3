import MartletCore
import MartletWire

extension ConverseRequestEncoder {
    /// Puts the messages in order.
    ///
    /// - Throws: ``GatewayError`` for what the model would not see.
    mutating func converse() throws(GatewayError) {
        for index in request.messages.indices { try append(index) }
        try base.match(&conversation)
        if conversation.turns.isEmpty {
            // A request of system texts alone: somebody must ask.
            guard !conversation.system.isEmpty else { throw .invalid("messages", "must not be empty") }
            conversation.open(.user)
            conversation.turns[0].blocks = conversation.system
            conversation.system = []
        }
    }

    private mutating func append(_ index: Int) throws(GatewayError) {
        let message = request.messages[index]
        let path = "messages[\(index)]"
        if message.name != nil { base.dropped.add("name", in: path) }
        let before = (
            conversation.system.count, conversation.turns.count, conversation.turns.last?.blocks.count ?? 0
        )
        switch message.role {
        case .system, .developer: try appendSystem(message, path)
        case .user, .tool:
            conversation.open(.user)
            try appendParts(message, path, isLast: false)
        case .assistant:
            conversation.open(.assistant)
            try appendParts(message, path, isLast: index == request.messages.count - 1)
            if let refusal = message.refusal, !refusal.isBlank {
                conversation.append(AnthropicBlock(converse: refusal))
            }
        case .function, .other:
            throw .unsupported(path + ".role", "A message of this role has no form for this model.")
        }
        guard !message.extra.isEmpty else { return }
        try base.takeMessageExtra(message, path, grew: before, &conversation)
        // The mark of a whole message stands on its last block.
        if let last = conversation.turns.indices.last {
            guard let end = conversation.turns[last].blocks.indices.last else { return }
            let mark = conversation.turns[last].blocks[end].cache
            conversation.turns[last].blocks[end].cache = mark.flatMap { fitted($0) }
        } else if let end = conversation.system.indices.last {
            conversation.system[end].cache = conversation.system[end].cache.flatMap { fitted($0) }
        }
    }

    private mutating func appendSystem(_ message: ChatMessage, _ path: String) throws(GatewayError) {
        var blocks: [AnthropicBlock] = []
        let paths = AnthropicRequestEncoder.ContentPaths(message, path, isNative: false)
        for (position, part) in message.parts.enumerated() {
            if let block = try contentBlock(part, .system, at: paths[position]) { blocks.append(block) }
        }
        if conversation.turns.isEmpty { return conversation.system.append(contentsOf: blocks) }
        guard !blocks.isEmpty else { return }
        // Hoisting it to the front would change every later token's cache, so it stays where it is.
        conversation.open(.user)
        conversation.append(AnthropicBlock(converse: "<system>"))
        for block in blocks { conversation.append(block) }
        conversation.append(AnthropicBlock(converse: "</system>"))
    }

    private mutating func appendParts(
        _ message: ChatMessage,
        _ path: String,
        isLast: Bool
    ) throws(GatewayError) {
        let isAssistant = message.role == .assistant
        let paths = AnthropicRequestEncoder.ContentPaths(message, path, isNative: false)
        var content = 0
        var calls = 0
        var documents: [String] = []
        var hasText = false
        for (index, part) in message.parts.enumerated() {
            switch part {
            case .reasoning(let reasoning) where isAssistant:
                if let block = reasoningBlock(reasoning) {
                    conversation.append(block)
                } else if !reasoning.text.isEmpty || reasoning.isSealed {
                    base.dropped.add(reasoning.isSealed ? "thinking_blocks" : "reasoning_content", in: path)
                }
            case .toolCall(let call) where isAssistant:
                append(call, at: "\(path).tool_calls[\(calls)]")
                calls += 1
            case .toolResult(let result) where !isAssistant:
                try appendResult(result, message, path, index)
            default:
                let position = content
                content += 1
                var part = part
                // The API refuses white space at the end of what it is to go on from.
                if isLast, index == message.parts.count - 1, case .text(var text) = part, !text.text.isBlank {
                    text.text = text.text.trimmedEnd
                    part = .text(text)
                }
                let place: Place = isAssistant ? .assistant : .user
                guard let block = try contentBlock(part, place, at: paths[position]) else { continue }
                if case .text = part { hasText = true }
                if case .file(let file) = part { documents.append(file.filename ?? "document") }
                conversation.append(block)
            }
        }
        // A turn with documents needs a text beside them.
        if !documents.isEmpty, !hasText {
            conversation.append(AnthropicBlock(converse: "Documents: " + documents.joined(separator: ", ")))
        }
    }

    private mutating func append(_ call: ChatToolCall, at path: String) {
        let id = base.names.id(call.id)
        let name = base.names.name(call.name)
        base.dropped.add(call.innerExtra, in: "\(path).\(call.kind == .function ? "function" : "custom")")
        let last = conversation.turns.count - 1
        conversation.turns[last].calls.append(conversation.calls.count)
        conversation.calls.append(AnthropicConversation.Call(id: call.id, sentID: id, turn: last))
        var writer = JSONWriter(reserving: 96)
        call.writeConverse(id: id, name: name, to: &writer)
        var block = AnthropicBlock(raw: JSONText(writer.bytes))
        if !call.extra.isEmpty { block.cache = mark(call.extra, in: path) }
        conversation.append(block)
    }

    /// Takes a result, to be placed when all calls are known.
    private mutating func appendResult(
        _ result: ChatToolResult,
        _ message: ChatMessage,
        _ path: String,
        _ index: Int
    ) throws(GatewayError) {
        let isOwnMessage = message.role == .tool
        let place = isOwnMessage ? "\(path).content" : "\(path).content[\(index)].content"
        var waiting = AnthropicConversation.Result(
            callID: result.callID,
            turn: conversation.turns.count - 1,
            content: [],
            isError: result.isError,
            extra: isOwnMessage ? result.extra + message.extra : result.extra,
            path: isOwnMessage ? path : "\(path).content[\(index)]"
        )
        for (position, part) in result.content.enumerated() {
            let isString = isOwnMessage && result.content.count == 1 && part.isPlainText
            guard var block = try contentBlock(part, .result, at: isString ? place : "\(place)[\(position)]") else {
                continue
            }
            if let mark = block.cache {
                if let earlier = waiting.cache { base.dropped.add(earlier.path) }
                (waiting.cache, block.cache) = (mark, nil)
            }
            waiting.content.append(block)
        }
        if !traits.resultStatus, waiting.isError != nil {
            // Said in words where the model has no flag for it.
            if waiting.isError == true { waiting.content.insert(AnthropicBlock(converse: "Error:"), at: 0) }
            waiting.isError = nil
        }
        conversation.results.append(waiting)
    }

    /// Writes reasoning that the upstream can take back; `nil` for other reasoning.
    private func reasoningBlock(_ reasoning: ChatReasoning) -> AnthropicBlock? {
        guard reasoning.isSealed, !reasoning.isDetails else { return nil }
        if let origin = reasoning.origin, let own = codec.origin {
            guard origin.utf8.elementsEqual(own.utf8) else { return nil }
        } else if traits.claude == nil {
            // Signatures are Anthropic's, unless this account gave them.
            return nil
        }
        var writer = JSONWriter(reserving: 96)
        reasoning.writeConverse(to: &writer)
        var block = AnthropicBlock(raw: JSONText(writer.bytes))
        block.isThinking = true
        return block
    }

    /// Takes the cache mark out of the members of the object at a path, as far as the model has caches, and names the
    /// rest.
    mutating func mark(_ extra: [ExtraMember], in path: String) -> AnthropicCacheMark? {
        base.takeMark(extra, in: path).flatMap { fitted($0) }
    }

    fileprivate mutating func fitted(_ mark: AnthropicCacheMark) -> AnthropicCacheMark? {
        guard traits.cachePoints else {
            base.dropped.add(mark.path)
            return nil
        }
        var mark = mark
        if mark.isLong, traits.claude == nil {
            mark.isLong = false
            base.dropped.add("ttl", in: mark.path)
        }
        return mark
    }
}
