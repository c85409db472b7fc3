import MartletCore
import MartletDialects
import Testing

@Suite("Usage of Gemini") struct GeminiUsageTests {
    private static func answer(_ usage: String) -> [UInt8] {
        Array(
            (#"{"candidates":[{"content":{"parts":[{"text":"a"}],"role":"model"},"finishReason":"STOP","index":0}],"#
                + #""usageMetadata":\#(usage)}"#)
                .utf8
        )
    }

    /// Counts of every kind; the tokens of the prompt are 400 of text, 300 of sound, 200 of pictures and 100 of video, a
    /// third of the sound and half the pictures from the cache.
    private static let everything =
        #"{"promptTokenCount":1000,"cachedContentTokenCount":250,"candidatesTokenCount":90,"thoughtsTokenCount":30,"#
        + #""toolUsePromptTokenCount":60,"totalTokenCount":1180,"#
        + #""promptTokensDetails":[{"modality":"TEXT","tokenCount":400},{"modality":"AUDIO","tokenCount":300},"#
        + #"{"modality":"IMAGE","tokenCount":200},{"modality":"VIDEO","tokenCount":100}],"#
        + #""cacheTokensDetails":[{"modality":"TEXT","tokenCount":50},{"modality":"AUDIO","tokenCount":100},"#
        + #"{"modality":"IMAGE","tokenCount":100}],"#
        + #""toolUsePromptTokensDetails":[{"modality":"IMAGE","tokenCount":20},{"modality":"TEXT","tokenCount":40}],"#
        + #""candidatesTokensDetails":[{"modality":"TEXT","tokenCount":10},{"modality":"AUDIO","tokenCount":35},"#
        + #"{"modality":"IMAGE","tokenCount":45}],"trafficType":"ON_DEMAND"}"#

    private static func usage(_ text: String, streamed: Bool = false) throws -> ChatUsage? {
        let codec = GeminiCodec(origin: "here")
        guard streamed else { return try codec.decodeResponse(answer(text)).usage }
        var chunks: [ChatChunk] = []
        var decoder = codec.makeStreamDecoder()
        // The last of several counts.
        let first = answer(#"{"promptTokenCount":1000,"totalTokenCount":1000}"#)
        for event in [first, answer(text)] {
            try decoder.decode((Array("data: ".utf8) + event + Array("\r\n\r\n".utf8)).span, into: &chunks)
        }
        try decoder.finish(into: &chunks)
        return chunks.last { $0.usage != nil }?.usage
    }

    @Test("falls into parts, each token in one of them", arguments: [false, true])
    func parts(streamed: Bool) throws {
        let counts = try #require(try Self.usage(Self.everything, streamed: streamed)).counts
        let parts = UsageParts(counts)
        #expect(parts.cacheRead == 250)
        #expect(parts.audioInput == 200 && parts.imageInput == 120)
        #expect(parts.freshInput == 1060 - 250 - 200 - 120)
        #expect(parts.reasoning == 30 && parts.audioOutput == 35 && parts.imageOutput == 45 && parts.output == 10)
        #expect(parts.inputTotal == 1060 && parts.outputTotal == 120)
    }

    @Test("is told to callers of chat completions with its sound and pictures")
    func told() throws {
        var response = try GeminiCodec().decodeResponse(Self.answer(Self.everything))
        response.id = "a"
        let sent = try leaves(OpenAIChatCodec().encodeResponse(response))
        #expect(sent[".usage.prompt_tokens_details.audio_tokens"] == "200.0")
        #expect(sent[".usage.prompt_tokens_details.image_tokens"] == "120.0")
        #expect(sent[".usage.prompt_tokens_details.cached_tokens"] == "250.0")
        #expect(sent[".usage.completion_tokens_details.audio_tokens"] == "35.0")
        #expect(sent[".usage.completion_tokens_details.image_tokens"] == "45.0")
        #expect(sent[".usage.total_tokens"] == "1180.0")
    }

    @Test(
        "whose parts are beyond belief has none of them",
        arguments: [
            #"[{"modality":"AUDIO","tokenCount":-5}]"#, #"[{"modality":"AUDIO","tokenCount":4398046511104}]"#,
            #"[{"modality":"AUDIO","tokenCount":"7"}]"#, #"[{"modality":7}]"#, #"{"modality":"AUDIO"}"#, "null",
        ]
    )
    func beyondBelief(details: String) throws {
        let text = #"{"promptTokenCount":10,"candidatesTokenCount":1,"promptTokensDetails":\#(details)}"#
        let counts = try #require(try Self.usage(text)).counts
        #expect(counts.inputTokens == 10 && counts.audioInputTokens == 0)
    }

    @Test("tells no more sound than there is input")
    func tooMuch() throws {
        let text = #"{"promptTokenCount":10,"promptTokensDetails":[{"modality":"AUDIO","tokenCount":50}]}"#
        #expect(UsageParts(try #require(try Self.usage(text)).counts).audioInput == 10)
    }

    @Test(
        "stands beside answers that are none",
        arguments: [
            #"{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL","index":0}],"usageMetadata":{"promptTokenCount":9}}"#,
            #"{"error":{"code":500,"message":"x"},"usageMetadata":{"promptTokenCount":9}}"#,
            #"{"usageMetadata":{"promptTokenCount":9},"candidates":7}"#,
        ]
    )
    func refused(body: String) {
        #expect(GeminiCodec().usage(ofRefused: Array(body.utf8))?.inputTokens == 9)
    }

    @Test(
        "of a prompt or an answer that was refused is told with it",
        arguments: [
            #"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":9,"totalTokenCount":9}}"#,
            #"{"candidates":[{"finishReason":"SAFETY","index":0}],"usageMetadata":{"promptTokenCount":9}}"#,
            #"{"candidates":[],"usageMetadata":{"promptTokenCount":9}}"#,
        ]
    )
    func blocked(body: String) throws {
        #expect(try GeminiCodec().decodeResponse(Array(body.utf8)).usage?.counts.inputTokens == 9)
    }

    @Test("stands beside a call that a stream could not write")
    func failedStream() throws {
        let event =
            #"{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL","index":0}],"usageMetadata":{"promptTokenCount":9}}"#
        var chunks: [ChatChunk] = []
        var decoder = GeminiCodec().makeStreamDecoder()
        #expect(throws: Never.self) { try decoder.decode(Array("data: \(event)\n\n".utf8).span, into: &chunks) }
        #expect(chunks.last?.error != nil && chunks.last?.usage?.counts.inputTokens == 9)
    }
}
