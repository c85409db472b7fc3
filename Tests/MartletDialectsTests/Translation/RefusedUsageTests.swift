import MartletCore
import MartletDialects
import Testing

@Suite("Usage of answers that are refused") struct RefusedUsageTests {
    @Test(
        "is read in the words of each dialect",
        arguments: [
            (
                Dialect.openAIChat,
                #"{"error":{"message":"x"},"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#
            ),
            (.openAICompletions, #"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#),
            (.sageMakerChat, #"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#),
            (
                .openAIResponses,
                #"{"status":"failed","error":{"message":"x"},"usage":{"input_tokens":9,"output_tokens":2}}"#
            ),
            (
                .anthropicMessages,
                #"{"content":null,"usage":{"input_tokens":5,"cache_read_input_tokens":4,"output_tokens":2}}"#
            ),
            (.anthropicVertex, #"{"content":null,"usage":{"input_tokens":9,"output_tokens":2}}"#),
            (.bedrockAnthropic, #"{"content":null,"usage":{"input_tokens":9,"output_tokens":2}}"#),
            (
                .bedrockConverse,
                #"{"output":{"message":{"role":"assistant","content":[]}},"stopReason":"malformed_tool_use","usage":{"inputTokens":9,"outputTokens":2,"totalTokens":11}}"#
            ),
            (
                .gemini,
                #"{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":2}}"#
            ),
        ]
    )
    func each(dialect: Dialect, body: String) throws {
        let codec = try #require(dialect.codec(CodecSettings(account: "here")))
        for codec in [codec, codec.leavingOut(["user"])] {
            let usage = codec.usage(ofRefused: Array(body.utf8))
            #expect(usage?.inputTokens == 9 && usage?.outputTokens == 2)
        }
    }

    @Test(
        "is none where there is none",
        arguments: [
            Dialect.openAIChat, .openAICompletions, .sageMakerChat, .openAIResponses, .anthropicMessages,
            .anthropicVertex, .bedrockAnthropic, .bedrockConverse, .gemini, .ollamaChat, .simpleChat,
        ]
    )
    func none(dialect: Dialect) throws {
        let codec = try #require(dialect.codec(CodecSettings(account: "here")))
        for body in ["", "[]", "{}", "null", #"{"usage":7,"usageMetadata":[]}"#, #"{"usage":{"input_tokens":-1}}"#] {
            #expect(codec.usage(ofRefused: Array(body.utf8)) == nil, "\(body)")
        }
    }
}
