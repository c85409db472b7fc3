import MartletCore
import MartletWire

extension AnthropicRequestEncoder {
    /// Takes a result, to be placed when all calls are known.
    mutating func appendResult(
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
    mutating func match(_ conversation: inout AnthropicConversation) throws(GatewayError) {
        // The calls of each id that have no result yet, in order.
        var open: [String: [Int]] = [:]
        for (index, call) in conversation.calls.enumerated() { open[call.id, default: []].append(index) }
        for result in conversation.results {
            guard let candidates = open[result.callID] else {
                throw .invalid(
                    result.path + (isNative ? ".tool_use_id" : ".tool_call_id"),
                    "refers to no call of a tool"
                )
            }
            guard !candidates.isEmpty else {
                dropped.add(result.path)
                continue
            }
            // The last call before the result; or the first one after it, where a client stores what comes first.
            var (low, high) = (0, candidates.count)
            while low < high {
                let middle = (low + high) / 2
                if conversation.calls[candidates[middle]].turn < result.turn { low = middle + 1 } else { high = middle }
            }
            guard let index = open[result.callID]?.remove(at: max(low - 1, 0)) else { continue }
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
                results.append(known.result ?? form.missingResult(known.sentID))
            }
        }
        turns.append(AnthropicConversation.Turn(role: .user, blocks: results))
        return turns
    }

    private mutating func resultBlock(_ result: AnthropicConversation.Result, id: String) -> AnthropicBlock {
        var made = form.result(result, id: id, rest: isNative ? result.extra : [])
        if !isNative, !result.extra.isEmpty { made.cache = takeMark(result.extra, in: result.path) }
        if made.cache != nil, let inner = result.cache { dropped.add(inner.path) }
        made.cache = made.cache ?? result.cache
        return made
    }
}
