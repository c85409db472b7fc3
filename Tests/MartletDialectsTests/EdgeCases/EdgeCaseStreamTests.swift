import MartletCore
import MartletDialects
import Testing

/// Cases about streams and usage that translators are known to get wrong, by their numbers.
@Suite("Edge cases, streams and usage") struct EdgeCaseStreamTests {
    private let usage = Usage(
        inputTokens: 2_160,
        outputTokens: 41,
        cacheReadTokens: 2_048,
        cacheWriteTokens: 100,
        reasoningTokens: 18
    )

    @Test func `14 tokens of a cache are counted once, in every direction`() throws {
        let response = ChatResponse(
            choices: [.init(index: 0, message: ChatMessage(role: .assistant, text: "x"), finishReason: .stop)],
            usage: ChatUsage(usage)
        )
        let openAI = try leaves(OpenAIChatCodec().encodeResponse(response))
        #expect(openAI[".usage.prompt_tokens"] == "2160.0" && openAI[".usage.total_tokens"] == "2201.0")
        let anthropic = try leaves(AnthropicMessagesCodec().encodeResponse(response))
        #expect(anthropic[".usage.input_tokens"] == "12.0" && anthropic[".usage.cache_read_input_tokens"] == "2048.0")
        for codec in [OpenAIChatCodec(), AnthropicMessagesCodec()] as [any ChatCodec] {
            #expect(try codec.decodeResponse(codec.encodeResponse(response)).usage?.counts == usage)
        }
    }

    @Test func `15 the split of the cache is read from both ends of a stream`() throws {
        let split = try EdgeCase.anthropicChunks("usage-split-over-start-and-end.sse").response.usage?.counts
        #expect(split == usage)
        let late = try EdgeCase.anthropicChunks("usage-whole-at-the-end.sse").response.usage?.counts
        #expect(late == Usage(inputTokens: 2_060, outputTokens: 41, cacheReadTokens: 2_048))
    }

    @Test func `20 usage comes in a chunk of its own with an empty list of choices`() throws {
        let text = EdgeCase.stream(try EdgeCase.anthropicChunks("text.sse").chunks, OpenAIChatCodec())
        let lines = text.split(separator: "\n").filter { $0.contains(#""usage":{"#) }
        #expect(lines.count == 1 && lines[0].contains(#""choices":[],"#))
    }

    @Test func `21 a chunk without choices is read for its usage and breaks nothing`() {
        let events = [
            #"{"choices":[]}"#, EdgeCase.chunk(#""content":"x""#), EdgeCase.chunk("", #""stop""#),
            #"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#, "[DONE]",
        ]
        let decoded = EdgeCase.openAIChunks(events)
        #expect(decoded.failure == nil)
        #expect(decoded.chunks.compactMap(\.usage).last?.counts == Usage(inputTokens: 3, outputTokens: 2))
        #expect(EdgeCase.stream(decoded.chunks, AnthropicMessagesCodec()).contains(#""output_tokens":2"#))
    }

    @Test func `22 usage on many chunks is told once, the last one`() {
        let usage = #","usage":{"prompt_tokens":3,"completion_tokens":N,"total_tokens":5}}"#
        func with(_ chunk: String, _ count: Int) -> String {
            chunk.dropLast() + usage.replacing("N", with: "\(count)")
        }
        let events = [
            with(EdgeCase.chunk(#""content":"x""#), 1), with(EdgeCase.chunk("", #""stop""#), 2), EdgeCase.chunk(""),
            "[DONE]",
        ]
        let decoded = EdgeCase.openAIChunks(events)
        for codec in [OpenAIChatCodec(), OllamaChatCodec()] as [any ChatCodec] {
            let text = EdgeCase.stream(decoded.chunks, codec)
            #expect(text.count(of: #""prompt_tokens":3"#) + text.count(of: #""prompt_eval_count":3"#) == 1)
            #expect(text.contains(#""completion_tokens":2"#) || text.contains(#""eval_count":2"#))
        }
        let anthropic = EdgeCase.stream(decoded.chunks, AnthropicMessagesCodec())
        #expect(anthropic.count(of: "event: message_delta") == 1 && anthropic.contains(#""output_tokens":2"#))
    }

    @Test func `23 an error in the middle reaches the caller and never looks like an end`() throws {
        let decoded = try EdgeCase.anthropicChunks("error-in-the-middle.sse")
        #expect(decoded.failure != nil || decoded.chunks.contains { $0.error != nil })
        #expect(!decoded.chunks.contains { $0.choices.contains { $0.finishReason != nil } })
        let failed = ChatChunk(error: UpstreamFailure(message: "Overloaded", type: "overloaded_error"))
        let chunks = [ChatChunk(choices: [.init(content: "x")]), failed]
        #expect(!EdgeCase.stream(chunks, OpenAIChatCodec()).contains("[DONE]"))
        #expect(!EdgeCase.stream(chunks, AnthropicMessagesCodec()).contains("message_stop"))
        #expect(!EdgeCase.stream(chunks, OllamaChatCodec()).contains(#""done":true"#))
    }

    @Test func `25 calls are counted from zero, whatever blocks stand before them`() throws {
        for name in ["thinking-text-and-tool.sse", "parallel-tools-count-from-zero.sse"] {
            let indices = try EdgeCase.anthropicChunks(name).chunks.flatMap {
                $0.choices.flatMap { $0.toolCalls.map(\.index) }
            }
            let count = try EdgeCase.anthropicChunks(name).response.choices[0].message.toolCalls.count
            #expect(Set(indices) == Set(0..<count) && count > 0)
        }
    }

    @Test func `26 arguments that come whole with the start of a call are not lost`() throws {
        let decoded = try EdgeCase.anthropicChunks("arguments-whole-in-the-start.sse")
        let arguments = try #require(decoded.response.choices[0].message.toolCalls.first?.arguments)
        #expect(arguments.count > 2)
        let call =
            #""tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]"#
        let whole = EdgeCase.openAIChunks([EdgeCase.chunk(call), EdgeCase.chunk("", #""tool_calls""#), "[DONE]"])
        let text = EdgeCase.stream(whole.chunks, AnthropicMessagesCodec())
        #expect(AnthropicDecoded([Array(text.utf8)]).response.choices[0].message.toolCalls[0].arguments == #"{"a":1}"#)
    }

    @Test func `27 a call that ends with stop ends with tool_use, after no empty block`() {
        let call = #""tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]"#
        let events = [
            EdgeCase.chunk(#""role":"assistant","content":"""#), EdgeCase.chunk(call), EdgeCase.chunk("", #""stop""#),
            "[DONE]",
        ]
        let text = EdgeCase.stream(EdgeCase.openAIChunks(events).chunks, AnthropicMessagesCodec())
        #expect(text.contains(#""stop_reason":"tool_use""#) && text.count(of: "event: content_block_start") == 1)
    }

    @Test func `44 a reason that a format does not have keeps its name, and a refusal its words`() throws {
        for (stream, word) in [("paused.sse", "pause_turn"), ("refused.sse", "refusal")] {
            let response = try EdgeCase.anthropicChunks(stream).response
            #expect(try leaves(AnthropicMessagesCodec().encodeResponse(response))[".stop_reason"] == "\"\(word)")
        }
        let events = [EdgeCase.chunk(#""refusal":"Not that.""#), EdgeCase.chunk("", #""stop""#), "[DONE]"]
        let chunks = EdgeCase.openAIChunks(events).chunks
        #expect(EdgeCase.stream(chunks, AnthropicMessagesCodec()).contains("Not that."))
        #expect(EdgeCase.stream(chunks, OllamaChatCodec()).contains("Not that."))
        let odd = EdgeCase.openAIChunks([
            EdgeCase.chunk(#""content":"x""#), EdgeCase.chunk("", #""odd_reason""#), "[DONE]",
        ])
        #expect(EdgeCase.stream(odd.chunks, OpenAIChatCodec()).contains(#""finish_reason":"odd_reason""#))
    }

    @Test func `44 a refusal that comes back makes no empty turn`() throws {
        let messages = #"\#(EdgeCase.user),{"role":"assistant","content":null,"refusal":"No."},\#(EdgeCase.user)"#
        let sent = try EdgeCase.anthropic(messages).leaves
        #expect(sent[".messages[1].content[0].text"] == "\"No.")
        #expect(try EdgeCase.ollama(messages)[".messages[1].content"] == "\"No.")
    }
}
