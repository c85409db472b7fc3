import MartletCore

extension AnthropicRequestEncoder {
    /// Sets the operator's marks where the caller set none.
    ///
    /// - Parameter isMarked: Whether the request as a whole is marked.
    func setMarks(_ conversation: inout AnthropicConversation, _ tools: inout [AnthropicBlock], isMarked: Bool) {
        guard codec.promptCache != .off else { return }
        var outline = PromptOutline()
        outline.tools = tools.map(\.outline)
        outline.system = conversation.system.map(\.outline)
        outline.turns = conversation.turns.map {
            .init(isModel: $0.role == .assistant, blocks: $0.blocks.map(\.outline))
        }
        outline.isMarked =
            isMarked || (tools + conversation.system + conversation.turns.flatMap(\.blocks)).contains(where: \.isMarked)
        let marks = PromptCacheMarks(outline, mode: codec.promptCache, minimumTokens: traits.minimumCacheTokens)
        let mark = AnthropicCacheMark(isLong: false, path: "")
        if let index = marks.tool { tools[index].cache = mark }
        if let index = marks.system { conversation.system[index].cache = mark }
        for place in marks.messages { conversation.turns[place.message].blocks[place.block].cache = mark }
    }
}

extension AnthropicBlock {
    /// Its shape.
    fileprivate var outline: PromptOutline.Block {
        // A tool that is looked up when it is needed is no part of the prompt, and may not be marked.
        PromptOutline.Block(bytes: json.count, takesMark: !isThinking && !json.names("defer_loading"))
    }

    /// Whether the caller marked it, or something in it.
    fileprivate var isMarked: Bool { cache != nil || json.names("cache_control") }
}

extension [UInt8] {
    /// Whether these bytes of JSON have a member of a name somewhere; in a text the quotes would be escaped.
    fileprivate func names(_ name: StaticString) -> Bool {
        let quoted = Array("\"\(name)\"".utf8)
        guard count >= quoted.count else { return false }
        var index = 0
        while index <= count - quoted.count {
            if self[index] == quoted[0], self[index...].starts(with: quoted) { return true }
            index += 1
        }
        return false
    }
}
