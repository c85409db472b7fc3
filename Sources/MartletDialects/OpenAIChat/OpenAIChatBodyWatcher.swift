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
        /// How many choices there are.
        public var choiceCount = 0
        /// UTF-8 bytes of output, unescaped: text, reasoning, refusal, names and arguments of tool calls; counted only
        /// where the answer does not say its usage, because it takes a typed reading of every choice.
        public var contentBytes = 0
        /// Whether a reason to stop says that the answer is not complete; its caller sees the reason.
        public var endsBroken = false

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
    ///   place of an answer, or for an answer that broke off before anything was in it.
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
        let found = unsafe members(body)
        if found.hasError || found.choices == nil, let failure = UpstreamFailure(answer: view) {
            throw .upstream(failure)
        }
        guard let choices = found.choices, choices.kind == .array else { throw .malformed("the answer has no choices") }
        var report = Report()
        report.choiceCount = choices.count
        report.usage = found.usage.flatMap { unsafe JSONView(validated: body, range: $0.value) }.flatMap(
            Usage.init(openAI:)
        )
        if report.usage == nil { report.usage = ChatUsage.find(in: view)?.counts }
        let broken = unsafe breakOff(body, choices.value)
        if report.usage == nil || broken != nil {
            for choice in view.member("choices")?.elements ?? view.elements {
                guard let message = choice.member("message") else { continue }
                report.contentBytes += ChatMessage(response: message).outputBytes
            }
        }
        if let broken {
            guard report.contentBytes > 0 else { throw .upstream(broken) }
            report.endsBroken = true
        }
        return report
    }

    /// The failure that a reason to stop stands for.
    private func breakOff(_ body: UnsafeRawBufferPointer, _ choices: Range<Int>) -> UpstreamFailure? {
        guard var cursor = unsafe JSONCursor(body, at: choices.lowerBound), cursor.enter(UInt8(ascii: "[")) else {
            return nil
        }
        while cursor.nextElement() {
            guard cursor.enter(UInt8(ascii: "{")) else {
                cursor.skipValue()
                continue
            }
            while let key = cursor.nextKey() {
                if cursor.key(key, is: "finish_reason"), let text = cursor.string() {
                    if let failure = AnswerBreak.failure(text, cursor) { return failure }
                } else {
                    cursor.skipValue()
                }
            }
        }
        return nil
    }

    /// The top-level members that matter, in one pass over their names.
    private func members(
        _ body: UnsafeRawBufferPointer
    ) -> (choices: JSONMember?, usage: JSONMember?, hasError: Bool) {
        var choices: JSONMember?
        var usage: JSONMember?
        var hasError = false
        for member in scanner.members {
            let name = unsafe UnsafeRawBufferPointer(rebasing: body[member.key])
            switch member.key.count {
            case 7 where unsafe name.elementsEqual("choices".utf8): choices = member
            case 5 where unsafe name.elementsEqual("usage".utf8): usage = member
            case 5 where member.kind != .null: if unsafe name.elementsEqual("error".utf8) { hasError = true }
            // A name with escapes may be any of them: the careful way decides.
            default: if member.keyHasEscapes { hasError = true }
            }
        }
        return (choices, usage, hasError)
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
