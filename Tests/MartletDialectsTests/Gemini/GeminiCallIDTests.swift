import MartletCore
import MartletDialects
import Testing

@Suite("Made-up ids of Gemini's calls") struct GeminiCallIDTests {
    private static let answer = Array(
        (#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}}},"#
            + #"{"functionCall":{"name":"f","args":{}}}],"role":"model"},"finishReason":"STOP","index":0}]}"#)
            .utf8
    )

    private static func ids(_ seed: String?, streamed: Bool = false) throws -> [String] {
        let codec = GeminiCodec(origin: "here", seed: seed)
        guard streamed else {
            return try codec.decodeResponse(answer).choices[0].message.toolCalls.map(\.id)
        }
        var chunks: [ChatChunk] = []
        var decoder = codec.makeStreamDecoder()
        try decoder.decode((Array("data: ".utf8) + answer + Array("\n\n".utf8)).span, into: &chunks)
        try decoder.finish(into: &chunks)
        return chunks.flatMap { $0.choices.flatMap { $0.toolCalls.compactMap(\.id) } }
    }

    @Test("differ between answers that have no id themselves, and between calls that are alike")
    func differ() throws {
        let all = try Self.ids("one") + Self.ids("two")
        #expect(all.count == 4 && Set(all).count == 4)
    }

    @Test("are the same for one request, whole and streamed")
    func same() throws {
        #expect(try Self.ids("one") == Self.ids("one", streamed: true))
        #expect(try Self.ids(nil) == Self.ids(nil, streamed: true))
    }
}
