import MartletCore
import MartletWire

extension AnthropicRequestEncoder {
    /// Puts the messages in order.
    ///
    /// - Throws: ``GatewayError`` for what the model would not see.
    mutating func conversation() throws(GatewayError) -> AnthropicConversation {
        var conversation = AnthropicConversation()
        for index in request.messages.indices { try append(index, to: &conversation) }
        try match(&conversation)
        if conversation.turns.isEmpty, !isNative {
            // A request of system texts alone: somebody must ask.
            conversation.open(.user)
            conversation.turns[0].blocks = conversation.system
            conversation.system = []
            guard !conversation.turns[0].blocks.isEmpty else { throw .invalid("messages", "must not be empty") }
        }
        return conversation
    }

    private mutating func append(
        _ index: Int,
        to conversation: inout AnthropicConversation
    ) throws(GatewayError) {
        let message = request.messages[index]
        let path = messagePath(index)
        if !isNative, message.name != nil { dropped.add("name", in: path) }
        let before = (
            conversation.system.count, conversation.turns.count, conversation.turns.last?.blocks.count ?? 0
        )
        switch message.role {
        case .system, .developer: try appendSystem(index, path, to: &conversation)
        case .user, .tool:
            conversation.open(.user)
            try appendParts(message, path, .user, isLast: false, to: &conversation)
        case .assistant:
            conversation.open(.assistant)
            let isLast = index == request.messages.count - 1
            try appendParts(message, path, .assistant, isLast: isLast, to: &conversation)
            if let refusal = message.refusal, !refusal.isBlank { conversation.append(AnthropicBlock(text: refusal)) }
        case .function, .other:
            throw .unsupported(path + ".role", "A message of this role has no form for this model.")
        }
        try takeMessageExtra(message, path, grew: before, &conversation)
    }

    /// Names what stands beside the content; a cache mark goes to the message's last block.
    mutating func takeMessageExtra(
        _ message: ChatMessage,
        _ path: String,
        grew before: (system: Int, turns: Int, blocks: Int),
        _ conversation: inout AnthropicConversation
    ) throws(GatewayError) {
        guard !message.extra.isEmpty else { return }
        if isNative { return dropped.add(message.extra, in: path) }
        if message.extra.value("function_call") != nil {
            throw .unsupported(path + ".function_call", "Legacy functions have no form for this model; use tools.")
        }
        // The mark of a tool's message was taken with its result.
        if message.role == .tool { return }
        guard let mark = takeMark(message.extra, in: path) else { return }
        let last = conversation.turns.count - 1
        if last < 0, conversation.system.count > before.system {
            put(mark, on: &conversation.system[conversation.system.count - 1])
        } else if last >= 0, let end = conversation.turns[last].blocks.indices.last,
            last >= before.turns || end >= before.blocks
        {
            put(mark, on: &conversation.turns[last].blocks[end])
        } else {
            dropped.add(mark.path)
        }
    }

    /// Sets the mark of a whole message, which stands for one that its last part may have; thinking takes none.
    private mutating func put(_ mark: AnthropicCacheMark, on block: inout AnthropicBlock) {
        if block.cache != nil || block.isThinking { return dropped.add(mark.path) }
        block.cache = mark
    }

    private mutating func appendSystem(
        _ index: Int,
        _ path: String,
        to conversation: inout AnthropicConversation
    ) throws(GatewayError) {
        let message = request.messages[index]
        var blocks: [AnthropicBlock] = []
        let paths = ContentPaths(message, path, isNative: isNative)
        for (position, part) in message.parts.enumerated() {
            if let block = try contentBlock(part, .system, at: paths[position]) { blocks.append(block) }
        }
        if conversation.turns.isEmpty {
            conversation.system.append(contentsOf: blocks)
            return
        }
        guard !blocks.isEmpty else { return }
        if isNative || traits.systemMessages && canStandAmongTurns(index, conversation) {
            conversation.open(.system)
        } else {
            // Hoisting it to the front would change every later token's cache, so it stays where it is.
            conversation.open(.user)
            blocks = Self.marked(blocks)
        }
        for block in blocks { conversation.append(block) }
    }

    /// System texts that stand among those of the user.
    static func marked(_ blocks: [AnthropicBlock]) -> [AnthropicBlock] {
        [AnthropicBlock(text: "<system>")] + blocks + [AnthropicBlock(text: "</system>")]
    }

    /// Whether a system message may stand here as such: behind a turn of the user, and before one of the model or last.
    private func canStandAmongTurns(_ index: Int, _ conversation: AnthropicConversation) -> Bool {
        guard let last = conversation.turns.last?.role, last != .assistant else { return false }
        let next = request.messages[(index + 1)...].first { $0.role != .system && $0.role != .developer }
        return next.map { $0.role == .assistant } ?? true
    }

    private mutating func appendParts(
        _ message: ChatMessage,
        _ path: String,
        _ place: Place,
        isLast: Bool,
        to conversation: inout AnthropicConversation
    ) throws(GatewayError) {
        let paths = ContentPaths(message, path, isNative: isNative)
        var content = 0
        var calls = 0
        for (index, part) in message.parts.enumerated() {
            switch part {
            case .reasoning(let reasoning) where place == .assistant:
                if let block = reasoningBlock(reasoning) {
                    let last = conversation.turns.count - 1
                    if conversation.turns[last].blocks.isEmpty { conversation.turns[last].startsWithThinking = true }
                    conversation.append(block)
                } else if isNative {
                    dropped.add("\(path).content[\(index)]")
                } else if !reasoning.text.isEmpty || reasoning.isSealed {
                    dropped.add(reasoning.isSealed ? "thinking_blocks" : "reasoning_content", in: path)
                }
            case .toolCall(let call) where place == .assistant:
                let callPath = isNative ? "\(path).content[\(index)]" : "\(path).tool_calls[\(calls)]"
                calls += 1
                let id = names.id(call.id)
                let last = conversation.turns.count - 1
                conversation.turns[last].calls.append(conversation.calls.count)
                conversation.calls.append(AnthropicConversation.Call(id: call.id, sentID: id, turn: last))
                conversation.append(callBlock(call, id: id, at: callPath))
            case .toolResult(let result) where place == .user:
                try appendResult(result, message, path, index, to: &conversation)
            default:
                let position = isNative ? index : content
                content += 1
                var part = part
                // The API refuses white space at the end of what it is to go on from.
                if isLast, index == message.parts.count - 1, case .text(var text) = part, !text.text.isBlank {
                    text.text = text.text.trimmedEnd
                    part = .text(text)
                }
                if let block = try contentBlock(part, place, at: paths[position]) { conversation.append(block) }
            }
        }
    }

    /// Where a message stands in the caller's body.
    func messagePath(_ index: Int) -> String {
        guard request.hasLeadingSystem else { return "messages[\(index)]" }
        return index == 0 ? "system" : "messages[\(index - 1)]"
    }

    /// Where the parts of a message stand in the caller's body.
    struct ContentPaths {
        private let path: String
        /// Whether the content may have been written as a plain string.
        private let isString: Bool

        init(_ message: ChatMessage, _ path: String, isNative: Bool) {
            self.path = path == "system" ? path : path + ".content"
            let content = message.parts.lazy.filter { part in
                switch part {
                case .reasoning, .toolCall: isNative
                default: true
                }
            }
            isString = content.prefix(2).count == 1 && content.allSatisfy(\.isPlainText)
        }

        subscript(position: Int) -> String { isString ? path : "\(path)[\(position)]" }
    }
}

extension ChatPart {
    /// Whether the part may have been written as a plain string.
    var isPlainText: Bool {
        if case .text(let text) = self { text.extra.isEmpty } else { false }
    }
}

extension String {
    /// The text without white space at its end.
    var trimmedEnd: String {
        guard let last = lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(self[...last])
    }
}
