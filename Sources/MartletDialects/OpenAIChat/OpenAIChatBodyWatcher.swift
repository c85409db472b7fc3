public import MartletCore
import MartletWire

/// Looks at a whole answer that is passed on as it came.
///
/// Feed it everything received so far as often as bytes arrive, so that the check is done when the last byte is there.
public struct OpenAIChatBodyWatcher: Sendable {
    private var scanner = JSONScanner()
    private var failure: JSONError?

    /// Makes a watcher for one answer.
    public init() {}

    /// What an answer says.
    public struct Report: Sendable, Hashable {
        /// The usage, if there is one that can be believed.
        public var usage: Usage?
        /// Whether a choice has a `finish_reason`.
        public var hasFinish = false
        /// How many choices there are.
        public var choiceCount = 0
        /// UTF-8 bytes of output, unescaped: text, reasoning, refusal, names and arguments of tool calls.
        public var contentBytes = 0

        /// Output tokens by the estimate rule.
        public var estimatedOutputTokens: Int64 { Usage.estimatedTokens(textBytes: contentBytes) }
    }

    /// Checks what is new since the last call.
    ///
    /// - Parameter body: All bytes of the answer received so far.
    public mutating func watch(_ body: UnsafeRawBufferPointer) {
        guard failure == nil else { return }
        do throws(JSONError) {
            try unsafe scanner.scan(body)
        } catch {
            failure = error
        }
    }

    /// Says that the answer is complete.
    ///
    /// - Parameter body: All bytes of the answer.
    /// - Returns: What the answer says.
    /// - Throws: ``ChatFailure``: malformed without `choices` or when it is no strict JSON, `upstream` for an error in
    ///   place of an answer.
    public mutating func finish(_ body: UnsafeRawBufferPointer) throws(ChatFailure) -> Report {
        do throws(JSONError) {
            if let failure { throw failure }
            try unsafe scanner.finish(body)
        } catch {
            throw .malformed(error.description)
        }
        guard scanner.rootKind == .object, let view = unsafe JSONView(validated: body, range: scanner.rootRange) else {
            throw .malformed("the answer is no object")
        }
        if let failure = UpstreamFailure(answer: view) { throw .upstream(failure) }
        guard let choices = view.member("choices"), choices.kind == .array else {
            throw .malformed("the answer has no choices")
        }
        var report = Report()
        report.usage = ChatUsage.find(in: view)?.counts
        for choice in choices.elements {
            report.choiceCount += 1
            if let reason = choice.member("finish_reason"), reason.kind == .string { report.hasFinish = true }
            guard let message = choice.member("message") else { continue }
            report.contentBytes += ChatMessage(response: message).outputBytes
        }
        return report
    }
}

extension ChatMessage {
    /// UTF-8 bytes of output: text, reasoning, refusal, names and arguments of tool calls.
    var outputBytes: Int {
        parts.reduce(refusal?.utf8.count ?? 0) { bytes, part in
            switch part {
            case .text(let text), .refusal(let text): bytes + text.text.utf8.count
            case .reasoning(let reasoning): bytes + reasoning.text.utf8.count
            case .toolCall(let call): bytes + call.name.utf8.count + call.arguments.utf8.count
            case .image, .audio, .file, .toolResult, .other: bytes
            }
        }
    }
}
