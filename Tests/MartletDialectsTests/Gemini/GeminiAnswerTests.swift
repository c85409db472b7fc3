import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Gemini answers") struct GeminiAnswerTests {
    let codec = GeminiCodec(origin: "here")

    private static func part(_ name: String, of fixture: Fixture) throws -> [UInt8] {
        try #require(try JSONDocument(fixture.bytes).withView { $0.member(Array(name.utf8))?.rawBytes })
    }

    @Test(arguments: Fixture.all("Gemini/answers"))
    func `give an OpenAI client what the corpus says`(_ fixture: Fixture) throws {
        let response = try codec.decodeResponse(Self.part("answer", of: fixture))
        let sent = try canonical(OpenAIChatCodec().encodeResponse(response))
        #expect(try sent == canonical(Self.part("openai", of: fixture)))
    }

    @Test(arguments: Fixture.all("Gemini/answers"))
    func `keep what they say in their own format`(_ fixture: Fixture) throws {
        let answer = try Self.part("answer", of: fixture)
        let response = try codec.decodeResponse(answer)
        let again = codec.encodeResponse(response)
        #expect(try codec.decodeResponse(again) == response)
        let told = try leaves(again)
        for (path, value) in try leaves(answer) {
            // Counts are told as totals and their parts, and a signature on a text stands behind it.
            if path.hasPrefix(".usageMetadata") || path.hasSuffix(".thoughtSignature") { continue }
            #expect(told[path] == value, "\(path)")
        }
    }

    @Test(arguments: Fixture.all("Gemini/failures"))
    func `that are failures are told with the codes callers know`(_ fixture: Fixture) throws {
        let body = try Self.part("body", of: fixture)
        let said = codec.decodeFailure(body)
        let expected = try leaves(Self.part("said", of: fixture))
        #expect(said.message == expected[".message"]?.dropFirst().description)
        #expect(said.type == expected[".type"]?.dropFirst().description)
        #expect(said.code == expected[".code"]?.dropFirst().description)
        #expect(said.retryAfter.map { "\(Double($0.components.seconds))" } == expected[".retry_after_s"])
    }

    @Test func `of a call that the model could not write are failures`() {
        let body = Array(
            #"{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL","finishMessage":"x","index":0}]}"#.utf8
        )
        #expect(throws: ChatFailure.upstream(UpstreamFailure(message: "x", type: "MALFORMED_FUNCTION_CALL"))) {
            try codec.decodeResponse(body)
        }
    }

    @Test func `with members that chat completions have say each of them once`() throws {
        let body = Array(
            """
            {"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP","index":0,"message":1,
            "finish_reason":"x","logprobs":2,"later":3}],"usageMetadata":{"promptTokenCount":7},"model":"m","id":"i",
            "object":"o","created":5,"choices":[],"usage":{},"newer":4}
            """.utf8
        )
        let sent = String(decoding: OpenAIChatCodec().encodeResponse(try codec.decodeResponse(body)), as: UTF8.self)
        for name in ["model", "id", "object", "created", "choices", "usage", "message", "finish_reason", "logprobs"] {
            #expect(sent.split(separator: "\"\(name)\":").count == 2, "\(name)")
        }
        #expect(sent.contains(#""later":3"#) && sent.contains(#""newer":4"#))
    }

    @Test func `of other vendors lose nothing that Gemini has`() throws {
        let body = Array(
            """
            {"id":"a","model":"m","choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant",
            "content":"Looking.","reasoning_content":"hm","tool_calls":[{"id":"c","type":"function",
            "function":{"name":"f","arguments":"{\\"x\\":1}"}}]}}],
            "usage":{"prompt_tokens":10,"completion_tokens":7,"total_tokens":17,
            "prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}}
            """.utf8
        )
        let sent = try leaves(codec.encodeResponse(OpenAIChatCodec().decodeResponse(body)))
        #expect(sent[".candidates[0].content.parts[0].text"] == "\"hm")
        #expect(sent[".candidates[0].content.parts[0].thought"] == "true")
        #expect(sent[".candidates[0].content.parts[1].text"] == "\"Looking.")
        #expect(sent[".candidates[0].content.parts[2].functionCall.args.x"] == "1.0")
        #expect(sent[".candidates[0].finishReason"] == "\"STOP")
        #expect(sent[".usageMetadata.candidatesTokenCount"] == "5.0")
        #expect(sent[".usageMetadata.thoughtsTokenCount"] == "2.0")
        #expect(sent[".usageMetadata.cachedContentTokenCount"] == "4.0")
        #expect(sent[".usageMetadata.totalTokenCount"] == "17.0")
    }
}
