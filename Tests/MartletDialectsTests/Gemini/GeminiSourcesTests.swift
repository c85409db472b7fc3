import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Sources of Gemini's answers") struct GeminiSourcesTests {
    /// A text whose characters have one to four bytes; the stretch `日本 🎏` lies at bytes 8..<19, characters 6..<10.
    private static let text = "Já, í 日本 🎏 rains."
    private static let grounding =
        #""groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a.example/1","title":"a"}},"#
        + #"{"web":{"uri":"https://b.example/2","title":"b"}},{"web":{"title":"no address"}}],"#
        + #""groundingSupports":[{"segment":{"startIndex":\#(start),"endIndex":\#(end),"text":"日本 🎏"},"#
        + #""groundingChunkIndices":[0,1,2,7]}]}"#
    private static let start = "Já, í ".utf8.count
    private static let end = start + "日本 🎏".utf8.count
    private static let characters = 6..<10

    private static func answer(
        _ parts: String,
        _ members: String,
        finish: String = #","finishReason":"STOP""#
    ) -> [UInt8] {
        Array(#"{"candidates":[{"content":{"parts":[\#(parts)],"role":"model"},"index":0\#(finish)\#(members)}]}"#.utf8)
    }

    private static func chunks(_ events: [[UInt8]]) throws -> [ChatChunk] {
        var chunks: [ChatChunk] = []
        var decoder = GeminiCodec(origin: "here").makeStreamDecoder()
        for event in events {
            try decoder.decode((Array("data: ".utf8) + event + Array("\n\n".utf8)).span, into: &chunks)
        }
        try decoder.finish(into: &chunks)
        return chunks
    }

    /// The stretch of the text that a client cuts out of its characters.
    private static func stretch(_ sent: [String: String], _ path: String) throws -> String {
        let start = try #require(sent[path + ".start_index"].flatMap(Double.init).map { Int($0) })
        let end = try #require(sent[path + ".end_index"].flatMap(Double.init).map { Int($0) })
        let scalars = Array(text.unicodeScalars)
        try #require(0 <= start && start <= end && end <= scalars.count)
        return String(String.UnicodeScalarView(scalars[start..<end]))
    }

    @Test("are annotations of chat completions, at places counted in characters")
    func chat() throws {
        let thought = #"{"text":"hm","thought":true},"#
        for parts in [#"{"text":"\#(Self.text)"}"#, thought + #"{"text":"\#(Self.text)"}"#] {
            let response = try GeminiCodec().decodeResponse(Self.answer(parts, "," + Self.grounding))
            let sent = try leaves(OpenAIChatCodec().encodeResponse(response))
            for (index, name) in ["a", "b"].enumerated() {
                let path = ".choices[0].message.annotations[\(index)]"
                #expect(sent[path + ".type"] == "\"url_citation")
                #expect(sent[path + ".url_citation.title"] == "\"" + name)
                #expect(sent[path + ".url_citation.url"] == "\"https://\(name).example/\(index + 1)")
                #expect(try Self.stretch(sent, path + ".url_citation") == "日本 🎏")
            }
            #expect(sent[".choices[0].message.annotations[2].type"] == nil)
        }
    }

    @Test("of a second text count from the start of the message")
    func secondText() throws {
        let parts = #"{"text":"Ö. "},{"text":"\#(Self.text)"}"#
        let cited = Self.grounding.replacing(#""segment":{"#, with: #""segment":{"partIndex":1,"#)
        let response = try GeminiCodec().decodeResponse(Self.answer(parts, "," + cited))
        let sent = try leaves(OpenAIChatCodec().encodeResponse(response))
        let path = ".choices[0].message.annotations[0].url_citation"
        #expect(sent[path + ".start_index"] == "\(Double(Self.characters.lowerBound + 3))")
        #expect(sent[path + ".end_index"] == "\(Double(Self.characters.upperBound + 3))")
    }

    @Test("are annotations of responses, whole and streamed")
    func responses() throws {
        let whole = try GeminiCodec().decodeResponse(
            Self.answer(#"{"text":"\#(Self.text)"}"#, "," + Self.grounding)
        )
        let context = CallerContext(id: RecordID(unixMilliseconds: 1, random: (2, 3)), created: 4)
        let codec = OpenAIResponsesCodec(context: context)
        let sent = try leaves(codec.encodeResponse(whole))
        let path = ".output[0].content[0].annotations[1]"
        #expect(sent[path + ".type"] == "\"url_citation" && sent[path + ".url"] == "\"https://b.example/2")
        #expect(try Self.stretch(sent, path) == "日本 🎏")

        var encoder = codec.makeStreamEncoder(includeUsage: true)
        var events: [UInt8] = []
        for chunk in try Self.streamed() { encoder.encode(chunk, into: &events) }
        encoder.finish(into: &events)
        #expect(String(decoding: events, as: UTF8.self).contains("response.output_text.annotation.added"))
        let last = try leaves(#require(encoder.finalResponse))
        #expect(try Self.stretch(last, path) == "日本 🎏")
        #expect(last[path + ".url"] == "\"https://b.example/2")
    }

    /// The same in three events, cut in the cited stretch; the sources come twice, with the signature of the end.
    private static func streamed() throws -> [ChatChunk] {
        let all = Array(text.unicodeScalars)
        let (front, back) = (String(String.UnicodeScalarView(all[..<7])), String(String.UnicodeScalarView(all[7...])))
        return try chunks([
            answer(#"{"text":"\#(front)"}"#, "", finish: ""),
            answer(#"{"text":"\#(back)"}"#, "," + grounding, finish: ""),
            answer(#"{"text":"","thoughtSignature":"CiQB"}"#, "," + grounding),
        ])
    }

    @Test("stand in a stream of chat completions once")
    func stream() throws {
        var encoder = OpenAIChatCodec().makeStreamEncoder(includeUsage: false)
        var bytes: [UInt8] = []
        for chunk in try Self.streamed() { encoder.encode(chunk, into: &bytes) }
        encoder.finish(into: &bytes)
        let events = String(decoding: bytes, as: UTF8.self).split(separator: "\n\n").filter { event in
            event.contains("annotations")
        }
        try #require(events.count == 1)
        let sent = try leaves(Array(events[0].dropFirst(6).utf8))
        let path = ".choices[0].delta.annotations[0]"
        #expect(sent[path + ".type"] == "\"url_citation")
        #expect(try Self.stretch(sent, path + ".url_citation") == "日本 🎏")
    }

    @Test("are looked for where a caller of responses asks for a search and nothing else")
    func search() throws {
        func sent(_ more: String) throws -> (body: String, dropped: [String]) {
            let body = #"{"model":"gemini-3.5-flash","input":"?",\#(more)}"#
            let lowered = try OpenAIResponsesCodec().decodeRequest(Array(body.utf8)).lowered(for: .gemini)
            let encoded = try GeminiCodec().encodeRequest(lowered.request)
            return (String(decoding: encoded.body, as: UTF8.self), lowered.dropped + encoded.dropped)
        }
        let alone = try sent(#""tools":[{"type":"web_search","search_context_size":"low"}],"tool_choice":"required""#)
        #expect(alone.body.contains(#""tools":[{"googleSearch":{}}]"#))
        #expect(Set(alone.dropped) == ["tools[0].search_context_size", "tool_choice"])
        let off = try sent(#""tools":[{"type":"web_search"}],"tool_choice":"none""#)
        #expect(!off.body.contains("tools"))
        let beside = try sent(#""tools":[{"type":"web_search"},{"type":"function","name":"f"}]"#)
        #expect(!beside.body.contains("googleSearch") && beside.dropped.contains("tools[0]"))
    }

    @Test("that the model repeats word by word are annotations, too")
    func citations() throws {
        let cited =
            #","citationMetadata":{"citations":[{"startIndex":\#(Self.start),"endIndex":\#(Self.end),"#
            + #""uri":"https://c.example","license":"mit"},{"endIndex":4},{"endIndex":2,"uri":"javascript:x"}]}"#
        let response = try GeminiCodec().decodeResponse(Self.answer(#"{"text":"\#(Self.text)"}"#, cited))
        let sent = try leaves(OpenAIChatCodec().encodeResponse(response))
        #expect(try Self.stretch(sent, ".choices[0].message.annotations[0].url_citation") == "日本 🎏")
        #expect(sent[".choices[0].message.annotations[1].type"] == nil)
    }

    @Test(
        "at places that are none are left out",
        arguments: [
            #""startIndex":0,"endIndex":900"#, #""startIndex":5,"endIndex":5"#, #""startIndex":-1,"endIndex":5"#,
            #""startIndex":0,"endIndex":4,"text":"else""#, #""startIndex":"0","endIndex":5"#,
            #""endIndex":9223372036854775807"#, #""startIndex":0"#,
        ]
    )
    func nowhere(segment: String) throws {
        let cited =
            #","groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a.example","title":"a"}}],"#
            + #""groundingSupports":[{"segment":{\#(segment)},"groundingChunkIndices":[0]}]}"#
        let response = try GeminiCodec().decodeResponse(Self.answer(#"{"text":"\#(Self.text)"}"#, cited))
        #expect(!String(decoding: OpenAIChatCodec().encodeResponse(response), as: UTF8.self).contains("annotations"))
    }

    @Test("stay as they came for callers of Gemini's own format, and mean nothing to others")
    func others() throws {
        let codec = GeminiCodec(origin: "here")
        let response = try codec.decodeResponse(Self.answer(#"{"text":"\#(Self.text)"}"#, "," + Self.grounding))
        let own = String(decoding: codec.encodeResponse(response), as: UTF8.self)
        #expect(own.contains("groundingSupports") && !own.contains("annotations"))
        for codec: any ChatCodec in [AnthropicMessagesCodec(), OllamaChatCodec(), BedrockConverseCodec()] {
            let told = String(decoding: codec.encodeResponse(response), as: UTF8.self)
            #expect(told.contains("rains.") && !told.contains("annotations") && !told.contains("a.example"))
        }
    }
}
