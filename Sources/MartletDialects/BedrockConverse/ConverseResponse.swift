import MartletCore
import MartletWire

extension ChatResponse {
    /// Decodes an answer; what is not understood is kept as it came.
    init(converse reader: consuming JSONObjectReader, origin: String?) {
        let message = reader.peek("output")?.member("message")
        var parts: [ChatPart] = []
        if let content = message?.member("content") {
            for element in content.elements {
                parts.append(
                    (try? ChatPart(converse: element, origin: origin)) ?? .other(type: "", value: element.text)
                )
            }
        }
        _ = reader.take("output")
        let role = ChatRole(name: message?.member("role")?.string() ?? "assistant")
        var choice = Choice(index: 0, message: ChatMessage(role: role, parts: parts), finishReason: nil)
        if let name = reader.lenientString("stopReason") {
            (choice.finishReason, choice.vendorReason) = ConverseStopReason.decode(name)
        }
        // Some models call tools and say that they are done.
        if choice.finishReason == .stop, choice.vendorReason == nil, !choice.message.toolCalls.isEmpty {
            choice.finishReason = .toolCalls
        }
        choice.stopSequence = ConverseStopText.text(reader.peek("additionalModelResponseFields"))
        // Counts that are not to be believed are not kept beside those that are written.
        let usage = reader.take("usage").flatMap { ChatUsage.converse($0) }
        self.init(choices: [choice], usage: usage)
        dialect = .bedrockConverse
        extra = reader.extra
    }

    /// Encodes the answer.
    func converseBody() -> [UInt8] {
        let choice = choices.first
        let isOwn = dialect == .bedrockConverse
        var writer = JSONWriter(reserving: 512)
        writer.object { writer in
            writer.key("output")
            writer.converse("message") { writer in
                writer.member("role", "assistant")
                writer.key("content")
                writer.array { writer in
                    for part in choice?.message.parts ?? [] where isOwn || part.hasConverseForm {
                        part.writeConverse(to: &writer)
                    }
                    if let refusal = choice?.message.refusal { writer.object { $0.member("text", refusal) } }
                }
            }
            let name = ConverseStopReason.encode(
                choice?.finishReason ?? .stop,
                word: choice?.vendorReason,
                callsTools: !(choice?.message.toolCalls ?? []).isEmpty
            )
            writer.member("stopReason", name)
            writer.key("usage")
            (usage ?? ChatUsage(Usage(inputTokens: 0, outputTokens: 0))).writeConverse(to: &writer)
            if isOwn {
                writer.members(extra)
            } else {
                writer.member("additionalModelResponseFields", ConverseStopText.fields(choice?.stopSequence))
            }
            if !isOwn || extra.value("metrics") == nil {
                // Required by the format; nobody measured it.
                writer.key("metrics")
                writer.object { $0.member("latencyMs", 0) }
            }
        }
        return writer.bytes
    }
}

/// The stop text that was met, which Claudes tell among their own fields when they are asked to.
///
/// - SeeAlso: Amazon Bedrock API reference, `Converse`, `additionalModelResponseFieldPaths`.
enum ConverseStopText {
    /// Where it is found, as a JSON pointer (RFC 6901).
    static let pointer = "/stop_sequence"

    static func text(_ fields: JSONView?) -> String? { fields?.member("stop_sequence")?.string() }

    static func fields(_ text: String?) -> JSONText? {
        guard let text else { return nil }
        var writer = JSONWriter()
        writer.object { $0.member("stop_sequence", text) }
        return JSONText(writer.bytes)
    }
}

extension ChatPart {
    /// Whether an answer of this dialect can hold another dialect's part.
    fileprivate var hasConverseForm: Bool {
        switch self {
        case .text(let text), .refusal(let text): !text.text.isEmpty
        case .reasoning(let reasoning): reasoning.isSealed || !reasoning.text.isEmpty
        case .toolCall: true
        case .image, .audio, .file, .toolResult, .other: false
        }
    }
}

extension ChatMessage {
    /// Whether there is anything in the message.
    var saysSomething: Bool {
        parts.contains { part in
            if case .text(let text) = part { !text.text.isEmpty } else { true }
        }
    }
}
