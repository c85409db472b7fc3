public import MartletCore
import MartletWire

/// Encodes chunks as a stream of answer lines.
///
/// Sees to what clients of Ollama rely on: every line names model and time, calls of tools come whole, and the reason to
/// stop and the tokens stand in one last line. There is room for one choice, the first.
public struct OllamaStreamEncoder: TimedStreamEncoder {
    /// The most calls that are put together; indices come from outside.
    private static let maxCalls = 1_024

    private var model: String?
    private var created: Int64?
    private var usage: ChatUsage?
    private var finishReason: FinishReason?
    /// Calls whose arguments may not be complete, in the order of their indices.
    private var calls: [(index: Int, call: ChatToolCall)] = []
    /// Unknown members of the chunks that say how it ended.
    private var lastExtra: [ExtraMember] = []
    private var hasEnded = false
    private let form: OllamaAnswerForm
    /// How long the answer took, for the last line; set before ``finish(into:)``.
    public var durations: AnswerDurations?

    /// Makes an encoder for one stream.
    ///
    /// - Parameter caller: What no upstream tells; `nil` tells model and time as the provider does.
    public init(for caller: CallerContext? = nil) { self.init(.chat, caller) }

    init(_ form: OllamaAnswerForm, _ context: CallerContext?) {
        self.form = form
        model = context?.model
        created = context?.created
    }

    /// Appends a chunk's line; what belongs into the last line, and calls that may go on, are kept.
    public mutating func encode(_ chunk: ChatChunk, into output: inout [UInt8]) {
        guard !hasEnded else { return }
        if let error = chunk.error {
            hasEnded = true
            return Self.append(OllamaError.encode(error.message), to: &output)
        }
        model = model ?? chunk.model
        created = created ?? chunk.created
        if let counts = chunk.usage { usage = counts }
        let choice = chunk.choices.first { $0.index == 0 }
        for delta in choice?.toolCalls ?? [] { add(delta) }
        let text = (choice?.content ?? "") + (choice?.refusal ?? "")
        let thinking = choice?.reasoning.flatMap { $0.isEmpty ? nil : $0 }
        let isLast = choice?.finishReason != nil || chunk.usage != nil
        if !text.isEmpty || thinking != nil || !(choice?.extra ?? []).isEmpty || !(choice?.deltaExtra ?? []).isEmpty {
            var line = line()
            (line.content, line.thinking) = (text, thinking)
            (line.choiceExtra, line.messageExtra) = (choice?.extra ?? [], choice?.deltaExtra ?? [])
            if !isLast { line.extra = chunk.extra }
            append(line, to: &output)
        }
        guard isLast else { return }
        for member in chunk.extra where !lastExtra.contains(where: { $0.name == member.name }) {
            lastExtra.append(member)
        }
        if let reason = choice?.finishReason {
            finishReason = reason
            flushCalls(to: &output)
        }
    }

    /// Appends the last line.
    public mutating func finish(into output: inout [UInt8]) {
        guard !hasEnded else { return }
        flushCalls(to: &output)
        hasEnded = true
        var line = line()
        line.finish = finishReason ?? .stop
        line.usage = usage
        line.extra = lastExtra
        line.durations = durations
        append(line, to: &output)
    }

    /// Appends an error line; no last line follows it.
    public mutating func fail(_ error: GatewayError, into output: inout [UInt8]) {
        guard !hasEnded else { return }
        hasEnded = true
        Self.append(OllamaError.encode(error.message), to: &output)
    }

    private func line() -> OllamaAnswerWriter { OllamaAnswerWriter(form: form, model: model, created: created) }

    private mutating func add(_ delta: ChatChunk.ToolCallDelta) {
        guard delta.index >= 0 else { return }
        if let place = calls.firstIndex(where: { $0.index == delta.index }) {
            if let id = delta.id, calls[place].call.id.isEmpty { calls[place].call.id = id }
            if let name = delta.name, calls[place].call.name.isEmpty { calls[place].call.name = name }
            calls[place].call.arguments += delta.arguments ?? ""
        } else if calls.count < Self.maxCalls {
            let call = ChatToolCall(
                id: delta.id ?? "",
                kind: delta.kind ?? .function,
                name: delta.name ?? "",
                arguments: delta.arguments ?? ""
            )
            let place = calls.firstIndex { $0.index > delta.index } ?? calls.count
            calls.insert((delta.index, call), at: place)
        }
    }

    private mutating func flushCalls(to output: inout [UInt8]) {
        // There are no calls in a text.
        guard !calls.isEmpty, form == .chat else { return }
        var line = line()
        line.calls = calls.map(\.call)
        calls = []
        append(line, to: &output)
    }

    private func append(_ line: OllamaAnswerWriter, to output: inout [UInt8]) {
        var writer = JSONWriter(reserving: 192)
        line.write(to: &writer)
        Self.append(writer.bytes, to: &output)
    }

    private static func append(_ line: [UInt8], to output: inout [UInt8]) {
        // Values kept as they came may stand on several lines; between tokens any white space is as good.
        for byte in line { output.append(byte == 0x0A || byte == 0x0D ? 0x20 : byte) }
        output.append(0x0A)
    }
}
