import MartletCore
import MartletDialects
import Testing

@Suite("Ollama codec and hostile bytes") struct OllamaHostileBytesTests {
    private static let folders = ["requests", "responses", "streams", "failures", "from-openai/in"]

    /// A file with bytes overwritten, left out, doubled or swapped for pieces of JSON.
    private static func damaged(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        let pieces = ["null", "[]", "{}", "-1", "1e999", "\"", "\\u0000", "{\"error\":1}", "true", "\n", "\"done\":"]
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            let end = min(bytes.count, place + Int.random(in: 0..<24, using: &generator))
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.removeSubrange(place..<end)
            case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
            default:
                bytes.replaceSubrange(place..<end, with: Array((pieces.randomElement(using: &generator) ?? "").utf8))
            }
        }
        return bytes
    }

    @Test(arguments: folders)
    func `never break it, and what it takes it writes as JSON in both formats`(_ folder: String) throws {
        let ollama = OllamaChatCodec()
        let openAI = OpenAIChatCodec()
        var taken = 0
        for fixture in Fixture.all("Ollama/" + folder) {
            var generator = SeededGenerator(state: UInt64(fixture.bytes.count))
            for _ in 0..<150 {
                let bytes = Self.damaged(fixture.bytes, &generator)
                if let request = try? ollama.decodeRequest(bytes) {
                    taken += 1
                    if let body = try? ollama.encodeRequest(request).body { _ = try leaves(body) }
                    _ = try leaves(openAI.encodeRequest(request).body)
                }
                if let request = try? openAI.decodeRequest(bytes), let body = try? ollama.encodeRequest(request).body {
                    _ = try leaves(body)
                }
                if let response = try? ollama.decodeResponse(bytes) {
                    taken += 1
                    _ = try leaves(ollama.encodeResponse(response))
                    _ = try leaves(openAI.encodeResponse(response))
                }
                _ = ollama.decodeFailure(bytes)
                let decoded = OllamaDecoded([bytes], endsLines: true)
                taken += decoded.chunks.count
                var encoder = OllamaStreamEncoder()
                var output: [UInt8] = []
                for chunk in decoded.chunks { encoder.encode(chunk, into: &output) }
                encoder.finish(into: &output)
                for line in output.split(separator: 0x0A) { _ = try leaves(Array(line)) }
            }
        }
        #expect(taken > 0)
    }

    @Test func `names of other formats' members cannot stand twice`() throws {
        let body = """
            {"model":"m","temperature":2,"max_completion_tokens":9,"tool_choice":"x","messages":[{"role":"user",\
            "content":"x","refusal":1,"reasoning_content":2,"thinking":"t","name":"n"}],\
            "options":{"temperature":0.5,"num_predict":5},"format":"json","response_format":1}
            """
        let request = try OllamaChatCodec().decodeRequest(Array(body.utf8))
        let sent = try leaves(OpenAIChatCodec().encodeRequest(request).body)
        #expect(sent[".temperature"] == "0.5" && sent[".max_completion_tokens"] == "5.0" && sent[".tool_choice"] == nil)
        #expect(sent[".messages[0].reasoning_content"] == "\"t" && sent[".messages[0].name"] == nil)
        let answer = #"{"model":1,"id":2,"usage":3,"message":{"role":4,"content":[5],"thinking":"t"},"done":true}"#
        let response = try OllamaChatCodec().decodeResponse(Array(answer.utf8))
        #expect(try leaves(OpenAIChatCodec().encodeResponse(response))[".id"] == "\"chatcmpl-0")
    }
}
