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
}
