import MartletCore
import MartletWire

/// The messages of a request as the API wants them: turns that alternate, and the results of tools right behind their
/// calls, in the order of the calls, before anything else of that turn.
struct AnthropicConversation {
    var system: [AnthropicBlock] = []
    var turns: [Turn] = []
    var calls: [Call] = []
    var results: [Result] = []
    /// Whether the calls that were answered last stand behind the thinking that led to them.
    var pendingCallsLackThinking = false

    struct Turn {
        var role: Role
        var blocks: [AnthropicBlock] = []
        /// The calls in the turn, as indices.
        var calls: [Int] = []
        var startsWithThinking = false
    }

    enum Role: String {
        case user, assistant, system
    }

    struct Call {
        var id: String
        var sentID: String
        var turn: Int
        var result: AnthropicBlock?
        var isAnswered = false
    }

    /// A result that waits until all calls are known.
    struct Result {
        var callID: String
        var turn: Int
        var content: [AnthropicBlock]
        /// The content where it is one plain text, which is then written as such.
        var text: String?
        var isError: Bool?
        var extra: [ExtraMember]
        /// The last cache mark inside the result, which the whole of it gets.
        var cache: AnthropicCacheMark?
        var path: String
    }

    /// Makes sure that the last turn is of a role.
    mutating func open(_ role: Role) {
        if turns.last?.role != role { turns.append(Turn(role: role)) }
    }

    mutating func append(_ block: AnthropicBlock) {
        guard !turns.isEmpty else { return }
        turns[turns.count - 1].blocks.append(block)
    }
}

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
        let blockCount = conversation.turns.last?.blocks.count ?? 0
        let turnCount = conversation.turns.count
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
        try takeMessageExtra(message, path, grew: (turnCount, blockCount), &conversation)
    }

    /// Names what stands beside the content; a cache mark goes to the message's last block.
    private mutating func takeMessageExtra(
        _ message: ChatMessage,
        _ path: String,
        grew before: (turns: Int, blocks: Int),
        _ conversation: inout AnthropicConversation
    ) throws(GatewayError) {
        guard !message.extra.isEmpty, !isNative else { return }
        if message.extra.value("function_call") != nil {
            throw .unsupported(path + ".function_call", "Legacy functions have no form for this model; use tools.")
        }
        // The mark of a tool's message was taken with its result.
        if message.role == .tool { return }
        guard let mark = takeMark(message.extra, in: path) else { return }
        let last = conversation.turns.count - 1
        let hasGrown =
            last >= 0 && (last >= before.turns || conversation.turns[last].blocks.count > before.blocks)
        if message.role == .system || message.role == .developer, !conversation.system.isEmpty,
            conversation.turns.isEmpty
        {
            conversation.system[conversation.system.count - 1].cache = mark
        } else if hasGrown, let end = conversation.turns[last].blocks.indices.last {
            conversation.turns[last].blocks[end].cache = mark
        } else {
            dropped.add(mark.path)
        }
    }

    private mutating func appendSystem(
        _ index: Int,
        _ path: String,
        to conversation: inout AnthropicConversation
    ) throws(GatewayError) {
        let message = request.messages[index]
        var blocks: [AnthropicBlock] = []
        var position = 0
        for part in message.parts {
            let place = contentPath(message, path, position)
            position += 1
            if let block = try contentBlock(part, .system, at: place) { blocks.append(block) }
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
    private static func marked(_ blocks: [AnthropicBlock]) -> [AnthropicBlock] {
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
        var content = 0
        var calls = 0
        for (index, part) in message.parts.enumerated() {
            switch part {
            case .reasoning(let reasoning) where place == .assistant:
                if let block = reasoningBlock(reasoning) {
                    let last = conversation.turns.count - 1
                    if conversation.turns[last].blocks.isEmpty { conversation.turns[last].startsWithThinking = true }
                    conversation.append(block)
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
                let path = contentPath(message, path, isNative ? index : content)
                content += 1
                var part = part
                // The API refuses white space at the end of what it is to go on from.
                if isLast, index == message.parts.count - 1, case .text(var text) = part {
                    text.text = text.text.trimmedEnd
                    part = .text(text)
                }
                if let block = try contentBlock(part, place, at: path) { conversation.append(block) }
            }
        }
    }

    private mutating func appendResult(
        _ result: ChatToolResult,
        _ message: ChatMessage,
        _ path: String,
        _ index: Int,
        to conversation: inout AnthropicConversation
    ) throws(GatewayError) {
        var blocks: [AnthropicBlock] = []
        var cache: AnthropicCacheMark?
        var text: String?
        let isOwnMessage = message.role == .tool
        for (position, part) in result.content.enumerated() {
            let place: String
            if isOwnMessage {
                let isString = result.content.count == 1 && part.isPlainText
                place = isString ? "\(path).content" : "\(path).content[\(position)]"
            } else {
                place = "\(path).content[\(index)].content[\(position)]"
            }
            guard var block = try contentBlock(part, .result, at: place) else { continue }
            if let mark = block.cache {
                if let earlier = cache { dropped.add(earlier.path) }
                (cache, block.cache) = (mark, nil)
            }
            blocks.append(block)
            if case .text(let plain) = part, !isNative || plain.extra.isEmpty { text = plain.text }
        }
        var waiting = AnthropicConversation.Result(
            callID: result.callID,
            turn: conversation.turns.count - 1,
            content: blocks,
            isError: result.isError,
            extra: isOwnMessage ? result.extra + message.extra : result.extra,
            cache: cache,
            path: isOwnMessage ? path : "\(path).content[\(index)]"
        )
        if blocks.count == 1 { waiting.text = text }
        conversation.results.append(waiting)
    }

    /// Puts each result behind its call, whatever the order in which they came.
    private mutating func match(_ conversation: inout AnthropicConversation) throws(GatewayError) {
        var callsByID: [String: [Int]] = [:]
        for (index, call) in conversation.calls.enumerated() { callsByID[call.id, default: []].append(index) }
        for result in conversation.results {
            let candidates = callsByID[result.callID] ?? []
            guard !candidates.isEmpty else {
                throw .invalid(result.path + (isNative ? ".tool_use_id" : ".tool_call_id"), "refers to no call of a tool")
            }
            let open = candidates.filter { !conversation.calls[$0].isAnswered }
            // The last call before the result; or the first one after it, where a client stores what comes first.
            guard let index = open.last(where: { conversation.calls[$0].turn < result.turn }) ?? open.first else {
                dropped.add(result.path)
                continue
            }
            conversation.calls[index].isAnswered = true
            conversation.calls[index].result = resultBlock(result, id: conversation.calls[index].sentID)
        }
        conversation.turns = arranged(conversation)
        if let caller = conversation.turns.dropLast().last, conversation.turns.last?.role == .user {
            conversation.pendingCallsLackThinking = !caller.calls.isEmpty && !caller.startsWithThinking
        }
    }

    /// The turns with the results in place, without empty ones, and with no two neighbours of one role.
    private func arranged(_ conversation: AnthropicConversation) -> [AnthropicConversation.Turn] {
        let turns = Self.merged(withResults(conversation))
        if isNative { return turns }
        // Where turns fell away, a system message may stand where the API wants none.
        let fitting = turns.indices.map { index in
            let turn = turns[index]
            let isBetween =
                index > 0 && turns[index - 1].role == .user
                && (index + 1 == turns.count || turns[index + 1].role == .assistant)
            guard turn.role == .system, !isBetween else { return turn }
            return AnthropicConversation.Turn(role: .user, blocks: Self.marked(turn.blocks))
        }
        return Self.merged(fitting)
    }

    private static func merged(_ turns: [AnthropicConversation.Turn]) -> [AnthropicConversation.Turn] {
        var merged: [AnthropicConversation.Turn] = []
        for turn in turns where !turn.blocks.isEmpty {
            if merged.last?.role == turn.role {
                merged[merged.count - 1].blocks.append(contentsOf: turn.blocks)
                merged[merged.count - 1].calls.append(contentsOf: turn.calls)
            } else {
                merged.append(turn)
            }
        }
        return merged
    }

    private func withResults(_ conversation: AnthropicConversation) -> [AnthropicConversation.Turn] {
        var turns: [AnthropicConversation.Turn] = []
        var results: [AnthropicBlock] = []
        for turn in conversation.turns {
            var turn = turn
            if turn.role == .user {
                turn.blocks = results + turn.blocks
                results = []
            } else if !results.isEmpty {
                turns.append(AnthropicConversation.Turn(role: .user, blocks: results))
                results = []
            }
            turns.append(turn)
            for call in turn.calls {
                let known = conversation.calls[call]
                results.append(known.result ?? Self.missingResult(known.sentID))
            }
        }
        turns.append(AnthropicConversation.Turn(role: .user, blocks: results))
        return turns
    }

    /// The API refuses a call without a result, so that one says that it is missing.
    private static func missingResult(_ id: String) -> AnthropicBlock {
        AnthropicBlock { writer in
            writer.member("type", "tool_result")
            writer.member("tool_use_id", id)
            writer.member("content", "missing")
            writer.member("is_error", true)
        }
    }

    private mutating func resultBlock(_ result: AnthropicConversation.Result, id: String) -> AnthropicBlock {
        var made = block("tool_result", result.extra, at: result.path) { writer in
            writer.member("tool_use_id", id)
            if let text = result.text {
                writer.member("content", text)
            } else if !result.content.isEmpty {
                writer.key("content")
                writer.array { writer in
                    for block in result.content { block.write(to: &writer) }
                }
            }
            writer.member("is_error", result.isError)
        }
        if made.cache != nil, let inner = result.cache { dropped.add(inner.path) }
        made.cache = made.cache ?? result.cache
        return made
    }

    /// Where a message stands in the caller's body.
    func messagePath(_ index: Int) -> String {
        guard isNative, request.messages.first?.role == .system else { return "messages[\(index)]" }
        return index == 0 ? "system" : "messages[\(index - 1)]"
    }

    /// Where the content of a message, or one part of it, stands in the caller's body.
    private func contentPath(_ message: ChatMessage, _ path: String, _ position: Int) -> String {
        let isSystem = path == "system"
        let content = message.parts.filter { part in
            switch part {
            case .reasoning, .toolCall: isNative
            default: true
            }
        }
        if content.count == 1, content[0].isPlainText { return isSystem ? path : path + ".content" }
        return isSystem ? "\(path)[\(position)]" : "\(path).content[\(position)]"
    }
}

extension ChatPart {
    /// Whether the part may have been written as a plain string.
    fileprivate var isPlainText: Bool {
        if case .text(let text) = self { text.extra.isEmpty } else { false }
    }
}

extension String {
    /// The text without white space at its end.
    fileprivate var trimmedEnd: String {
        guard let last = lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(self[...last])
    }
}
