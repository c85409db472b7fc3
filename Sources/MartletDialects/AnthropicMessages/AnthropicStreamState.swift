import MartletCore
import MartletWire

/// Turns the events of a stream into chunks, one after another.
struct AnthropicStreamState: Sendable {
    /// Whether `message_stop` was seen.
    var isDone = false
    /// Whether the reason to stop was seen.
    private(set) var hasFinish = false

    private let origin: String?
    private var id: String?
    private var model: String?
    private var usage = AnthropicUsage()
    private var blocks: [Block] = []
    private var toolCount = 0
    /// The last event with text; those that follow mostly differ in nothing else, and are read without a parser.
    private var template = OpenAIChatTemplate()
    /// Where the text of such an event begins, and the number of its block.
    private var known: (textStart: Int, place: Int)?

    /// The most blocks that are open at once; the API has one.
    private static let mostOpen = 64

    /// A block that has begun and not ended.
    private struct Block {
        var index: Int64
        var kind: Kind
        /// Whether nothing of the block was passed on yet.
        var isFresh = true
        /// Signature, or the arguments of a block that is passed on whole.
        var text = ""
        /// The start of a block that is passed on whole, or the arguments of a call that came with its start.
        var start: [UInt8]?
    }

    private enum Kind: Equatable {
        case text
        case thinking
        /// The number counts calls of tools, not blocks.
        case tool(Int)
        case whole(type: String)
    }

    init(origin: String?) { self.origin = origin }

    /// Reads an event that says what the one before said, but for a text of plain ASCII; answers whether it is one.
    mutating func readKnown(_ payload: UnsafeRawBufferPointer, into chunks: inout [ChatChunk]) -> Bool {
        guard let known, known.place < blocks.count, let length = unsafe template.outputBytes(payload),
            known.textStart + length < payload.count
        else {
            return false
        }
        let text = unsafe UnsafeRawBufferPointer(rebasing: payload[known.textStart..<known.textStart + length])
        let isPlain = unsafe text.allSatisfy { $0 &- 0x20 < 0x5F && $0 != UInt8(ascii: "\\") }
        guard isPlain else { return false }
        append(text: unsafe String(decoding: text, as: UTF8.self), at: known.place, into: &chunks)
        return true
    }

    /// Remembers an event with text.
    private mutating func learn(_ view: JSONView, _ text: JSONView, place: Int) {
        let isLearned = view.withRawBytes { bytes in
            unsafe bytes.withUnsafeBytes { unsafe template.learn($0, output: text.range, padding: nil) }
        }
        known = isLearned && view.range.lowerBound == 0 ? (text.range.lowerBound + 1, place) : nil
    }

    mutating func read(_ view: JSONView, into chunks: inout [ChatChunk]) throws(ChatFailure) {
        known = nil
        guard let type = view.member("type"), type.kind == .string else {
            // Servers that fail early send their error without a type.
            if let failure = UpstreamFailure(anthropicAnswer: view) { chunks.append(chunk(error: failure)) }
            return
        }
        if type.equalsString("content_block_delta") {
            readDelta(view, into: &chunks)
        } else if type.equalsString("content_block_start") {
            try readStart(view, into: &chunks)
        } else if type.equalsString("content_block_stop") {
            close(view.member("index")?.int64(), into: &chunks)
        } else if type.equalsString("message_start") {
            readMessage(view, into: &chunks)
        } else if type.equalsString("message_delta") {
            readEnd(view, into: &chunks)
        } else if type.equalsString("message_stop") {
            close(nil, into: &chunks)
            isDone = true
        } else if type.equalsString("error") {
            chunks.append(chunk(error: UpstreamFailure(anthropicShape: view)))
        }
    }

    private mutating func readMessage(_ view: JSONView, into chunks: inout [ChatChunk]) {
        guard let message = view.member("message"), message.kind == .object else { return }
        id = message.member("id")?.string()
        model = message.member("model")?.string()
        if let counts = message.member("usage") { usage.merge(counts) }
        var chunk = chunk(ChatChunk.Choice(role: .assistant))
        chunk.usage = usage.usage
        chunks.append(chunk)
    }

    private mutating func readStart(_ view: JSONView, into chunks: inout [ChatChunk]) throws(ChatFailure) {
        guard let index = view.member("index")?.int64(), let content = view.member("content_block"),
            let type = content.member("type")?.string()
        else { return }
        // Servers that forget to end a block begin the next one all the same; calls may really be open side by side.
        for block in blocks where block.index == index || block.kind == .text || block.kind == .thinking {
            close(block.index, into: &chunks)
        }
        guard blocks.count < Self.mostOpen else { throw .malformed("too many blocks are open at once") }
        switch type {
        case "text":
            blocks.append(Block(index: index, kind: .text))
            if let text = content.member("text")?.string() { append(text: text, at: blocks.count - 1, into: &chunks) }
        case "thinking":
            blocks.append(Block(index: index, kind: .thinking))
            if let text = content.member("thinking")?.string() {
                append(text: text, at: blocks.count - 1, into: &chunks)
            }
            blocks[blocks.count - 1].text = content.member("signature")?.string() ?? ""
        case "tool_use":
            var block = Block(index: index, kind: .tool(toolCount))
            // Some servers send the arguments whole in the start.
            if let input = content.member("input"), input.kind == .object, input.members.contains(where: { _ in true })
            {
                block.start = input.rawBytes
            }
            var choice = ChatChunk.Choice()
            choice.toolCalls = [
                ChatChunk.ToolCallDelta(
                    index: toolCount,
                    id: content.member("id")?.string() ?? "",
                    kind: .function,
                    name: content.member("name")?.string() ?? "",
                    arguments: ""
                )
            ]
            toolCount += 1
            blocks.append(block)
            chunks.append(chunk(choice))
        default:
            blocks.append(Block(index: index, kind: .whole(type: type), start: content.rawBytes))
        }
    }

    private mutating func readDelta(_ view: JSONView, into chunks: inout [ChatChunk]) {
        guard let index = view.member("index")?.int64(), let place = blocks.firstIndex(where: { $0.index == index }),
            let delta = view.member("delta"), let type = delta.member("type")
        else { return }
        if type.equalsString("text_delta") {
            guard let text = delta.member("text"), text.kind == .string else { return }
            append(text: text.string() ?? "", at: place, into: &chunks)
            learn(view, text, place: place)
        } else if type.equalsString("input_json_delta") {
            guard let text = delta.member("partial_json")?.string(), !text.isEmpty else { return }
            guard case .tool(let number) = blocks[place].kind else {
                blocks[place].text += text
                return
            }
            blocks[place].isFresh = false
            var choice = ChatChunk.Choice()
            choice.toolCalls = [ChatChunk.ToolCallDelta(index: number, arguments: text)]
            chunks.append(chunk(choice))
        } else if type.equalsString("thinking_delta") {
            guard let text = delta.member("thinking"), text.kind == .string else { return }
            append(text: text.string() ?? "", at: place, into: &chunks)
            learn(view, text, place: place)
        } else if type.equalsString("signature_delta") {
            if blocks[place].kind == .thinking { blocks[place].text += delta.member("signature")?.string() ?? "" }
        } else if type.equalsString("citations_delta"), let citation = delta.member("citation") {
            var choice = ChatChunk.Choice()
            choice.deltaExtra = [ExtraMember(name: "citation", value: citation.text)]
            chunks.append(chunk(choice))
        }
    }

    private mutating func append(text: String, at place: Int, into chunks: inout [ChatChunk]) {
        guard !text.isEmpty else { return }
        var choice: ChatChunk.Choice
        switch blocks[place].kind {
        case .text: choice = ChatChunk.Choice(content: text)
        case .thinking: choice = ChatChunk.Choice(reasoning: text)
        case .tool, .whole: return
        }
        choice.opensPart = blocks[place].isFresh
        blocks[place].isFresh = false
        chunks.append(chunk(choice))
    }

    /// Ends a block, or all of them, and passes on what was held back for its end.
    private mutating func close(_ index: Int64?, into chunks: inout [ChatChunk]) {
        var open: [Block] = []
        for block in blocks {
            if let index, block.index != index { open.append(block) } else { end(block, into: &chunks) }
        }
        blocks = open
    }

    private func end(_ block: Block, into chunks: inout [ChatChunk]) {
        var choice = ChatChunk.Choice()
        switch block.kind {
        case .text: return
        case .thinking:
            // Without text and without signature there was nothing.
            guard !block.text.isEmpty else { return }
            choice.signature = block.text
            choice.origin = origin
            choice.opensPart = block.isFresh
        case .tool(let number):
            guard block.isFresh else { return }
            let input = block.start ?? Array("{}".utf8)
            choice.toolCalls = [
                ChatChunk.ToolCallDelta(index: number, arguments: String(decoding: input, as: UTF8.self))
            ]
        case .whole(let type):
            choice.parts = [Self.part(type, block, origin)]
        }
        chunks.append(chunk(choice))
    }

    /// The part of a block that is passed on whole, with the arguments that came after its start.
    private static func part(_ type: String, _ block: Block, _ origin: String?) -> ChatPart {
        let start = block.start ?? Array("{}".utf8)
        guard let document = try? JSONDocument(start) else { return .other(type: type, value: JSONText(start)) }
        if block.text.isEmpty {
            let part = document.withView { try? ChatPart(anthropic: $0, origin: origin) }
            return part ?? .other(type: type, value: JSONText(start))
        }
        let input = try? JSONDocument(Array(block.text.utf8))
        var writer = JSONWriter(reserving: start.count + block.text.utf8.count)
        document.withView { view in
            writer.object { writer in
                for member in view.members where !member.key.equalsString("input") {
                    writer.key(member.key)
                    writer.raw(member.value)
                }
                writer.key("input")
                if let input { writer.raw(Array(input.bytes[input.rootRange])) } else { writer.string(block.text) }
            }
        }
        return .other(type: type, value: JSONText(writer.bytes))
    }

    private mutating func readEnd(_ view: JSONView, into chunks: inout [ChatChunk]) {
        close(nil, into: &chunks)
        if let counts = view.member("usage") { usage.merge(counts) }
        var choice = ChatChunk.Choice()
        if let delta = view.member("delta"), delta.kind == .object {
            if let name = delta.member("stop_reason")?.string() {
                (choice.finishReason, choice.vendorReason) = AnthropicStopReason.decode(name)
                hasFinish = true
            }
            choice.stopSequence = delta.member("stop_sequence")?.string()
            if let details = delta.member("stop_details"), !details.isNull {
                choice.refusal = ChatResponse.explanation(details)
                choice.extra = [ExtraMember(name: "stop_details", value: details.text)]
            }
        }
        var chunk = chunk(choice)
        chunk.usage = usage.usage
        if let container = view.member("delta")?.member("container"), !container.isNull {
            chunk.extra = [ExtraMember(name: "container", value: container.text)]
        }
        chunks.append(chunk)
    }

    private func chunk(_ choice: ChatChunk.Choice) -> ChatChunk { ChatChunk(id: id, model: model, choices: [choice]) }

    private func chunk(error: UpstreamFailure) -> ChatChunk { ChatChunk(id: id, model: model, error: error) }
}
