public import MartletCore
import MartletWire

/// Encodes chunks as a stream of frames with Converse's events.
///
/// Blocks never overlap: each begins when something of its kind arrives and ends when something of another kind does.
/// Of calls that are made side by side the later pieces of an earlier one are lost, which nobody sends. The reason to
/// stop and the usage come last.
public struct ConverseStreamEncoder: ChatStreamEncoder {
    private var open: Kind?
    private var index = 0
    private var hasBegun = false
    private var hasEnded = false
    private var usage: ChatUsage?
    private var reason: FinishReason?
    private var vendorReason: String?
    private var stopSequence: String?
    private var callsTools = false
    private var extra: [ExtraMember] = []

    private enum Kind: Equatable {
        case text, reasoning
        case tool(Int)
    }

    /// Makes an encoder for one stream.
    public init() {}

    /// Appends a chunk's frames; of several answers only the first is passed on.
    public mutating func encode(_ chunk: ChatChunk, into output: inout [UInt8]) {
        guard !hasEnded else { return }
        if let error = chunk.error {
            hasEnded = true
            return Self.exception("modelStreamErrorException", error.message, into: &output)
        }
        if let counts = chunk.usage { usage = counts }
        for member in chunk.extra where Self.own.contains(member.name) && extra.value(member.name) == nil {
            extra.append(member)
        }
        for choice in chunk.choices where choice.index == 0 { encode(choice, into: &output) }
    }

    /// Members of the last events that are this dialect's own.
    private static let own: Set<String> = [
        "additionalModelResponseFields", "metrics", "trace", "performanceConfig", "serviceTier",
    ]

    private mutating func encode(_ choice: ChatChunk.Choice, into output: inout [UInt8]) {
        begin(into: &output)
        if let text = choice.reasoning, !text.isEmpty {
            enter(.reasoning, opensPart: choice.opensPart, into: &output)
            reasoning("text", text, into: &output)
        }
        if let signature = choice.signature {
            let opensPart = choice.opensPart && (choice.reasoning ?? "").isEmpty
            enter(.reasoning, opensPart: opensPart, into: &output)
            reasoning("signature", signature, into: &output)
            close(into: &output)
        }
        for text in [choice.content, choice.refusal] {
            guard let text, !text.isEmpty else { continue }
            enter(.text, opensPart: choice.opensPart, into: &output)
            delta(into: &output) { $0.member("text", text) }
        }
        for call in choice.toolCalls { encode(call, into: &output) }
        for part in choice.parts {
            guard case .reasoning(let sealed) = part, let redacted = sealed.redacted else { continue }
            enter(.reasoning, opensPart: true, into: &output)
            reasoning("redactedContent", redacted, into: &output)
            close(into: &output)
        }
        for member in choice.deltaExtra where member.name == "citation" && open == .text {
            delta(into: &output) { $0.member("citation", member.value) }
        }
        if let reason = choice.finishReason { self.reason = reason }
        if let word = choice.vendorReason { vendorReason = word }
        if let text = choice.stopSequence { stopSequence = text }
    }

    private mutating func encode(_ call: ChatChunk.ToolCallDelta, into output: inout [UInt8]) {
        if open != .tool(call.index) {
            guard let name = call.name, !name.isEmpty else { return }
            close(into: &output)
            open = .tool(call.index)
            callsTools = true
            event("contentBlockStart", into: &output) { [index] writer in
                writer.member("contentBlockIndex", index)
                writer.key("start")
                writer.converse("toolUse") { writer in
                    writer.member("toolUseId", call.id ?? "")
                    writer.member("name", name)
                }
            }
        }
        guard let text = call.arguments, !text.isEmpty else { return }
        delta(into: &output) { writer in
            writer.key("toolUse")
            writer.object { $0.member("input", text) }
        }
    }

    /// Appends the end of the last block, the reason to stop and the usage.
    public mutating func finish(into output: inout [UInt8]) {
        guard !hasEnded else { return }
        begin(into: &output)
        close(into: &output)
        hasEnded = true
        let name = ConverseStopReason.encode(reason ?? .stop, word: vendorReason, callsTools: callsTools)
        let fields = extra.value("additionalModelResponseFields") ?? ConverseStopText.fields(stopSequence)
        event("messageStop", into: &output) { writer in
            writer.member("stopReason", name)
            writer.member("additionalModelResponseFields", fields)
        }
        let rest = extra.without("additionalModelResponseFields")
        event("metadata", into: &output) { writer in
            writer.key("usage")
            (usage ?? ChatUsage(Usage(inputTokens: 0, outputTokens: 0))).writeConverse(to: &writer)
            writer.members(rest)
            guard rest.value("metrics") == nil else { return }
            writer.key("metrics")
            writer.object { $0.member("latencyMs", 0) }
        }
    }

    /// Appends an exception; nothing follows it.
    public mutating func fail(_ error: GatewayError, into output: inout [UInt8]) {
        guard !hasEnded else { return }
        hasEnded = true
        Self.exception("modelStreamErrorException", error.message, into: &output)
    }

    private static func exception(_ name: String, _ message: String, into output: inout [UInt8]) {
        AWSEventMessage(exception: name, payload: BedrockError.encode(message)).append(to: &output)
    }

    private mutating func begin(into output: inout [UInt8]) {
        guard !hasBegun else { return }
        hasBegun = true
        event("messageStart", into: &output) { $0.member("role", "assistant") }
    }

    private mutating func enter(_ kind: Kind, opensPart: Bool, into output: inout [UInt8]) {
        if open == kind, !opensPart { return }
        close(into: &output)
        open = kind
    }

    private mutating func close(into output: inout [UInt8]) {
        guard open != nil else { return }
        open = nil
        event("contentBlockStop", into: &output) { [index] in $0.member("contentBlockIndex", index) }
        index += 1
    }

    private func reasoning(_ name: StaticString, _ text: String, into output: inout [UInt8]) {
        delta(into: &output) { writer in
            writer.key("reasoningContent")
            writer.object { $0.member(name, text) }
        }
    }

    private func delta(into output: inout [UInt8], _ body: (inout JSONWriter) -> Void) {
        event("contentBlockDelta", into: &output) { writer in
            writer.member("contentBlockIndex", index)
            writer.key("delta")
            writer.object(body)
        }
    }

    private func event(_ type: String, into output: inout [UInt8], _ body: (inout JSONWriter) -> Void) {
        var writer = JSONWriter(reserving: 96)
        writer.object(body)
        AWSEventMessage(event: type, payload: writer.bytes).append(to: &output)
    }
}
