public import MartletCore
import MartletWire

/// Encodes chunks as a stream of response events.
///
/// Each event carries the next number. Text and reasoning are items that end when something of another kind begins;
/// calls of tools stay open side by side until the end, because their pieces may come in any order. The last event
/// carries the whole response, which ``finalResponse`` and ``outputItems`` keep for a store.
public struct OpenAIResponsesStreamEncoder: ChatStreamEncoder {
    private var frame: ResponsesFrame
    private let tools: ResponsesToolMap
    private var sequence: Int64 = 0
    private var items: [ResponsesOutputItem] = []
    /// The place of the text or reasoning that is being written.
    private var open: Int?
    /// The places of the calls by their indices.
    private var calls: [Int: Int] = [:]
    private var hasBegun = false
    private var hasEnded = false
    private var usage: ChatUsage?
    private var reason: FinishReason?
    /// The bytes around number and text of a piece of text.
    private var aroundText: (before: [UInt8], between: [UInt8])?

    /// The response object after the end, as `GET /responses/{id}` answers it.
    public private(set) var finalResponse: [UInt8]?
    /// The items of the output after the end.
    public private(set) var outputItems: [[UInt8]] = []

    /// The id of the response.
    public var id: String { frame.id }

    /// The most items of one answer.
    private static let most = 4_096

    /// Makes an encoder for one stream.
    ///
    /// - Parameter context: What the response repeats of the request it is for.
    public init(context: CallerContext?) {
        frame = ResponsesFrame(context)
        tools = ResponsesToolMap(context?.request)
    }

    /// Appends a chunk's bytes; of several answers only the first is passed on.
    public mutating func encode(_ chunk: ChatChunk, into output: inout [UInt8]) {
        guard !hasEnded else { return }
        if let aroundText, let open, let text = chunk.onlyText {
            output.append(contentsOf: aroundText.before)
            output.append(contentsOf: String(sequence).utf8)
            output.append(contentsOf: aroundText.between)
            let start = output.count
            JSONString.escape(text.utf8.span, into: &output)
            items[open].text.append(contentsOf: output[start...])
            output.append(contentsOf: Self.afterText)
            sequence &+= 1
            return
        }
        frame.model = frame.model ?? chunk.model
        if let counts = chunk.usage { usage = counts }
        if let tier = chunk.extra.value("service_tier") { frame.serviceTier = tier }
        if let error = chunk.error { return fail(error.responsesCode, error.message, into: &output) }
        begin(into: &output)
        for choice in chunk.choices where choice.index == 0 { encode(choice, into: &output) }
    }

    /// Appends the end of what is open, and the event that carries the whole response.
    public mutating func finish(into output: inout [UInt8]) {
        guard !hasEnded else { return }
        finishItems(into: &output)
        var end = ResponsesFrame.End()
        switch reason {
        case .length: end = ResponsesFrame.End(status: .incomplete, reason: "max_output_tokens")
        case .contentFilter: end = ResponsesFrame.End(status: .incomplete, reason: "content_filter")
        default: break
        }
        terminate(end, into: &output)
    }

    /// Appends what comes before the last event: the ends of all items.
    ///
    /// For callers that must record the answer before they send ``finish(into:)``'s one event.
    public mutating func finishItems(into output: inout [UInt8]) {
        guard !hasEnded else { return }
        begin(into: &output)
        let isCut = reason == .length || reason == .contentFilter
        let last = items.lastIndex { $0.done == nil }
        for place in items.indices where items[place].done == nil {
            close(place, isCut: isCut && place == last, into: &output)
        }
        open = nil
    }

    /// Appends `response.failed`; nothing follows it.
    public mutating func fail(_ error: GatewayError, into output: inout [UInt8]) {
        fail(error.code.responsesCode, error.message, into: &output)
    }

    /// Goes on where a stream stands whose bytes passed as they came; for its failure alone.
    public mutating func goOn(from decoder: OpenAIResponsesStreamDecoder) {
        let place = decoder.place
        hasBegun = true
        sequence = place.sequence
        frame.id = place.id ?? frame.id
        frame.created = place.created ?? frame.created
    }

    private mutating func fail(_ code: String, _ message: String, into output: inout [UInt8]) {
        guard !hasEnded else { return }
        begin(into: &output)
        for place in items.indices where items[place].done == nil {
            items[place].settle()
            items[place].done = items[place].json("incomplete")
        }
        terminate(ResponsesFrame.End(status: .failed, error: (code, message)), into: &output)
    }

    private mutating func terminate(_ end: ResponsesFrame.End, into output: inout [UInt8]) {
        hasEnded = true
        aroundText = nil
        outputItems = items.compactMap(\.done)
        let response = frame.json(end, output: outputItems, usage: usage)
        finalResponse = response
        let name: StaticString =
            switch end.status {
            case .incomplete: "response.incomplete"
            case .failed: "response.failed"
            case .completed, .inProgress: "response.completed"
            }
        event(name, into: &output) { event in
            event.key("response")
            event.raw(response)
        }
    }

    private mutating func begin(into output: inout [UInt8]) {
        guard !hasBegun else { return }
        hasBegun = true
        let response = frame.json(ResponsesFrame.End(status: .inProgress), output: [], usage: nil)
        for name in ["response.created", "response.in_progress"] as [StaticString] {
            event(name, into: &output) { event in
                event.key("response")
                event.raw(response)
            }
        }
    }
}

extension OpenAIResponsesStreamEncoder {
    private mutating func encode(_ choice: ChatChunk.Choice, into output: inout [UInt8]) {
        if let text = choice.reasoning, !text.isEmpty {
            openReasoning(isNew: choice.opensPart, into: &output)
            delta(text, "response.reasoning_summary_text.delta", into: &output)
        }
        if let signature = choice.signature {
            openReasoning(isNew: choice.opensPart && (choice.reasoning ?? "").isEmpty, into: &output)
            if let open {
                items[open].sealed = ResponsesSeal.text(signature: signature, origin: choice.origin)
                closeOpen(into: &output)
            }
        }
        if let text = choice.content, !text.isEmpty {
            openContent(.text, isNew: choice.opensPart, into: &output)
            delta(text, "response.output_text.delta", logprobs: choice.extra.logprobs, into: &output)
            learnText()
        }
        if let list = choice.deltaExtra.value("annotations") { annotate(list, into: &output) }
        if let text = choice.refusal, !text.isEmpty {
            openContent(.refusal, isNew: false, into: &output)
            delta(text, "response.refusal.delta", into: &output)
        }
        for call in choice.toolCalls { encode(call, into: &output) }
        for part in choice.parts { encode(part, into: &output) }
        reason = choice.finishReason ?? reason
    }

    /// Begins an item; `nil` where there are too many.
    private mutating func add(_ kind: ResponsesOutputItem.Kind, into output: inout [UInt8]) -> Int? {
        guard items.count < Self.most else { return nil }
        items.append(ResponsesOutputItem(kind, id: "\(kind.prefix)_\(frame.stem)\(items.count)"))
        return items.count - 1
    }

    private mutating func announce(_ place: Int, into output: inout [UInt8]) {
        items[place].hasBegun = true
        let json = items[place].json("in_progress")
        event("response.output_item.added", into: &output) { writer in
            writer.member("output_index", place)
            writer.key("item")
            writer.raw(json)
        }
    }

    private mutating func openReasoning(isNew: Bool, into output: inout [UInt8]) {
        if let open, items[open].kind == .reasoning, !isNew { return }
        closeOpen(into: &output)
        guard let place = add(.reasoning, into: &output) else { return }
        open = place
        announce(place, into: &output)
    }

    private mutating func openContent(
        _ part: ResponsesOutputItem.Part,
        isNew: Bool,
        into output: inout [UInt8]
    ) {
        if let open, items[open].kind == .message {
            if items[open].part == part, !isNew { return }
            closePart(open, into: &output)
        } else {
            closeOpen(into: &output)
            guard let place = add(.message, into: &output) else { return }
            open = place
            announce(place, into: &output)
        }
        guard let open else { return }
        items[open].part = part
        let index = items[open].parts.count
        let json = items[open].partJSON
        itemEvent("response.content_part.added", open, into: &output) { writer in
            writer.member("content_index", index)
            writer.key("part")
            writer.raw(json)
        }
    }

    /// Appends a piece to the open item.
    private mutating func delta(
        _ text: String,
        _ name: StaticString,
        logprobs: JSONText? = nil,
        into output: inout [UInt8]
    ) {
        guard let place = open else { return }
        let isReasoning = items[place].kind == .reasoning
        if isReasoning, items[place].text.isEmpty {
            itemEvent("response.reasoning_summary_part.added", place, into: &output) { writer in
                writer.member("summary_index", 0)
                writer.key("part")
                writer.raw(Array(#"{"type":"summary_text","text":""}"#.utf8))
            }
        }
        var escaped: [UInt8] = []
        JSONString.escape(text.utf8.span, into: &escaped)
        items[place].text.append(contentsOf: escaped)
        if let logprobs { items[place].add(logprobs: logprobs) }
        let index = items[place].parts.count
        let isText = items[place].part == .text
        itemEvent(name, place, into: &output) { writer in
            writer.member(isReasoning ? "summary_index" : "content_index", index)
            writer.key("delta")
            writer.raw([UInt8(ascii: "\"")] + escaped + [UInt8(ascii: "\"")])
            guard isText else { return }
            writer.member("logprobs", JSONText((logprobs ?? JSONText("[]")).oneLine))
        }
    }

    /// What stands behind the text of a piece of text.
    private static let afterText = Array("\",\"logprobs\":[]}\n\n".utf8)

    /// Remembers what stands before the text of the next piece.
    private mutating func learnText() {
        guard aroundText == nil, let open, items[open].part == .text else { return }
        let name = "response.output_text.delta"
        aroundText = (
            Array("event: \(name)\ndata: {\"type\":\"\(name)\",\"sequence_number\":".utf8),
            Array(
                (",\"item_id\":\"\(items[open].id)\",\"output_index\":\(open),"
                    + "\"content_index\":\(items[open].parts.count),\"delta\":\"")
                    .utf8
            )
        )
    }

    /// Adds sources to the open text.
    private mutating func annotate(_ list: JSONText, into output: inout [UInt8]) {
        guard let open, items[open].part == .text, let document = try? JSONDocument(list.bytes) else { return }
        for annotation in document.withView({ $0.elements.map(\.text.oneLine) }) {
            let index = items[open].annotations.count
            items[open].annotations.append(annotation)
            let part = items[open].parts.count
            itemEvent("response.output_text.annotation.added", open, into: &output) { writer in
                writer.member("content_index", part)
                writer.member("annotation_index", index)
                writer.key("annotation")
                writer.raw(annotation)
            }
        }
    }

    private mutating func encode(_ piece: ChatChunk.ToolCallDelta, into output: inout [UInt8]) {
        if calls[piece.index] == nil {
            closeOpen(into: &output)
            guard let place = add(.call, into: &output) else { return }
            calls[piece.index] = place
        }
        guard let place = calls[piece.index], items[place].done == nil else { return }
        items[place].take(piece, tools)
        if !items[place].hasBegun, !items[place].name.isEmpty { announce(place, into: &output) }
        guard items[place].hasBegun else { return }
        sendArguments(place, into: &output)
    }

    /// Sends the arguments that wait; those of a function that stands for free text wait for their end.
    private mutating func sendArguments(_ place: Int, into output: inout [UInt8]) {
        guard !items[place].isWrapped, !items[place].waiting.isEmpty else { return }
        var escaped: [UInt8] = []
        JSONString.escape(items[place].waiting.utf8.span, into: &escaped)
        items[place].waiting = ""
        items[place].text.append(contentsOf: escaped)
        let isCustom = items[place].isCustom
        itemEvent(
            isCustom ? "response.custom_tool_call_input.delta" : "response.function_call_arguments.delta",
            place,
            into: &output
        ) { writer in
            writer.key("delta")
            writer.raw([UInt8(ascii: "\"")] + escaped + [UInt8(ascii: "\"")])
        }
    }

    /// Writes a part that comes whole; nothing for what an answer of this dialect cannot hold.
    private mutating func encode(_ part: ChatPart, into output: inout [UInt8]) {
        switch part {
        case .reasoning(let reasoning):
            openReasoning(isNew: true, into: &output)
            guard let open else { return }
            if !reasoning.text.isEmpty { delta(reasoning.text, "response.reasoning_summary_text.delta", into: &output) }
            items[open].sealed = ResponsesSeal.text(reasoning)
            closeOpen(into: &output)
        case .other(let type, let value) where ResponsesOutputItem.wholeTypes.contains(type):
            closeOpen(into: &output)
            guard let place = add(.whole, into: &output) else { return }
            items[place].text = value.oneLine
            announce(place, into: &output)
            close(place, isCut: false, into: &output)
        default: break
        }
    }

    private mutating func closeOpen(into output: inout [UInt8]) {
        guard let place = open else { return }
        close(place, isCut: false, into: &output)
        open = nil
    }

    private mutating func closePart(_ place: Int, into output: inout [UInt8]) {
        aroundText = nil
        guard let part = items[place].part else { return }
        let index = items[place].parts.count
        let text = items[place].quotedText
        let logprobs = items[place].logprobsJSON
        itemEvent(
            part == .text ? "response.output_text.done" : "response.refusal.done",
            place,
            into: &output
        ) { writer in
            writer.member("content_index", index)
            part == .text ? writer.key("text") : writer.key("refusal")
            writer.raw(text)
            if part == .text { writer.member("logprobs", JSONText(logprobs)) }
        }
        let json = items[place].partJSON
        itemEvent("response.content_part.done", place, into: &output) { writer in
            writer.member("content_index", index)
            writer.key("part")
            writer.raw(json)
        }
        items[place].settle()
    }

    private mutating func close(_ place: Int, isCut: Bool, into output: inout [UInt8]) {
        switch items[place].kind {
        case .message: closePart(place, into: &output)
        case .reasoning where !items[place].text.isEmpty:
            let text = items[place].quotedText
            itemEvent("response.reasoning_summary_text.done", place, into: &output) { writer in
                writer.member("summary_index", 0)
                writer.key("text")
                writer.raw(text)
            }
            let json = items[place].partJSON
            itemEvent("response.reasoning_summary_part.done", place, into: &output) { writer in
                writer.member("summary_index", 0)
                writer.key("part")
                writer.raw(json)
            }
        case .reasoning, .whole: break
        case .call: closeCall(place, isCut: isCut, into: &output)
        }
        items[place].settle()
        let json = items[place].json(isCut ? "incomplete" : "completed")
        items[place].done = json
        event("response.output_item.done", into: &output) { writer in
            writer.member("output_index", place)
            writer.key("item")
            writer.raw(json)
        }
    }

    private mutating func closeCall(_ place: Int, isCut: Bool, into output: inout [UInt8]) {
        if !items[place].hasBegun { announce(place, into: &output) }
        items[place].unwrap()
        // Nothing at all is no JSON, which clients want here.
        if !items[place].isCustom, items[place].text.isEmpty, items[place].waiting.isEmpty, !isCut {
            items[place].waiting = "{}"
        }
        sendArguments(place, into: &output)
        let isCustom = items[place].isCustom
        let text = items[place].quotedText
        let name = items[place].name
        itemEvent(
            isCustom ? "response.custom_tool_call_input.done" : "response.function_call_arguments.done",
            place,
            into: &output
        ) { writer in
            if !isCustom { writer.member("name", name) }
            isCustom ? writer.key("input") : writer.key("arguments")
            writer.raw(text)
        }
    }

    private mutating func itemEvent(
        _ name: StaticString,
        _ place: Int,
        into output: inout [UInt8],
        _ body: (inout JSONWriter) -> Void
    ) {
        let id = items[place].id
        event(name, into: &output) { writer in
            writer.member("item_id", id)
            writer.member("output_index", place)
            body(&writer)
        }
    }

    private mutating func event(
        _ name: StaticString,
        into output: inout [UInt8],
        _ body: (inout JSONWriter) -> Void
    ) {
        output.append(contentsOf: "event: ".utf8)
        name.withUTF8Buffer { unsafe output.append(contentsOf: $0) }
        output.append(contentsOf: "\ndata: ".utf8)
        let number = sequence
        sequence &+= 1
        JSONWriter.append(to: &output) { writer in
            writer.object { writer in
                writer.key("type")
                writer.string(name)
                writer.member("sequence_number", number)
                body(&writer)
            }
        }
        output.append(contentsOf: "\n\n".utf8)
    }
}

extension ChatChunk {
    /// The text of a chunk that carries nothing but a piece of text of the first answer.
    fileprivate var onlyText: String? {
        guard choices.count == 1, usage == nil, error == nil, extra.isEmpty else { return nil }
        let choice = choices[0]
        guard let content = choice.content, !content.isEmpty, choice.index == 0, choice.reasoning == nil,
            choice.refusal == nil, choice.toolCalls.isEmpty, !choice.opensPart, choice.signature == nil,
            choice.parts.isEmpty, choice.finishReason == nil, choice.extra.isEmpty, choice.deltaExtra.isEmpty
        else { return nil }
        return content
    }
}

extension [ExtraMember] {
    /// The log-probabilities of text, of which chat completions and responses write the same list.
    fileprivate var logprobs: JSONText? {
        guard !isEmpty, let value = value("logprobs"), let document = try? JSONDocument(value.bytes) else { return nil }
        return document.withView { view in
            guard let list = view.member("content"), list.kind == .array else { return nil }
            return list.text
        }
    }
}
