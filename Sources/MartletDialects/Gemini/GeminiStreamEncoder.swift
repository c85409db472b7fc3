public import MartletCore
import MartletWire

/// Encodes chunks as a stream of `GenerateContentResponse` events.
///
/// Calls of tools are put together and come whole; the reason to stop stands in one last event with the usage. Nothing
/// marks the end.
public struct GeminiStreamEncoder: ChatStreamEncoder {
    /// The most calls of one answer that are put together; indices come from outside.
    private static let mostCalls = 1_024
    private static let mostChoices = 64

    private var id: String?
    private var model: String?
    private var usage: ChatUsage?
    private var hasEnded = false
    private var states: [Int: State] = [:]
    private var lastExtra: [ExtraMember] = []

    private struct State {
        var writer = GeminiPartWriter()
        var calls: [(index: Int, call: ChatToolCall)] = []
        var finish: FinishReason?
        var vendor: String?
        var extra: [ExtraMember] = []
    }

    /// Makes an encoder for one stream.
    public init() {}

    /// Appends a chunk's event; what belongs into the last one, and calls that may go on, are kept.
    public mutating func encode(_ chunk: ChatChunk, into output: inout [UInt8]) {
        guard !hasEnded else { return }
        id = id ?? chunk.id
        model = model ?? chunk.model
        if let counts = chunk.usage { usage = counts }
        if let error = chunk.error {
            hasEnded = true
            return Self.append(GeminiError.encode(error, status: 500), to: &output)
        }
        for member in chunk.extra where !lastExtra.contains(where: { $0.name == member.name }) {
            lastExtra.append(member)
        }
        var candidates: [GeminiCandidateWriter] = []
        for choice in chunk.choices {
            guard states[choice.index] != nil || states.count < Self.mostChoices else { continue }
            if let candidate = encode(choice) { candidates.append(candidate) }
        }
        if !candidates.isEmpty { append(candidates, usage: nil, extra: [], to: &output) }
    }

    /// Appends the last event.
    public mutating func finish(into output: inout [UInt8]) {
        guard !hasEnded else { return }
        hasEnded = true
        var candidates: [GeminiCandidateWriter] = []
        for (index, state) in states.sorted(by: { $0.key < $1.key }) {
            var state = state
            Self.flush(&state)
            state.writer.flush()
            var candidate = GeminiCandidateWriter(index: index, parts: state.writer.parts)
            candidate.finish = GeminiFinish.encode(state.finish ?? .stop, vendor: state.vendor)
            candidate.extra = state.extra
            candidates.append(candidate)
        }
        if lastExtra.value("promptFeedback") != nil, candidates.allSatisfy({ $0.parts.isEmpty }) { candidates = [] }
        append(candidates, usage: usage, extra: lastExtra, to: &output)
    }

    /// Appends an error event; nothing follows it.
    public mutating func fail(_ error: GatewayError, into output: inout [UInt8]) {
        guard !hasEnded else { return }
        hasEnded = true
        Self.append(GeminiError.encode(error), to: &output)
    }

    /// What of a choice can go out at once.
    private mutating func encode(_ choice: ChatChunk.Choice) -> GeminiCandidateWriter? {
        var state = states[choice.index] ?? State()
        let unmark = { (reasoning: ChatReasoning) in
            reasoning.signature.flatMap(GeminiSignature.unmarked)
        }
        let saysMore =
            !(choice.content ?? "").isEmpty || !(choice.reasoning ?? "").isEmpty || choice.signature != nil
            || !choice.parts.isEmpty
        if saysMore { Self.flush(&state) }
        if let text = choice.reasoning, !text.isEmpty {
            state.writer.append(
                .reasoning(ChatReasoning(text, signature: choice.signature, origin: choice.origin)),
                signature: unmark
            )
        } else if choice.signature != nil {
            state.writer.append(.reasoning(ChatReasoning("", signature: choice.signature)), signature: unmark)
        }
        for text in [choice.content, choice.refusal] {
            if let text, !text.isEmpty { state.writer.append(.text(ChatText(text)), signature: unmark) }
        }
        for delta in choice.toolCalls { Self.add(delta, to: &state) }
        for part in choice.parts { state.writer.append(part, signature: unmark) }
        for member in choice.extra where !member.isNull {
            guard !state.extra.contains(where: { $0.name == member.name }) else { continue }
            state.extra.append(member)
        }
        state.finish = choice.finishReason ?? state.finish
        state.vendor = choice.vendorReason ?? state.vendor
        if choice.finishReason != nil { Self.flush(&state) }
        let parts = state.writer.takeParts()
        states[choice.index] = state
        return parts.isEmpty ? nil : GeminiCandidateWriter(index: choice.index, parts: parts)
    }

    private static func add(_ delta: ChatChunk.ToolCallDelta, to state: inout State) {
        guard delta.index >= 0 else { return }
        if let place = state.calls.firstIndex(where: { $0.index == delta.index }) {
            if let id = delta.id, state.calls[place].call.id.isEmpty { state.calls[place].call.id = id }
            if let name = delta.name, state.calls[place].call.name.isEmpty { state.calls[place].call.name = name }
            state.calls[place].call.arguments += delta.arguments ?? ""
        } else if state.calls.count < mostCalls {
            var call = ChatToolCall(
                id: delta.id ?? "",
                kind: delta.kind ?? .function,
                name: delta.name ?? "",
                arguments: delta.arguments ?? ""
            )
            call.extra = delta.extra.filter { $0.name == "extra_content" }
            state.calls.append((delta.index, call))
        }
    }

    private static func flush(_ state: inout State) {
        for call in state.calls { state.writer.append(.toolCall(call.call)) { _ in nil } }
        state.calls = []
    }

    private mutating func append(
        _ candidates: [GeminiCandidateWriter],
        usage: ChatUsage?,
        extra: [ExtraMember],
        to output: inout [UInt8]
    ) {
        var writer = JSONWriter(reserving: 192)
        writer.object { writer in
            writer.gemini(candidates: candidates, usage: usage, model: model, id: id, extra: extra)
        }
        Self.append(writer.bytes, to: &output)
    }

    private static func append(_ event: [UInt8], to output: inout [UInt8]) {
        output.append(contentsOf: "data: ".utf8)
        // Values kept as they came may stand on several lines; between tokens any white space is as good.
        for byte in event { output.append(byte == 0x0A || byte == 0x0D ? 0x20 : byte) }
        output.append(contentsOf: "\r\n\r\n".utf8)
    }
}
