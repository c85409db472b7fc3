import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Anthropic usage") struct AnthropicUsageTests {
    private func read(_ usage: String) throws -> ChatResponse {
        try AnthropicMessagesCodec().decodeResponse(Array(#"{"content":[],"usage":\#(usage)}"#.utf8))
    }

    @Test func `splits cache writes by how long they are kept`() throws {
        let response = try read(
            #"{"input_tokens":1,"output_tokens":2,"cache_creation_input_tokens":100,"#
                + #""cache_creation":{"ephemeral_5m_input_tokens":70,"ephemeral_1h_input_tokens":30,"x":1}}"#
        )
        let counts = try #require(response.usage).counts
        #expect(counts.inputTokens == 101 && counts.cacheWriteTokens == 100 && counts.cacheWrite1hTokens == 30)
        let again = try leaves(AnthropicMessagesCodec().encodeResponse(response))
        #expect(again[".usage.cache_creation.ephemeral_5m_input_tokens"] == "70.0")
        #expect(again[".usage.cache_creation.ephemeral_1h_input_tokens"] == "30.0")
        #expect(again[".usage.cache_creation.x"] == "1.0")
    }

    @Test func `takes the sum of the parts where the sum is not told`() throws {
        let counts = try #require(
            read(
                #"{"input_tokens":1,"output_tokens":2,"#
                    + #""cache_creation":{"ephemeral_5m_input_tokens":70,"ephemeral_1h_input_tokens":30}}"#
            ).usage
        ).counts
        #expect(counts.inputTokens == 101 && counts.cacheWriteTokens == 100)
    }

    @Test func `never says more of an hour than of all`() throws {
        let counts = try #require(
            read(
                #"{"input_tokens":1,"output_tokens":2,"cache_creation_input_tokens":5,"#
                    + #""cache_creation":{"ephemeral_1h_input_tokens":30}}"#
            ).usage
        ).counts
        #expect(counts.cacheWrite1hTokens == 5)
    }

    @Test func `keeps the vendor's own members from other callers`() throws {
        let response = try read(
            #"{"input_tokens":1,"output_tokens":2,"server_tool_use":{"web_search_requests":1},"service_tier":"batch","#
                + #""output_tokens_details":{"thinking_tokens":1,"x":1}}"#
        )
        let openAI = try leaves(OpenAIChatCodec().encodeResponse(response)).keys.filter { $0.hasPrefix(".usage") }
        let expected = [
            ".usage.prompt_tokens", ".usage.completion_tokens", ".usage.total_tokens",
            ".usage.completion_tokens_details.reasoning_tokens",
        ]
        #expect(Set(openAI) == Set(expected))
    }

    @Test func `of other vendors brings none of their members`() throws {
        let body =
            #"{"choices":[{"message":{"content":"a"}}],"usage":{"prompt_tokens":5,"completion_tokens":2,"queue_time":1,"#
            + #""prompt_tokens_details":{"cached_tokens":3,"audio_tokens":0},"completion_tokens_details":{"x":1}}}"#
        let response = try OpenAIChatCodec().decodeResponse(Array(body.utf8))
        let seen = try leaves(AnthropicMessagesCodec().encodeResponse(response)).keys.filter { $0.hasPrefix(".usage") }
        #expect(Set(seen) == [".usage.input_tokens", ".usage.output_tokens", ".usage.cache_read_input_tokens"])
    }

    @Test(arguments: [
        #"{"prompt_tokens":5,"completion_tokens":2,"total_tokens":"7"}"#,
        #"{"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":"x","prompt_cache_hit_tokens":3}"#,
        #"{"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":"x"},"prompt_cache_hit_tokens":3}"#,
    ])
    func `of OpenAI's kind names nothing twice`(_ usage: String) throws {
        let body = Array(#"{"choices":[{"message":{"content":"a"}}],"usage":\#(usage)}"#.utf8)
        let response = try OpenAIChatCodec().decodeResponse(body)
        #expect(response.usage?.counts.inputTokens == 5)
        _ = try JSONDocument(OpenAIChatCodec().encodeResponse(response))
    }
}
