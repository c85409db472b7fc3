import MartletCore
import MartletWire

/// Turns the events of a stream into chunks, one after another.
///
/// Texts and reasoning have no event that begins them; a block begins with its number.
struct ConverseStreamState: Sendable {
    /// Whether the event that ends a stream was seen.
    private(set) var isDone = false
    /// Whether the reason to stop was seen.
    var hasFinish: Bool { end != nil }
    /// The failure that the stream ended with; passed on with its usage.
    var failure: UpstreamFailure? { end?.error }

    private let origin: String?
    private let model: String?
    private var open: Block?
    private var calls: [Int64: Call] = [:]
    private var callCount = 0
    private var hasContent = false
    /// The reason to stop, which waits for the tokens that are told after it.
    private var end: ChatChunk?
    /// The last event with text; those that follow mostly differ in nothing else, and are read without a parser.
    private var template = OpenAIChatTemplate()
    /// Where the text of such an event begins, and its kind.
    private var known: (textStart: Int, kind: Kind)?

    /// The most calls of one answer.
    private static let mostCalls = 1_024
    /// The longest signature of a piece of reasoning, in bytes.
    private static let longestSignature = 4 << 20

    /// The block that was written to last, unless it is a call.
    private struct Block {
        var index: Int64
        var kind: Kind
        /// The signature so far; it is passed on whole.
        var signature = ""
        var isFresh = true
    }

    private enum Kind: Equatable { case text, reasoning }

    private struct Call {
        var number: Int
        /// Whether no arguments came.
        var isFresh = true
        var hasEnded = false
    }

    init(origin: String?, model: String?) {
        self.origin = origin
        self.model = model
    }

    /// Reads an event that says what the one before said, but for a text of plain ASCII; answers whether it is one.
    mutating func readKnown(_ payload: UnsafeRawBufferPointer, into chunks: inout [ChatChunk]) -> Bool {
        guard let known, let length = unsafe template.outputBytes(payload), known.textStart + length < payload.count
        else {
            return false
        }
        let text = unsafe UnsafeRawBufferPointer(rebasing: payload[known.textStart..<known.textStart + length])
        let isPlain = unsafe text.allSatisfy { $0 &- 0x20 < 0x5F && $0 != UInt8(ascii: "\\") }
        guard isPlain, length > 0 else { return false }
        let words = unsafe String(decoding: text, as: UTF8.self)
        chunks.append(
            chunk(known.kind == .text ? ChatChunk.Choice(content: words) : ChatChunk.Choice(reasoning: words))
        )
        return true
    }

    /// Remembers an event with text that goes on an open block.
    private mutating func learn(_ view: JSONView, _ text: JSONView, _ kind: Kind) {
        let padding = view.member("p").flatMap { $0.kind == .string ? $0.range : nil }
        let isLearned = view.withRawBytes { bytes in
            unsafe bytes.withUnsafeBytes { unsafe template.learn($0, output: text.range, padding: padding) }
        }
        known = isLearned && view.range.lowerBound == 0 ? (text.range.lowerBound + 1, kind) : nil
    }

    /// Reads the payload of an event.
    ///
    /// - Parameters:
    ///   - type: The kind of event.
    ///   - view: Its members.
    mutating func read(_ type: EventType, _ view: JSONView, into chunks: inout [ChatChunk]) throws(ChatFailure) {
        known = nil
        switch type {
        case .messageStart: chunks.append(chunk(ChatChunk.Choice(role: .assistant)))
        case .blockStart: try readStart(view, into: &chunks)
        case .blockDelta: readDelta(view, into: &chunks)
        case .blockStop:
            guard let index = view.member("contentBlockIndex")?.int64() else { return }
            if open?.index == index { close(into: &chunks) }
            endCall(index, into: &chunks)
        case .messageStop: try readEnd(view, into: &chunks)
        case .metadata:
            readMetadata(view)
            finish(into: &chunks)
        }
    }

    /// The events that matter; others are passed over.
    enum EventType { case messageStart, blockStart, blockDelta, blockStop, messageStop, metadata }

    private mutating func readStart(_ view: JSONView, into chunks: inout [ChatChunk]) throws(ChatFailure) {
        close(into: &chunks)
        guard let index = view.member("contentBlockIndex")?.int64(),
            let use = view.member("start")?.member("toolUse"), use.kind == .object
        else { return }
        // The service runs its own tools itself.
        if let type = use.member("type"), !type.isNull { return }
        guard callCount < Self.mostCalls else { throw .malformed("too many tools are called at once") }
        endCall(index, into: &chunks)
        calls[index] = Call(number: callCount)
        var choice = ChatChunk.Choice()
        choice.toolCalls = [
            ChatChunk.ToolCallDelta(
                index: callCount,
                id: use.member("toolUseId")?.string() ?? "",
                kind: .function,
                name: use.member("name")?.string() ?? "",
                arguments: ""
            )
        ]
        callCount += 1
        hasContent = true
        chunks.append(chunk(choice))
    }

    private mutating func readDelta(_ view: JSONView, into chunks: inout [ChatChunk]) {
        guard let delta = view.member("delta"), delta.kind == .object else { return }
        let index = view.member("contentBlockIndex")?.int64() ?? 0
        if let text = delta.member("text"), text.kind == .string {
            append(text, view, .text, index, into: &chunks)
        } else if let input = delta.member("toolUse")?.member("input")?.string() {
            guard let call = calls[index], !call.hasEnded, !input.isEmpty else { return }
            calls[index]?.isFresh = false
            var choice = ChatChunk.Choice()
            choice.toolCalls = [ChatChunk.ToolCallDelta(index: call.number, arguments: input)]
            chunks.append(chunk(choice))
        } else if let reasoning = delta.member("reasoningContent"), reasoning.kind == .object {
            readReasoning(reasoning, view, index, into: &chunks)
        } else if let citation = delta.member("citation"), citation.kind == .object {
            var choice = ChatChunk.Choice()
            choice.deltaExtra = [ExtraMember(name: "citation", value: citation.text)]
            chunks.append(chunk(choice))
        }
    }

    private mutating func readReasoning(
        _ delta: JSONView,
        _ view: JSONView,
        _ index: Int64,
        into chunks: inout [ChatChunk]
    ) {
        if let text = delta.member("text"), text.kind == .string {
            append(text, view, .reasoning, index, into: &chunks)
        } else if let signature = delta.member("signature")?.string() {
            enter(.reasoning, index, into: &chunks)
            guard let open, open.signature.utf8.count + signature.utf8.count <= Self.longestSignature else { return }
            self.open?.signature += signature
        } else if let redacted = delta.member("redactedContent")?.string() {
            close(into: &chunks)
            hasContent = true
            var choice = ChatChunk.Choice()
            choice.parts = [.reasoning(ChatReasoning("", redacted: redacted, origin: origin))]
            chunks.append(chunk(choice))
        }
    }

    private mutating func append(
        _ text: JSONView,
        _ view: JSONView,
        _ kind: Kind,
        _ index: Int64,
        into chunks: inout [ChatChunk]
    ) {
        enter(kind, index, into: &chunks)
        let words = text.string() ?? ""
        guard !words.isEmpty else { return }
        var choice = kind == .text ? ChatChunk.Choice(content: words) : ChatChunk.Choice(reasoning: words)
        choice.opensPart = open?.isFresh ?? false
        open?.isFresh = false
        hasContent = true
        chunks.append(chunk(choice))
        learn(view, text, kind)
    }

    /// Makes a block the open one, and ends the one before.
    private mutating func enter(_ kind: Kind, _ index: Int64, into chunks: inout [ChatChunk]) {
        if let open, open.index == index, open.kind == kind { return }
        close(into: &chunks)
        open = Block(index: index, kind: kind)
    }

    /// Ends the open block, and passes on its signature.
    private mutating func close(into chunks: inout [ChatChunk]) {
        guard let block = open else { return }
        open = nil
        guard !block.signature.isEmpty else { return }
        hasContent = true
        var choice = ChatChunk.Choice()
        (choice.signature, choice.origin, choice.opensPart) = (block.signature, origin, block.isFresh)
        chunks.append(chunk(choice))
    }

    private mutating func endCall(_ index: Int64, into chunks: inout [ChatChunk]) {
        guard let call = calls[index], !call.hasEnded else { return }
        calls[index]?.hasEnded = true
        guard call.isFresh else { return }
        var choice = ChatChunk.Choice()
        choice.toolCalls = [ChatChunk.ToolCallDelta(index: call.number, arguments: "{}")]
        chunks.append(chunk(choice))
    }

    private mutating func readEnd(_ view: JSONView, into chunks: inout [ChatChunk]) throws(ChatFailure) {
        close(into: &chunks)
        for index in calls.keys.sorted() { endCall(index, into: &chunks) }
        guard let name = view.member("stopReason")?.string() else { return }
        if ConverseStopReason.isFailure(name), !hasContent {
            // The usage comes in the next event, and is charged.
            end = ChatChunk(model: model, error: ConverseStopReason.failure(name))
            return
        }
        var choice = ChatChunk.Choice()
        (choice.finishReason, choice.vendorReason) = ConverseStopReason.decode(name)
        // Some models call tools and say that they are done.
        if choice.finishReason == .stop, choice.vendorReason == nil, callCount > 0 { choice.finishReason = .toolCalls }
        choice.stopSequence = ConverseStopText.text(view.member("additionalModelResponseFields"))
        var last = chunk(choice)
        if let fields = view.member("additionalModelResponseFields"), !fields.isNull {
            last.extra = [ExtraMember(name: "additionalModelResponseFields", value: fields.text)]
        }
        end = last
    }

    private mutating func readMetadata(_ view: JSONView) {
        guard var reader = try? JSONObjectReader(view) else { return }
        var last = end ?? ChatChunk(model: model)
        if let counts = reader.peek("usage").flatMap({ ChatUsage.converse($0) }) {
            last.usage = counts
            _ = reader.take("usage")
        }
        _ = reader.take("p")
        last.extra += reader.extra
        end = last
    }

    /// Passes on what waited for the end of the stream.
    mutating func finish(into chunks: inout [ChatChunk]) {
        guard let last = end, !isDone else { return }
        isDone = !last.choices.isEmpty || last.error != nil
        if isDone { chunks.append(last) }
    }

    private func chunk(_ choice: ChatChunk.Choice) -> ChatChunk { ChatChunk(model: model, choices: [choice]) }
}
