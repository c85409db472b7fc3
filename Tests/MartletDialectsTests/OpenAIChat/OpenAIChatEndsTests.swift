import MartletCore
import MartletDialects
import Testing

@Suite("Empty reasons to stop") struct OpenAIChatEndsTests {
    private static func event(_ choice: String) -> String {
        #"data: {"id":"c","created":7,"model":"grok","choices":[{"index":0,\#(choice)}]}"# + "\n\n"
    }
    private static let call = event(
        #""delta":{"tool_calls":[{"index":0,"id":"1","function":{"name":"f","arguments":"{}"}}]}"#
    )
    private static let text = event(#""delta":{"content":"Hi"}"#)
    private static let end = event(#""delta":{},"finish_reason":"""#)
    private static let usage =
        #"data: {"id":"c","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}"# + "\n\n"
    private static let done = "data: [DONE]\n\n"

    private func missing(_ text: String) -> String? {
        var watcher = OpenAIChatWatcher(callerWantsUsage: true)
        var report = OpenAIChatWatcher.Report()
        watcher.watch(Array(text.utf8).span, into: &report)
        _ = watcher.finish()
        return watcher.missingEnd.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [(call, FinishReason.toolCalls), (text, .stop)])
    func `at the mark an empty reason is one, by what was said before`(_ said: String, _ reason: FinishReason) throws {
        let stream = said + Self.end + Self.usage + Self.done
        for reads in cuts(of: Array(stream.utf8)) {
            let decoded = Decoded(reads)
            #expect(decoded.failure == nil)
            #expect(decoded.chunks.flatMap(\.choices).compactMap(\.finishReason) == [reason])
            let watched = Watched(reads, callerWantsUsage: true)
            #expect(watched.end == .done && watched.finishSeen)
        }
        let event = try #require(missing(stream))
        #expect(event.contains(#""finish_reason":"\#(reason.name)""#) && event.hasSuffix("\n\n"))
        #expect(event.contains(#""id":"c""#) && event.contains(#""created":7"#) && event.contains(#""model":"grok""#))
        // What is sent in its place is read as that.
        let repaired = Decoded([Array((said + Self.end + Self.usage + event + Self.done).utf8)])
        #expect(repaired.chunks.flatMap(\.choices).compactMap(\.finishReason) == [reason])
    }

    @Test func `each answer of several has a reason of its own`() throws {
        let second =
            #"data: {"id":"c","choices":[{"delta":{"content":"x"},"finish_reason":"stop","index":1}]}"# + "\n\n"
        let stream = Self.call + second + Self.end + Self.done
        let chunks = Decoded([Array(stream.utf8)]).chunks
        let ends = chunks.flatMap(\.choices).filter { $0.finishReason != nil }
        #expect(ends.map(\.index) == [1, 0] && ends.map(\.finishReason) == [.stop, .toolCalls])
        let event = try #require(missing(stream))
        #expect(event.contains(#"[{"index":0,"delta":{},"finish_reason":"tool_calls"}]"#))
    }

    @Test func `without the mark such a stream is cut off`() {
        let stream = Array((Self.text + Self.end).utf8)
        #expect(Decoded([stream]).failure == .cut)
        #expect(Watched([stream]).end == .failed(.cut))
    }

    @Test func `an empty reason before the end says nothing, nor does one of an answer without anything`() {
        let early = Self.event(#""delta":{"content":"Hi"},"finish_reason":"""#)
        let end = Self.event(#""delta":{},"finish_reason":"stop""#)
        #expect(missing(early + early + end + Self.done) == nil)
        let chunks = Decoded([Array((early + early + end + Self.done).utf8)]).chunks
        #expect(chunks.flatMap(\.choices).compactMap(\.finishReason) == [.stop])
        #expect(missing(Self.end + Self.done) == nil)
        #expect(!Watched([Array((Self.end + Self.done).utf8)]).finishSeen)
        #expect(Decoded([Array((Self.end + Self.done).utf8)]).chunks.allSatisfy { $0.choices[0].finishReason == nil })
    }

    @Test func `text that was held for a tag comes out before the reason`() throws {
        var quirks = ChatQuirks()
        quirks.thinksInTags = true
        var decoder = OpenAIChatCodec(quirks: quirks).makeStreamDecoder()
        var chunks: [ChatChunk] = []
        let stream = Self.event(#""delta":{"content":"<th"}"#) + Self.end + Self.done
        try decoder.decode(Array(stream.utf8).span, into: &chunks)
        #expect(chunks.flatMap(\.choices).compactMap(\.content).joined() == "<th")
        #expect(chunks.last?.choices.first?.finishReason == .stop)
    }
}
