public import MartletCore
public import MartletWire

/// A request that loads a model, or unloads it, and asks for no answer: `/api/generate` without a prompt, `/api/chat`
/// without messages.
///
/// The gateway answers it without asking any model.
public enum OllamaLoad: String, Hashable, Sendable {
    /// The model is to be ready.
    case load
    /// The model is to go, said by a `keep_alive` of nothing.
    case unload

    /// Tells whether a body asks for no answer.
    ///
    /// - Parameters:
    ///   - body: The bytes of the body.
    ///   - scanner: The scanner that accepted it.
    ///   - facts: What ``OllamaChatFacts`` or ``OllamaGenerateFacts`` read from it.
    public init?(_ body: UnsafeRawBufferPointer, scanner: borrowing JSONScanner, facts: RequestFacts) {
        guard facts.messageCount == 0 else { return nil }
        guard let members = try? unsafe BodyMembers(body, scanner, ["keep_alive"]), let value = members["keep_alive"]
        else {
            self = .load
            return
        }
        self = Self.isNothing(value) ? .unload : .load
    }

    /// Whether a duration is nothing: `0`, `"0"`, `"0s"`, `"0m"`.
    private static func isNothing(_ value: JSONView) -> Bool {
        if let number = value.double() { return number == 0 }
        guard let text = value.string(), text.utf8.contains(UInt8(ascii: "0")) else { return false }
        return text.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "0") || byte == UInt8(ascii: ".") || (byte | 0x20) &- UInt8(ascii: "a") < 26
        }
    }

    /// The answer, as one object, which is what both routes give for it even to callers that stream.
    ///
    /// - Parameters:
    ///   - dialect: The route; `ollamaGenerate` has a text where others have a message.
    ///   - context: What no upstream tells.
    public func answer(_ dialect: Dialect, context: CallerContext) -> [UInt8] {
        var answer = OllamaAnswerWriter(
            form: dialect == .ollamaGenerate ? .generate : .chat,
            model: context.model,
            created: context.created
        )
        answer.finish = .other(rawValue)
        var writer = JSONWriter(reserving: 192)
        answer.write(to: &writer)
        return writer.bytes
    }
}
