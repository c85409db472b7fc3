public import MartletCore
public import MartletWire

/// Sets marks of the prompt cache in a caller's body of this dialect; all its other bytes stay.
public enum AnthropicCacheSplice {
    /// Adds the marks an operator wants to the edits of a body, where its caller set none.
    ///
    /// - Parameters:
    ///   - splice: The edits.
    ///   - body: The bytes of the body.
    ///   - scanner: The scanner that accepted it.
    ///   - mode: Which marks are wanted.
    ///   - model: The provider's own name of the model, which tells how long a prompt must be.
    /// - Complexity: O(bytes of tools, system and messages).
    public static func addMarks(
        to splice: inout JSONSplice,
        _ body: UnsafeRawBufferPointer,
        scanner: borrowing JSONScanner,
        mode: PromptCacheMode,
        model: String
    ) {
        guard mode != .off,
            let members = try? unsafe BodyMembers(body, scanner, ["tools", "system", "messages", "cache_control"]),
            members["cache_control"] == nil
        else { return }
        var layout = Layout()
        if let tools = members["tools"] {
            for tool in tools.elements { layout.tools.append(layout.block(tool)) }
        }
        if let system = members["system"] { layout.system = layout.blocks(system) }
        if let messages = members["messages"] {
            for message in messages.elements {
                let isModel = message.member("role")?.equalsString("assistant") ?? false
                layout.turns.append((isModel, message.member("content").map { layout.blocks($0) } ?? []))
            }
        }
        let minimum = AnthropicModelTraits(model: model).minimumCacheTokens
        let marks = PromptCacheMarks(layout.outline, mode: mode, minimumTokens: minimum)
        if let index = marks.tool { layout.tools[index].mark(in: &splice) }
        if let index = marks.system { layout.system[index].mark(in: &splice) }
        for place in marks.messages { layout.turns[place.message].blocks[place.block].mark(in: &splice) }
    }

    /// The blocks of a body and where they stand.
    private struct Layout {
        var tools: [Block] = []
        var system: [Block] = []
        var turns: [(isModel: Bool, blocks: [Block])] = []
        /// Whether the caller set marks.
        var isMarked = false

        var outline: PromptOutline {
            var outline = PromptOutline()
            outline.tools = tools.map(\.outline)
            outline.system = system.map(\.outline)
            outline.turns = turns.map { .init(isModel: $0.isModel, blocks: $0.blocks.map(\.outline)) }
            outline.isMarked = isMarked
            return outline
        }

        /// The blocks of a content, which may be a plain text.
        mutating func blocks(_ content: JSONView) -> [Block] {
            if content.kind == .string {
                return [Block(range: content.range, isText: true, takesMark: !content.isBlank)]
            }
            var blocks: [Block] = []
            for element in content.elements { blocks.append(block(element)) }
            return blocks
        }

        mutating func block(_ view: JSONView) -> Block {
            var takesMark = false
            for member in view.members {
                if member.key.equalsString("type") {
                    // Thinking takes no mark.
                    takesMark = !["thinking", "redacted_thinking"].contains { member.value.equalsString($0) }
                } else if member.key.equalsString("name"), view.member("type") == nil {
                    takesMark = true
                } else if member.key.equalsString("cache_control") {
                    isMarked = isMarked || !member.value.isNull
                } else if member.key.equalsString("content"), member.value.kind == .array {
                    for inner in member.value.elements {
                        if let mark = inner.member("cache_control"), !mark.isNull { isMarked = true }
                    }
                }
            }
            // A tool that is looked up when it is needed is no part of the prompt, and may not be marked; nor may an empty
            // text, which is refused anyway.
            if view.member("defer_loading")?.bool() == true { takesMark = false }
            if let text = view.member("text"), text.isBlank { takesMark = false }
            return Block(range: view.range, isText: false, takesMark: takesMark)
        }
    }

    /// One block.
    private struct Block {
        let range: Range<Int>
        /// Whether it is a plain text in place of blocks.
        let isText: Bool
        let takesMark: Bool

        var outline: PromptOutline.Block { .init(bytes: range.count, takesMark: takesMark) }

        func mark(in splice: inout JSONSplice) {
            let mark = Array(#","cache_control":{"type":"ephemeral"}"#.utf8)
            let (start, end) = (range.lowerBound, range.upperBound)
            if isText {
                splice.replace(start..<start, with: Array(#"[{"type":"text","text":"#.utf8))
                splice.replace(end..<end, with: mark + Array("}]".utf8))
            } else {
                splice.replace(end - 1..<end - 1, with: mark)
            }
        }
    }
}

extension JSONView {
    /// Whether it is a text of nothing but white space.
    fileprivate var isBlank: Bool {
        guard kind == .string else { return false }
        return withRawBytes { bytes in
            // Between the quotes; white space that is escaped is rare enough to count as text.
            for index in 1..<max(1, bytes.count - 1)
            where ![UInt8(ascii: " "), UInt8(ascii: "\t")].contains(bytes[index]) { return false }
            return true
        }
    }
}
