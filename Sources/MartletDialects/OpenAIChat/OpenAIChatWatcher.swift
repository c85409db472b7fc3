public import MartletCore
import MartletWire

/// Watches a stream of chat completion chunks that is passed on as it came.
///
/// Told of every read, it says how far the read may be sent on, which events are to be left out, and what the stream
/// has shown so far. An event that differs from a parsed one in nothing but its text (see ``OpenAIChatTemplate``) is
/// not parsed again; every other one is, strictly. The answers do not depend on how the stream is cut into reads.
public struct OpenAIChatWatcher: Sendable {
    /// Whether an event of the stream bore what a caller waits for: text, reasoning, refusal, tool call, end, failure.
    public private(set) var contentBegan = false
    /// Whether a `finish_reason` was seen.
    public private(set) var finishSeen = false
    /// Whether `[DONE]` was seen.
    public private(set) var isDone = false
    /// Whether the reason to stop says that the answer is not complete; its caller sees the reason.
    public private(set) var endsBroken = false
    /// The last usage that can be believed.
    public private(set) var usage: Usage?
    /// What ended the stream before its time.
    public private(set) var failure: ChatFailure?
    /// Events with output.
    public private(set) var contentEvents = 0
    /// UTF-8 bytes of output, unescaped: text, reasoning, refusal, names and arguments of tool calls.
    public private(set) var contentBytes = 0

    private var ends = OpenAIChatEnds()
    /// The members `id`, `created` and `model` of a stream whose server leaves the reason to stop empty.
    private var frame: [UInt8] = []

    private let callerWantsUsage: Bool
    private var splitter: SSESplitter
    /// Bytes of earlier reads that may not be sent on yet.
    private var held = 0
    private var templates: [OpenAIChatTemplate] = []
    private var nextTemplate = 0

    /// Choices of one stream alternate; more kinds of events than this are parsed each time.
    private static let templateLimit = 4

    /// Makes a watcher for one stream.
    ///
    /// - Parameters:
    ///   - callerWantsUsage: Whether the caller asked for the usage event; else it is left out.
    ///   - maxLine: The longest line in bytes.
    ///   - maxEvent: The longest event in bytes.
    public init(callerWantsUsage: Bool, maxLine: Int = 1 << 20, maxEvent: Int = 4 << 20) {
        self.callerWantsUsage = callerWantsUsage
        splitter = SSESplitter(maxLine: maxLine, maxEvent: maxEvent)
    }

    /// What one read has brought.
    ///
    /// Offsets count from the first byte of the read. Negative ones lie in the bytes of earlier reads that were held
    /// back, which end where the read begins: −1 is the last of them.
    public struct Report: Sendable, Hashable {
        /// Where what may be sent on ends; it begins at the first byte held back.
        public var sendEnd = 0
        /// The events to be left out of it, in order.
        public var cuts: [Range<Int>] = []
        /// The event that ends the stream, which waits until the answer is recorded.
        public var done: Range<Int>?

        /// Makes an empty report, to be filled again and again.
        public init() {}
    }

    /// How a stream ended.
    public enum End: Sendable, Hashable {
        /// With `[DONE]`.
        case done
        /// Without `[DONE]`, but after a `finish_reason` and between two events: not every server sends the mark.
        case finished
        /// Before anything a caller waits for.
        case empty
        /// In the middle.
        case failed(ChatFailure)
    }

    /// Whether the stream stands between two events and nothing is held back, so that a comment may be sent.
    public var isBetweenEvents: Bool { held == 0 }

    /// Estimated output tokens by the estimate rule.
    public var estimatedOutputTokens: Int64 { Usage.estimatedTokens(textBytes: contentBytes) }

    /// Watches one read.
    ///
    /// After `[DONE]` or a failure nothing more is looked at or sent on.
    ///
    /// - Parameters:
    ///   - read: The bytes of the read.
    ///   - report: Filled anew.
    /// - Complexity: O(bytes); no allocation for an event that lies in the read and is like one before it.
    public mutating func watch(_ read: UnsafeRawBufferPointer, into report: inout Report) {
        report.sendEnd = -held
        if !report.cuts.isEmpty { report.cuts.removeAll(keepingCapacity: true) }
        report.done = nil
        guard !isDone, failure == nil else { return }
        do throws(SSEError) {
            var position = 0
            while let split = try unsafe splitter.next(in: read, at: &position) {
                guard unsafe take(split, read, &report) else { break }
            }
        } catch {
            failure = .malformed("an event of the stream is over its limit")
            contentBegan = true
        }
        held = read.count - report.sendEnd
    }

    /// Watches one read.
    ///
    /// - Parameters:
    ///   - read: The bytes of the read.
    ///   - report: Filled anew.
    public mutating func watch(_ read: borrowing Span<UInt8>, into report: inout Report) {
        unsafe read.withUnsafeBytes { unsafe watch($0, into: &report) }
    }

    /// Says that no more bytes come.
    ///
    /// - Returns: How the stream ended. Where it was complete but no report had ``Report/done``, the caller adds the
    ///   mark.
    public mutating func finish() -> End {
        if let failure { return .failed(failure) }
        if isDone { return .done }
        // Some servers leave out the blank line behind their last event.
        let isMark = unsafe splitter.withPending { bytes in
            let event = unsafe SSEEvent(parsing: bytes)
            return unsafe event.withData(in: bytes) { unsafe isDoneMark($0) }
        }
        if isMark {
            markEnd()
            return .done
        }
        if finishSeen, splitter.pendingBytes == 0 { return .finished }
        if !contentBegan, splitter.pendingBytes == 0 { return .empty }
        failure = .cut
        return .failed(.cut)
    }

    /// The event to be sent before the mark where a server left the reason to stop empty; it says the reason.
    public var missingEnd: [UInt8]? {
        guard isDone, ends.isMissing, let chunk = ends.chunk else { return nil }
        var event = Array("data: {".utf8)
        event += frame
        event += "\"object\":\"chat.completion.chunk\",\"choices\":[".utf8
        for (place, choice) in chunk.choices.enumerated() {
            event += "\(place == 0 ? "" : ","){\"index\":\(choice.index),\"delta\":{},\"finish_reason\":\"".utf8
            event += "\(choice.finishReason?.name ?? "stop")\"}".utf8
        }
        event += "]}\n\n".utf8
        return event
    }

    /// The stream says that it is complete: a reason that was left empty is one.
    private mutating func markEnd() {
        isDone = true
        guard ends.isMissing, contentBegan else { return }
        ends.add(OpenAIChatEnds.Seen(), hasContent: true)
        finishSeen = true
    }

    /// Takes one event; answers whether the stream goes on.
    @inline(__always)
    private mutating func take(
        _ split: SSESplit,
        _ read: UnsafeRawBufferPointer,
        _ report: inout Report
    ) -> Bool {
        if !split.isCarried {
            let event = unsafe UnsafeRawBufferPointer(rebasing: read[split.startInRead..<split.endInRead])
            if let bytes = unsafe match(event) {
                contentEvents &+= bytes > 0 ? 1 : 0
                contentBytes &+= bytes
                report.sendEnd = split.endInRead
                return true
            }
            return unsafe apply(inspect(event), split, &report)
        }
        // A copy of the splitter would copy what it holds; its bytes are short and this happens once a read.
        let carried = unsafe splitter.withBytes(of: split, in: read) { unsafe Array($0) }
        return unsafe carried.withUnsafeBytes { event in
            if let bytes = unsafe match(event) {
                contentEvents &+= bytes > 0 ? 1 : 0
                contentBytes &+= bytes
                report.sendEnd = split.endInRead
                return true
            }
            return unsafe apply(inspect(event), split, &report)
        }
    }

    @inline(__always)
    private func match(_ event: UnsafeRawBufferPointer) -> Int? {
        for index in templates.indices {
            if let bytes = unsafe templates[index].outputBytes(event) { return bytes }
        }
        return nil
    }

    private mutating func apply(_ verdict: Verdict, _ split: SSESplit, _ report: inout Report) -> Bool {
        switch verdict {
        case .send:
            report.sendEnd = split.endInRead
            return true
        case .leaveOut:
            report.cuts.append(split.startInRead..<split.endInRead)
            report.sendEnd = split.endInRead
            return true
        case .done:
            markEnd()
            report.done = split.startInRead..<split.endInRead
            report.sendEnd = split.startInRead
            return false
        case .failed(let failure):
            self.failure = failure
            contentBegan = true
            return false
        }
    }

    /// What is to be done with an event.
    private enum Verdict {
        case send
        case leaveOut
        case done
        case failed(ChatFailure)
    }

    /// Parses an event.
    @inline(never)
    private mutating func inspect(_ bytes: UnsafeRawBufferPointer) -> Verdict {
        let event = unsafe SSEEvent(parsing: bytes)
        guard event.hasData else { return .send }
        return unsafe event.withData(in: bytes) { payload in
            if unsafe isDoneMark(payload) { return .done }
            if unsafe payload.allSatisfy({ $0 <= 0x20 }) { return .send }
            var scanner = JSONScanner()
            do throws(JSONError) {
                try unsafe scanner.finish(payload)
            } catch {
                return .failed(.malformed(error.description))
            }
            guard let facts = unsafe OpenAIChatEvent(payload) else {
                return .failed(.malformed("an event of the stream is no object"))
            }
            if let failure = facts.failure { return .failed(.upstream(failure)) }
            if let usage = facts.usage { self.usage = usage }
            if let failure = facts.breakOff {
                guard contentBegan || facts.outputBytes > 0 else { return .failed(.upstream(failure)) }
                endsBroken = true
            }
            if facts.hasFinish { finishSeen = true }
            if facts.bearsContent { contentBegan = true }
            if facts.ends.says { unsafe note(facts.ends, payload) }
            if facts.outputBytes > 0 { contentEvents &+= 1 }
            contentBytes &+= facts.outputBytes
            if facts.hasNoChoices, facts.usage != nil, !callerWantsUsage { return .leaveOut }
            if case .line(let line) = event.data { unsafe learn(bytes, facts, line.lowerBound) }
            return .send
        }
    }

    private mutating func note(_ seen: OpenAIChatEnds.Seen, _ payload: UnsafeRawBufferPointer) {
        ends.add(seen, hasContent: contentBegan)
        guard seen.unnamed != 0, frame.isEmpty, let view = unsafe JSONView(validated: payload) else { return }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("id", view.member("id")?.string() ?? "chatcmpl-0")
            writer.member("created", view.member("created")?.int64() ?? 0)
            writer.member("model", view.member("model")?.string() ?? "")
        }
        frame = writer.bytes.dropFirst().dropLast() + [UInt8(ascii: ",")]
    }

    private mutating func learn(_ bytes: UnsafeRawBufferPointer, _ facts: OpenAIChatEvent, _ offset: Int) {
        guard facts.outputCount == 1, facts.outputBytes > 0, !facts.hasFinish, facts.usage == nil,
            facts.ends.unnamed == 0
        else { return }
        let output = facts.output.lowerBound + offset..<facts.output.upperBound + offset
        let padding = facts.padding.map { $0.lowerBound + offset..<$0.upperBound + offset }
        if templates.count < Self.templateLimit {
            var template = OpenAIChatTemplate()
            if unsafe template.learn(bytes, output: output, padding: padding) { templates.append(template) }
        } else if unsafe templates[nextTemplate].learn(bytes, output: output, padding: padding) {
            nextTemplate = (nextTemplate + 1) % Self.templateLimit
        }
    }
}
