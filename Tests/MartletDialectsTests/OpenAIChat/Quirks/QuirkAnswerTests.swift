import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Quirks of answers") struct QuirkAnswerTests {
    private static var tags: OpenAIChatCodec {
        var quirks = ChatQuirks()
        quirks.thinksInTags = true
        return OpenAIChatCodec(quirks: quirks)
    }

    private func stream(_ pieces: [String], finish: Bool = true) -> [UInt8] {
        var events = pieces.map { piece in
            var writer = JSONWriter()
            writer.string(piece)
            return #"{"choices":[{"index":0,"delta":{"content":\#(String(decoding: writer.bytes, as: UTF8.self))}}]}"#
        }
        if finish { events.append(#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#) }
        return Array((events + ["[DONE]"]).map { "data: \($0)\n\n" }.joined().utf8)
    }

    /// Reasoning and text of a text, however it is cut.
    @Test(
        arguments: [
            ("<think>Hm</think>Hi", "Hm", "Hi"), ("<think>\nHm\n</think>\n\nHi", "Hm\n", "Hi"),
            ("\n <think>a < b </thin k></think> Hi", "a < b </thin k>", "Hi"),
            ("Hi <think>x</think>", "", "Hi <think>x</think>"),
            ("<thin air>", "", "<thin air>"), ("<think>never closed", "never closed", ""), ("<", "", "<"),
            ("<think></think>Hi", "", "Hi"), ("<think>ü€😀</think>ü€😀", "ü€😀", "ü€😀"),
        ]
    )
    func `a text that begins with reasoning in tags is split`(
        _ text: String,
        _ reasoning: String,
        _ content: String
    ) throws {
        let scalars = text.unicodeScalars.map { String($0) }
        let ways = [[text], scalars, [String(text.prefix(3)), String(text.dropFirst(3))]]
        for way in ways {
            let (chunks, failure) = decoded([stream(way)], with: Self.tags)
            #expect(failure == nil)
            let message = accumulated(chunks).choices.first?.message
            #expect(message?.reasoning ?? "" == reasoning, "\(way)")
            #expect(message?.text == content, "\(way)")
        }
        var writer = JSONWriter()
        writer.string(text)
        let body =
            #"{"choices":[{"index":0,"message":{"role":"assistant","content":\#(String(decoding: writer.bytes, as: UTF8.self))}}]}"#
        let message = try Self.tags.decodeResponse(Array(body.utf8)).choices[0].message
        #expect(message.reasoning ?? "" == reasoning)
        #expect(message.text == content)
    }

    @Test func `the choices of one stream are split each for itself`() {
        let events = [
            #"{"choices":[{"index":0,"delta":{"content":"<think>a"}},{"index":1,"delta":{"content":"b"}}]}"#,
            #"{"choices":[{"index":0,"delta":{"content":"</think>c"},"finish_reason":"stop"}]}"#,
            #"{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}"#, "[DONE]",
        ]
        let bytes = Array(events.map { "data: \($0)\n\n" }.joined().utf8)
        let choices = accumulated(decoded([bytes], with: Self.tags).chunks).choices
        #expect(choices.map { $0.message.reasoning ?? "" } == ["a", ""])
        #expect(choices.map(\.message.text) == ["c", "b"])
    }

    @Test(
        arguments: [
            ("0.00123", 1, 1_230_000), ("0", 1, 0), ("2735000", 10_000_000_000, 273_500), ("1e-9", 1, 1),
            ("-1", 1, nil), ("1e300", 1, nil), ("\"1\"", 1, nil), ("null", 1, nil),
        ] as [(String, Int64, Int64?)]
    )
    func `a cost is read where the provider tells it, and believed within reason`(
        _ text: String,
        _ units: Int64,
        _ nano: Int64?
    ) throws {
        let cost = ChatQuirks.CostReport(member: "spent", unitsPerUSD: units)
        var quirks = ChatQuirks()
        quirks.cost = cost
        let usage = #""usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"spent":\#(text)}"#
        let body = Array(#"{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}],\#(usage)}"#.utf8)
        #expect(try OpenAIChatCodec(quirks: quirks).decodeResponse(body).usage?.counts.reportedCost?.rawValue == nano)
        let watched = try body.withUnsafeBytes { bytes in
            var watcher = OpenAIChatBodyWatcher(cost: cost)
            return try watcher.finish(bytes).usage
        }
        #expect(watched?.reportedCost?.rawValue == nano)
        #expect(try OpenAIChatCodec().decodeResponse(body).usage?.counts.reportedCost == nil)
        let event = Array("data: {\"choices\":[],\(usage)}\n\n".utf8)
        var watcher = OpenAIChatWatcher(callerWantsUsage: true, cost: cost)
        var report = OpenAIChatWatcher.Report()
        watcher.watch(event.span, into: &report)
        #expect(watcher.usage?.reportedCost?.rawValue == nano)
    }
}
