import MartletCore
import MartletWire

/// What a decoder knows of a stream of response events.
struct ResponsesStreamState: Sendable {
    /// Whether the last event was seen.
    var isDone = false
    /// The response object of the last event, where it is kept.
    private(set) var finalResponse: [UInt8]?
    /// The number of the event that would come next; 0 where the upstream does not count.
    private(set) var nextSequence: Int64 = 0
    private let origin: String?
    private let keepsResponse: Bool
    private(set) var id: String?
    private(set) var created: Int64?
    private var model: String?
    private var hasBegun = false
    private var items: [Int64: Item] = [:]
    private var callCount = 0
    /// Whether text or reasoning came before, so that the next of it is a part of its own.
    private var hasText = false
    private var hasReasoning = false

    private struct Item {
        var kind = Kind.other
        /// Which call of the answer it is.
        var call = 0
        /// Whether a call was passed on.
        var isSent = false
        /// UTF-8 bytes of arguments that were passed on.
        var sentArguments = 0
        /// The contents of which text was passed on.
        var seenContents: Set<Int64> = []
        var reasoningKind: String?
        var summary: Int64 = 0
        var isDone = false
    }

    private enum Kind { case message, reasoning, call, other }

    /// The most items that are followed; indices come from outside.
    private static let most = 4_096

    init(origin: String?, keepsResponse: Bool) {
        self.origin = origin
        self.keepsResponse = keepsResponse
    }

    mutating func read(_ view: JSONView, into chunks: inout [ChatChunk]) {
        guard let type = view.member("type"), type.kind == .string else {
            // Servers that fail early send their error without a type.
            if let failure = UpstreamFailure(responsesAnswer: view) { fail(failure, into: &chunks) }
            return
        }
        let isFailure = type.equalsString("response.failed") || type.equalsString("error")
        if !isFailure, let number = view.member("sequence_number")?.int64(), number >= 0, number < Int64.max {
            nextSequence = number + 1
        }
        if type.equalsString("response.output_text.delta") {
            readText(view, "delta", isWhole: false, into: &chunks)
        } else if type.equalsString("response.function_call_arguments.delta")
            || type.equalsString("response.custom_tool_call_input.delta")
        {
            readArguments(view, "delta", isWhole: false, into: &chunks)
        } else if type.equalsString("response.reasoning_summary_text.delta") {
            readReasoning(view, kind: "summary", "delta", into: &chunks)
        } else if type.equalsString("response.reasoning_text.delta") {
            readReasoning(view, kind: "text", "delta", into: &chunks)
        } else if type.equalsString("response.output_text.done") {
            readText(view, "text", isWhole: true, into: &chunks)
        } else if type.equalsString("response.refusal.delta") {
            readRefusal(view, "delta", isWhole: false, into: &chunks)
        } else if type.equalsString("response.refusal.done") {
            readRefusal(view, "refusal", isWhole: true, into: &chunks)
        } else if type.equalsString("response.function_call_arguments.done") {
            readArguments(view, "arguments", isWhole: true, into: &chunks)
        } else if type.equalsString("response.custom_tool_call_input.done") {
            readArguments(view, "input", isWhole: true, into: &chunks)
        } else if type.equalsString("response.output_item.added") {
            readItem(view, isDone: false, into: &chunks)
        } else if type.equalsString("response.output_item.done") {
            readItem(view, isDone: true, into: &chunks)
        } else if type.equalsString("response.output_text.annotation.added") {
            readAnnotation(view, into: &chunks)
        } else if type.equalsString("response.completed") || type.equalsString("response.incomplete") {
            readEnd(view, into: &chunks)
        } else if type.equalsString("response.failed") {
            let failure = view.member("response").flatMap { UpstreamFailure(responsesAnswer: $0) }
            fail(failure ?? UpstreamFailure(message: ""), into: &chunks)
            let usage = view.member("response")?.member("usage")
            chunks[chunks.count - 1].usage = usage.flatMap { ChatUsage.responses($0) }
        } else if type.equalsString("error") {
            var failure = UpstreamFailure(anyShape: view)
            if failure.type == "error" { failure.type = nil }
            fail(failure, into: &chunks)
        } else if type.equalsString("response.created") || type.equalsString("response.in_progress") {
            begin(view.member("response"), into: &chunks)
        }
    }

    private mutating func fail(_ failure: UpstreamFailure, into chunks: inout [ChatChunk]) {
        chunks.append(ChatChunk(id: id, created: created, model: model, error: failure))
    }

    private mutating func begin(_ response: JSONView?, into chunks: inout [ChatChunk]) {
        guard !hasBegun, let response, response.kind == .object else { return }
        hasBegun = true
        id = response.member("id")?.string()
        created = response.member("created_at")?.double().flatMap { Int64(exactly: $0.rounded(.down)) }
        model = response.member("model")?.string()
        chunks.append(chunk(ChatChunk.Choice(role: .assistant)))
    }

    /// The item an event is about; `nil` where there are too many.
    private func place(_ view: JSONView) -> Int64? {
        let index = view.member("output_index")?.int64() ?? 0
        return items[index] != nil || items.count < Self.most ? index : nil
    }

    private mutating func readText(
        _ view: JSONView,
        _ name: StaticString,
        isWhole: Bool,
        into chunks: inout [ChatChunk]
    ) {
        guard let index = place(view), let text = view.member(name)?.string(), !text.isEmpty else { return }
        let content = view.member("content_index")?.int64() ?? 0
        let isFirst = items[index, default: Item()].seenContents.insert(content).inserted
        if isWhole, !isFirst { return }
        var choice = ChatChunk.Choice(content: text)
        choice.opensPart = isFirst && hasText
        hasText = true
        if let list = view.member("logprobs"), list.kind == .array, list.elements.contains(where: { _ in true }) {
            choice.extra = [Self.logprobs(list)]
        }
        chunks.append(chunk(choice))
    }

    private static func logprobs(_ list: JSONView) -> ExtraMember {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("content")
            writer.raw(list)
        }
        return ExtraMember(name: "logprobs", value: JSONText(writer.bytes))
    }

    private mutating func readAnnotation(_ view: JSONView, into chunks: inout [ChatChunk]) {
        guard let annotation = view.member("annotation"), annotation.kind == .object else { return }
        var writer = JSONWriter()
        writer.array { $0.raw(annotation) }
        var choice = ChatChunk.Choice()
        choice.deltaExtra = [ExtraMember(name: "annotations", value: JSONText(writer.bytes))]
        chunks.append(chunk(choice))
    }

    private mutating func readRefusal(
        _ view: JSONView,
        _ name: StaticString,
        isWhole: Bool,
        into chunks: inout [ChatChunk]
    ) {
        guard let index = place(view), let text = view.member(name)?.string(), !text.isEmpty else { return }
        let content = view.member("content_index")?.int64() ?? 0
        let isFirst = items[index, default: Item()].seenContents.insert(content).inserted
        if isWhole, !isFirst { return }
        var choice = ChatChunk.Choice()
        choice.refusal = text
        chunks.append(chunk(choice))
    }

    /// Passes reasoning on; of a summary and the text itself what came first.
    private mutating func readReasoning(
        _ view: JSONView,
        kind: String,
        _ name: StaticString,
        into chunks: inout [ChatChunk]
    ) {
        guard let index = place(view), var text = view.member(name)?.string(), !text.isEmpty else { return }
        var item = items[index] ?? Item(kind: .reasoning)
        let isFirst = item.reasoningKind == nil
        guard item.reasoningKind ?? kind == kind else { return }
        item.reasoningKind = kind
        let part = view.member("summary_index")?.int64() ?? 0
        if !isFirst, kind == "summary", part != item.summary { text = "\n\n" + text }
        item.summary = part
        items[index] = item
        var choice = ChatChunk.Choice(reasoning: text)
        choice.opensPart = isFirst && hasReasoning
        hasReasoning = true
        chunks.append(chunk(choice))
    }

    private mutating func readArguments(
        _ view: JSONView,
        _ name: StaticString,
        isWhole: Bool,
        into chunks: inout [ChatChunk]
    ) {
        guard let index = place(view), var text = view.member(name)?.string(), var item = items[index],
            item.kind == .call, item.isSent
        else { return }
        if isWhole { text = Self.rest(of: text, behind: item.sentArguments) }
        guard !text.isEmpty else { return }
        item.sentArguments += text.utf8.count
        items[index] = item
        var choice = ChatChunk.Choice()
        choice.toolCalls = [ChatChunk.ToolCallDelta(index: item.call, arguments: text)]
        chunks.append(chunk(choice))
    }

    /// What of a text was not passed on yet.
    private static func rest(of text: String, behind count: Int) -> String {
        guard count < text.utf8.count else { return "" }
        return String(decoding: text.utf8.dropFirst(count), as: UTF8.self)
    }

    private mutating func readItem(_ view: JSONView, isDone: Bool, into chunks: inout [ChatChunk]) {
        guard let index = place(view), let content = view.member("item") else { return }
        read(item: content, at: index, isDone: isDone, into: &chunks)
    }

    private mutating func read(item view: JSONView, at index: Int64, isDone: Bool, into chunks: inout [ChatChunk]) {
        guard let type = view.member("type")?.string(), items[index]?.isDone != true else { return }
        switch type {
        case "message":
            items[index, default: Item()].kind = .message
            if isDone { readContents(view, at: index, into: &chunks) }
        case "function_call", "custom_tool_call": readCall(view, type, at: index, isDone: isDone, into: &chunks)
        case "reasoning":
            items[index, default: Item()].kind = .reasoning
            if isDone { readReasoning(item: view, at: index, into: &chunks) }
        default:
            guard isDone else { break }
            var choice = ChatChunk.Choice()
            choice.parts = [.other(type: type, value: view.text)]
            chunks.append(chunk(choice))
        }
        if isDone { items[index, default: Item()].isDone = true }
    }

    /// Passes on the contents of a message of which no pieces were seen.
    private mutating func readContents(_ view: JSONView, at index: Int64, into chunks: inout [ChatChunk]) {
        guard let list = view.member("content"), list.kind == .array else { return }
        for (position, part) in list.elements.enumerated() {
            guard items[index, default: Item()].seenContents.insert(Int64(position)).inserted else { continue }
            var choice = ChatChunk.Choice()
            choice.content = part.member("text")?.string().flatMap { $0.isEmpty ? nil : $0 }
            choice.refusal = part.member("refusal")?.string().flatMap { $0.isEmpty ? nil : $0 }
            if choice.content != nil {
                choice.opensPart = hasText
                hasText = true
            }
            if choice.bearsContent { chunks.append(chunk(choice)) }
        }
    }

    private mutating func readReasoning(item view: JSONView, at index: Int64, into chunks: inout [ChatChunk]) {
        guard var reader = try? JSONObjectReader(view),
            var reasoning = try? ChatReasoning(item: &reader, origin: origin)
        else { return }
        // What was sealed elsewhere came as text, signature or data alone.
        reasoning.extra = []
        var choice = ChatChunk.Choice()
        if items[index]?.reasoningKind == nil {
            if !reasoning.text.isEmpty { choice.reasoning = reasoning.text }
            choice.opensPart = hasReasoning
            hasReasoning = hasReasoning || reasoning.isSealed || choice.reasoning != nil
        }
        (choice.signature, choice.origin) = (reasoning.signature, reasoning.origin)
        if reasoning.redacted != nil { choice.parts = [.reasoning(reasoning)] }
        if choice.bearsContent { chunks.append(chunk(choice)) }
    }

    private mutating func readCall(
        _ view: JSONView,
        _ type: String,
        at index: Int64,
        isDone: Bool,
        into chunks: inout [ChatChunk]
    ) {
        guard var reader = try? JSONObjectReader(view), let call = try? ChatToolCall(item: &reader, type: type) else {
            return
        }
        var item = items[index] ?? Item()
        var delta: ChatChunk.ToolCallDelta
        if item.isSent {
            let rest = isDone ? Self.rest(of: call.arguments, behind: item.sentArguments) : ""
            guard !rest.isEmpty else { return }
            delta = ChatChunk.ToolCallDelta(index: item.call, arguments: rest)
            item.sentArguments += rest.utf8.count
        } else {
            (item.kind, item.isSent, item.call) = (.call, true, callCount)
            callCount += 1
            delta = ChatChunk.ToolCallDelta(
                index: item.call,
                id: call.id,
                kind: call.kind,
                name: call.name,
                arguments: call.arguments
            )
            item.sentArguments = call.arguments.utf8.count
            delta.extra = call.extra.filter { $0.name == "namespace" }
        }
        items[index] = item
        var choice = ChatChunk.Choice()
        choice.toolCalls = [delta]
        chunks.append(chunk(choice))
    }

    private mutating func readEnd(_ view: JSONView, into chunks: inout [ChatChunk]) {
        isDone = true
        guard let response = view.member("response"), response.kind == .object else {
            chunks.append(chunk(ChatChunk.Choice(finishReason: callCount > 0 ? .toolCalls : .stop)))
            return
        }
        if keepsResponse { finalResponse = response.rawBytes }
        begin(response, into: &chunks)
        if let output = response.member("output"), output.kind == .array {
            for (position, item) in output.elements.enumerated() where position < Self.most {
                read(item: item, at: Int64(position), isDone: true, into: &chunks)
            }
        }
        var choice = ChatChunk.Choice()
        (choice.finishReason, choice.vendorReason) = FinishReason.responses(response, callsTools: callCount > 0)
        choice.finishReason = choice.finishReason ?? (callCount > 0 ? .toolCalls : .stop)
        var chunk = chunk(choice)
        chunk.usage = response.member("usage").flatMap { ChatUsage.responses($0) }
        if let tier = response.member("service_tier"), tier.kind == .string {
            chunk.extra = [ExtraMember(name: "service_tier", value: tier.text)]
        }
        chunks.append(chunk)
    }

    private func chunk(_ choice: ChatChunk.Choice) -> ChatChunk {
        ChatChunk(id: id, created: created, model: model, choices: [choice])
    }
}
