public import MartletCore
import MartletWire

/// Encodes chunks as a stream of message events.
///
/// Blocks never overlap here, whatever the order of the chunks: each begins when something of its kind arrives and ends
/// when something of another kind does. Of calls that are made side by side one is passed on as it comes, and the others
/// wait until it is complete. The reason to stop and the usage stand in one event at the end.
public struct AnthropicMessagesStreamEncoder: ChatStreamEncoder {
    private var open: Kind?
    private var nextIndex = 0
    private var hasBegun = false
    private var hasEnded = false
    private var isBroken = false
    private var id: String?
    private var model: String?
    private var usage: ChatUsage?
    private var reason: FinishReason?
    private var vendorReason: String?
    private var stopSequence: String?
    private var refusal: String?
    private var endExtra: [ExtraMember] = []
    private var calls: [Call] = []
    private var names = AnthropicNames()
    private let caller: CallerContext?
    /// Bytes of text, thinking and arguments, for an estimate where nobody tells the usage.
    private var outputBytes = 0
    private var hasText = false

    private enum Kind: Equatable {
        case text, thinking
        case tool(Int)
    }

    private struct Call {
        var index: Int
        var id: String
        var name: String
        /// Arguments that wait for the call before.
        var arguments = ""
        var hasBegun = false
        var hasEnded = false
    }

    /// The most calls of one answer.
    private static let mostCalls = 1_024

    /// Makes an encoder for one stream.
    ///
    /// - Parameter caller: Whom it is for: other vendors' answers get ids of this dialect, and the input's tokens are
    ///   told by estimate until they are known.
    public init(context caller: CallerContext? = nil) { self.caller = caller }

    /// Appends a chunk's bytes; of several answers only the first is passed on.
    public mutating func encode(_ chunk: ChatChunk, into output: inout [UInt8]) {
        guard !hasEnded else { return }
        id = id ?? chunk.id
        model = model ?? chunk.model
        if let counts = chunk.usage { usage = counts }
        if let error = chunk.error {
            hasEnded = true
            let body = AnthropicMessagesError.encode(error, status: 500, requestID: caller?.requestID)
            return SSEWriter.appendEvent(name: Array("error".utf8), data: body, to: &output)
        }
        begin(into: &output)
        for choice in chunk.choices where choice.index == 0 { encode(choice, into: &output) }
        for member in chunk.extra where member.name == "container" { endExtra.append(member) }
    }

    /// Appends the end of the last block, the reason to stop with the usage, and `message_stop`.
    ///
    /// A call whose pieces came after it had to be ended makes it an error instead.
    public mutating func finish(into output: inout [UInt8]) {
        guard !hasEnded else { return }
        begin(into: &output)
        // Told in the details too, but few clients look there, and an empty turn cannot be sent back.
        if let refusal, !hasText, endExtra.value("stop_details") == nil {
            closeAll(into: &output)
            begin(.text, opensPart: true, into: &output)
            delta("text_delta", "text", refusal, into: &output)
        }
        closeAll(into: &output)
        if isBroken {
            return fail(GatewayError(.streamInterrupted, "The upstream mixed its calls of tools."), into: &output)
        }
        hasEnded = true
        let name = AnthropicStopReason.encode(
            reason ?? .stop,
            word: vendorReason,
            callsTools: !calls.isEmpty,
            refuses: refusal != nil
        )
        event("message_delta", into: &output) { writer in
            writer.key("delta")
            writer.object { writer in
                writer.member("stop_reason", name)
                writer.key("stop_sequence")
                if let stopSequence { writer.string(stopSequence) } else { writer.null() }
                writer.member("stop_details", AnthropicStopReason.details(endExtra, refusal: refusal))
                writer.member("container", endExtra.value("container"))
            }
            writer.key("usage")
            (usage ?? estimate).writeAnthropic(to: &writer)
        }
        event("message_stop", into: &output) { _ in }
    }

    /// Takes the open block for ended, because its end was written by somebody else.
    public mutating func leaveBlock() {
        var unread: [UInt8] = []
        closeAll(into: &unread)
    }

    /// Appends an error event; nothing follows it.
    public mutating func fail(_ error: GatewayError, into output: inout [UInt8]) {
        guard !hasEnded else { return }
        hasEnded = true
        let body = AnthropicMessagesError.encode(error, requestID: caller?.requestID)
        SSEWriter.appendEvent(name: Array("error".utf8), data: body, to: &output)
    }

    /// The bytes of an event that says nothing, which may stand anywhere between events to hold a stream open.
    public static let pingEvent = Array("event: ping\ndata: {\"type\":\"ping\"}\n\n".utf8)

    /// What is known of the usage without being told.
    private var estimate: ChatUsage {
        let input = caller?.estimatedInputTokens ?? 0
        return ChatUsage(Usage(inputTokens: input, outputTokens: Usage.estimatedTokens(textBytes: outputBytes)))
    }

    private mutating func begin(into output: inout [UInt8]) {
        guard !hasBegun else { return }
        hasBegun = true
        let counts = usage ?? estimate
        event("message_start", into: &output) { writer in
            writer.key("message")
            writer.object { writer in
                writer.member("id", AnthropicAnswerID.message(id, caller))
                writer.member("type", "message")
                writer.member("role", "assistant")
                writer.member("model", model ?? caller?.model ?? "")
                writer.key("content")
                writer.array { _ in }
                writer.key("stop_reason")
                writer.null()
                writer.key("stop_sequence")
                writer.null()
                writer.key("usage")
                counts.writeAnthropic(to: &writer)
            }
        }
    }

    private mutating func encode(_ choice: ChatChunk.Choice, into output: inout [UInt8]) {
        outputBytes &+= choice.outputBytes
        if let text = choice.reasoning, !text.isEmpty {
            begin(.thinking, opensPart: choice.opensPart, into: &output)
            delta("thinking_delta", "thinking", text, into: &output)
        }
        if let signature = choice.signature {
            begin(.thinking, opensPart: choice.opensPart && (choice.reasoning ?? "").isEmpty, into: &output)
            delta("signature_delta", "signature", signature, into: &output)
            closeAll(into: &output)
        }
        if let text = choice.content, !text.isEmpty {
            begin(.text, opensPart: choice.opensPart, into: &output)
            delta("text_delta", "text", text, into: &output)
            hasText = true
        }
        for member in choice.deltaExtra where member.name == "citation" && open == .text {
            event("content_block_delta", into: &output) { writer in
                writer.member("index", nextIndex - 1)
                writer.key("delta")
                writer.object { writer in
                    writer.member("type", "citations_delta")
                    writer.member("citation", member.value)
                }
            }
        }
        if let text = choice.refusal { refusal = (refusal ?? "") + text }
        for call in choice.toolCalls { encode(call, into: &output) }
        for part in choice.parts { encode(part, into: &output) }
        reason = choice.finishReason ?? reason
        vendorReason = choice.vendorReason ?? vendorReason
        stopSequence = choice.stopSequence ?? stopSequence
        for member in choice.extra where member.name == "stop_details" { endExtra.append(member) }
    }

    private mutating func encode(_ piece: ChatChunk.ToolCallDelta, into output: inout [UInt8]) {
        guard let place = calls.firstIndex(where: { $0.index == piece.index }) else {
            guard calls.count < Self.mostCalls else { return }
            var call = Call(index: piece.index, id: piece.id ?? "", name: piece.name ?? "")
            call.arguments = piece.arguments ?? ""
            calls.append(call)
            if case .tool? = open { return }
            return beginCall(calls.count - 1, into: &output)
        }
        guard let text = piece.arguments, !text.isEmpty else { return }
        if calls[place].hasEnded {
            isBroken = true
        } else if calls[place].hasBegun {
            delta("input_json_delta", "partial_json", text, into: &output)
        } else {
            calls[place].arguments += text
        }
    }

    private mutating func beginCall(_ place: Int, into output: inout [UInt8]) {
        closeBlock(into: &output)
        calls[place].hasBegun = true
        let call = calls[place]
        let id = AnthropicAnswerID.call(call.id, place: place, caller, &names)
        start(.tool(place), into: &output) { writer in
            writer.member("type", "tool_use")
            writer.member("id", id)
            writer.member("name", call.name)
            writer.key("input")
            writer.object { _ in }
        }
        if !call.arguments.isEmpty { delta("input_json_delta", "partial_json", call.arguments, into: &output) }
    }

    /// Writes a part that comes whole; nothing for what an answer of this dialect cannot hold.
    private mutating func encode(_ part: ChatPart, into output: inout [UInt8]) {
        var writer = JSONWriter()
        switch part {
        case .reasoning(let reasoning): reasoning.writeAnthropic(to: &writer)
        case .other(let type, let value) where !type.isEmpty: writer.raw(value.bytes)
        default: return
        }
        closeAll(into: &output)
        event("content_block_start", into: &output) { event in
            event.member("index", nextIndex)
            event.key("content_block")
            event.raw(writer.bytes)
        }
        nextIndex += 1
        event("content_block_stop", into: &output) { $0.member("index", nextIndex - 1) }
    }

    /// Makes sure that a block of a kind is open.
    private mutating func begin(_ kind: Kind, opensPart: Bool, into output: inout [UInt8]) {
        if open == kind, !opensPart { return }
        closeAll(into: &output)
        start(kind, into: &output) { writer in
            if kind == .text {
                writer.member("type", "text")
                writer.member("text", "")
            } else {
                writer.member("type", "thinking")
                writer.member("thinking", "")
                writer.member("signature", "")
            }
        }
    }

    private mutating func start(_ kind: Kind, into output: inout [UInt8], _ body: (inout JSONWriter) -> Void) {
        open = kind
        event("content_block_start", into: &output) { writer in
            writer.member("index", nextIndex)
            writer.key("content_block")
            writer.object { body(&$0) }
        }
        nextIndex += 1
    }

    /// Ends the open block and writes the calls that waited for it.
    private mutating func closeAll(into output: inout [UInt8]) {
        closeBlock(into: &output)
        for place in calls.indices where !calls[place].hasBegun {
            beginCall(place, into: &output)
            closeBlock(into: &output)
        }
    }

    private mutating func closeBlock(into output: inout [UInt8]) {
        guard let kind = open else { return }
        if case .tool(let place) = kind { calls[place].hasEnded = true }
        open = nil
        event("content_block_stop", into: &output) { $0.member("index", nextIndex - 1) }
    }

    private func delta(_ type: String, _ name: StaticString, _ text: String, into output: inout [UInt8]) {
        event("content_block_delta", into: &output) { writer in
            writer.member("index", nextIndex - 1)
            writer.key("delta")
            writer.object { writer in
                writer.member("type", type)
                writer.member(name, text)
            }
        }
    }

    private func event(_ type: String, into output: inout [UInt8], _ body: (inout JSONWriter) -> Void) {
        output.append(contentsOf: "event: ".utf8)
        output.append(contentsOf: type.utf8)
        output.append(contentsOf: "\ndata: ".utf8)
        JSONWriter.append(to: &output) { writer in
            writer.object { writer in
                writer.member("type", type)
                body(&writer)
            }
        }
        output.append(contentsOf: "\n\n".utf8)
    }
}
