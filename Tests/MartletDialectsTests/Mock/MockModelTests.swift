import MartletCore
import MartletDialects
import Testing

@Suite("Mock model") struct MockModelTests {
    private let mock = MockModel()

    private func request(_ text: String) -> ChatRequest {
        ChatRequest(
            model: "mock",
            messages: [
                ChatMessage(role: .user, text: "first"), ChatMessage(role: .assistant, text: "x"),
                ChatMessage(role: .user, text: text),
            ]
        )
    }

    @Test func `says that it is none, and the first 200 characters of the last user text`() {
        let long = String(repeating: "é", count: 300)
        let text = mock.text(for: request(long))
        #expect(
            text == "Mock answer from Martlet: no model was called. You said: " + String(repeating: "é", count: 200)
        )
        let silent = ChatRequest(model: nil, messages: [ChatMessage(role: .system, text: "s")])
        #expect(mock.text(for: silent) == "Mock answer from Martlet: no model was called. You said: ")
    }

    @Test(arguments: ["hello big world", "", " a  b\n", "one"])
    func `answers one chunk a word`(_ text: String) {
        let chunks = mock.chunks(for: request(text), id: "i", created: 3)
        let words = chunks.dropLast().compactMap { $0.choices.first?.content }
        #expect(words.joined() == mock.text(for: request(text)))
        #expect(words.allSatisfy { $0.split(whereSeparator: \.isWhitespace).count == 1 })
        #expect(words.count == 10 + text.split(whereSeparator: \.isWhitespace).count)
        #expect(chunks.last?.choices.first?.finishReason == .stop)
        #expect(chunks.allSatisfy { $0.id == "i" && $0.created == 3 && $0.model == "mock" })
    }

    @Test func `estimates its usage and says so`() {
        let request = request("hello")
        let usage = mock.usage(for: request)
        // 5 + 1 + 5 bytes in, 57 + 5 bytes out; four bytes a token, rounded up.
        #expect(usage == Usage(inputTokens: 3, outputTokens: 16, estimated: true))
        #expect(mock.chunks(for: request, id: "i", created: 0).last?.usage?.counts == usage)
    }

    @Test func `answers whole what it streams`() throws {
        let request = request("hello there")
        let response = mock.response(for: request, id: "i", created: 3)
        #expect(response.choices.count == 1 && response.choices[0].message.text == mock.text(for: request))
        #expect(response.choices[0].finishReason == .stop && response.id == "i" && response.usage != nil)
        var encoder = OpenAIChatStreamEncoder(includeUsage: true)
        var bytes: [UInt8] = []
        for chunk in mock.chunks(for: request, id: "i", created: 3) { encoder.encode(chunk, into: &bytes) }
        encoder.finish(into: &bytes)
        var decoder = OpenAIChatStreamDecoder()
        var chunks: [ChatChunk] = []
        try decoder.decode(bytes.span, into: &chunks)
        try decoder.finish()
        var accumulator = ChatAccumulator()
        for chunk in chunks { accumulator.add(chunk) }
        #expect(accumulator.response.choices == response.choices)
    }
}
