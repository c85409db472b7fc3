import MartletCore
import MartletDialects
import Testing

/// What a watcher makes of a stream, and what a relay that obeys it sends on.
struct Watched: Equatable {
    var sent: [UInt8] = []
    var done: [UInt8]?
    var contentBegan: Bool
    var finishSeen: Bool
    var usage: Usage?
    var contentEvents: Int
    var contentBytes: Int
    var end: OpenAIChatWatcher.End

    init(_ reads: [[UInt8]], callerWantsUsage: Bool = false) {
        var watcher = OpenAIChatWatcher(callerWantsUsage: callerWantsUsage)
        var report = OpenAIChatWatcher.Report()
        var held: [UInt8] = []
        for read in reads {
            watcher.watch(read.span, into: &report)
            let all = held + read
            let offset = held.count
            var position = 0
            for cut in report.cuts {
                sent += all[position..<cut.lowerBound + offset]
                position = cut.upperBound + offset
            }
            sent += all[position..<report.sendEnd + offset]
            if let range = report.done { done = Array(all[range.lowerBound + offset..<range.upperBound + offset]) }
            if watcher.isDone || watcher.failure != nil { break }
            held = Array(all[(report.sendEnd + offset)...])
        }
        end = watcher.finish()
        contentBegan = watcher.contentBegan
        finishSeen = watcher.finishSeen
        usage = watcher.usage
        contentEvents = watcher.contentEvents
        contentBytes = watcher.contentBytes
    }
}

@Suite("OpenAI chat watcher") struct OpenAIChatWatcherTests {
    @Test(arguments: Fixture.all("streams"))
    func `says the same however the stream is cut`(_ fixture: Fixture) {
        // What stands behind the end of a stream, and an LF parted from its CR, are the only bytes that cuts may move.
        let whole = Watched([fixture.bytes])
        for reads in cuts(of: fixture.bytes) {
            var other = Watched(reads)
            other.sent = other.sent.filter { $0 != 0x0A && $0 != 0x0D }
            var same = whole
            same.sent = same.sent.filter { $0 != 0x0A && $0 != 0x0D }
            if let done = other.done, let known = same.done, done.starts(with: known) || known.starts(with: done) {
                other.done = known
            }
            #expect(other == same)
        }
    }

    @Test(arguments: Fixture.all("streams"))
    func `agrees with the decoder`(_ fixture: Fixture) {
        let watched = Watched([fixture.bytes])
        let decoded = Decoded([fixture.bytes])
        #expect(watched.usage == decoded.chunks.last { $0.usage != nil }?.usage?.counts)
        #expect(watched.finishSeen == decoded.chunks.contains { $0.choices.contains { $0.finishReason != nil } })
        let bytes = decoded.chunks.map { $0.choices.reduce(0) { $0 + $1.outputBytes } }
        #expect(watched.contentBytes == bytes.reduce(0, +))
        #expect(watched.contentEvents == bytes.count { $0 > 0 })
        let bears = decoded.chunks.contains { $0.error != nil || $0.choices.contains(where: \.bearsContent) }
        #expect(watched.contentBegan == (bears || decoded.failure.map { $0 != .cut } ?? false))
        switch watched.end {
        case .done, .finished: #expect(decoded.failure == nil)
        case .empty: #expect(decoded.failure == .cut && !watched.contentBegan)
        case .failed(let failure): #expect(decoded.failure == failure)
        }
    }

    @Test(arguments: ["text.sse", "tools.sse", "crlf.sse"])
    func `leaves out the usage event of a caller who did not ask, and nothing else`(_ name: String) throws {
        let bytes = try Fixture.named(name, in: "streams").bytes
        let text = String(decoding: bytes, as: UTF8.self)
        let asked = Watched([bytes], callerWantsUsage: true)
        #expect(String(decoding: asked.sent + (asked.done ?? []), as: UTF8.self) == text)
        let unasked = Watched([bytes])
        let separator = name == "crlf.sse" ? "\r\n\r\n" : "\n\n"
        let kept = text.components(by: separator).filter { !$0.contains(#""choices":[]"#) }.joined(separator: separator)
        #expect(String(decoding: unasked.sent + (unasked.done ?? []), as: UTF8.self) == kept)
        #expect(unasked.usage == asked.usage && unasked.usage?.inputTokens == 71)
    }

    @Test func `holds back the mark that ends the stream, and what follows it`() throws {
        let watched = Watched([try Fixture.named("keepalives.sse", in: "streams").bytes])
        #expect(watched.done == Array("data: [DONE]\n\n".utf8) && watched.end == .done)
        #expect(!String(decoding: watched.sent, as: UTF8.self).contains("after"))
    }

    @Test func `keeps an event with no choices that carries no usage`() throws {
        let watched = Watched([try Fixture.named("filter-first.sse", in: "streams").bytes])
        #expect(String(decoding: watched.sent, as: UTF8.self).contains("prompt_filter_results"))
    }

    @Test func `does not send on an error, nor anything behind it`() throws {
        let watched = Watched([try Fixture.named("error-midway.sse", in: "streams").bytes])
        let sent = String(decoding: watched.sent, as: UTF8.self)
        #expect(sent.contains(#""content":"b""#) && !sent.contains("boom") && !sent.contains("never"))
    }

    @Test(arguments: [
        ("role-only.sse", OpenAIChatWatcher.End.empty), ("empty.sse", .empty), ("no-mark.sse", .finished),
        ("no-blank-line.sse", .done), ("cut.sse", .failed(.cut)), ("text.sse", .done),
    ])
    func `tells how a stream ended`(_ name: String, _ end: OpenAIChatWatcher.End) throws {
        #expect(Watched([try Fixture.named(name, in: "streams").bytes]).end == end)
    }

    @Test func `does not let content begin with an opening that only tells the role`() throws {
        #expect(Watched([try Fixture.named("role-only.sse", in: "streams").bytes]).contentBegan == false)
        let reason = #"data: {"choices":[{"delta":{},"finish_reason":"stop"}]}"# + "\n\n"
        #expect(Watched([Array(reason.utf8)]).contentBegan)
        let call = #"data: {"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"# + "\n\n"
        #expect(Watched([Array(call.utf8)]).contentBegan)
    }

    @Test func `is not fooled by an event that only begins and ends like one before it`() {
        func event(_ text: String) -> String {
            #"data: {"choices":[{"delta":{"content":""# + text + #""},"finish_reason":null}]}"# + "\n\n"
        }
        let trick = event(#"b"},"finish_reason":"stop"},{"delta":{"content":"c"#)
        let watched = Watched([Array((event("a") + trick + event("d\\n")).utf8)])
        #expect(watched.finishSeen && watched.contentBytes == 5 && watched.contentEvents == 3)
        for broken in [#"\q"#, #"\ud800"#, #"\u12"#] {
            guard case .failed(.malformed) = Watched([Array((event("a") + event(broken)).utf8)]).end else {
                #expect(Bool(false), "\(broken) passed")
                continue
            }
        }
    }

    @Test func `bounds what it holds of an event that does not end`() {
        var watcher = OpenAIChatWatcher(callerWantsUsage: false, maxLine: 1_000, maxEvent: 2_000)
        var report = OpenAIChatWatcher.Report()
        let read = [UInt8](repeating: 0x61, count: 600)
        watcher.watch(read.span, into: &report)
        #expect(watcher.failure == nil && !watcher.isBetweenEvents)
        watcher.watch(read.span, into: &report)
        #expect(watcher.failure == .malformed("an event of the stream is over its limit"))
    }
}

extension String {
    /// The pieces between separators, without Foundation's idea of characters.
    fileprivate func components(by separator: String) -> [String] {
        var pieces: [String] = []
        var rest = Substring(self)
        while let range = rest.firstRange(of: separator) {
            pieces.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return pieces + [String(rest)]
    }
}
