import MartletCore
import MartletDialects
import Testing

/// Cases about thinking that translators are known to get wrong, by their numbers.
@Suite("Edge cases, thinking") struct EdgeCaseThinkingTests {
    /// A history whose last tool turn comes from Claude through an OpenAI client, with its thinking or without.
    private func history(withThinking: Bool) throws -> [ChatMessage] {
        let fixture = try Fixture.named("thinking-text-and-tool.sse", in: "AnthropicMessages/streams")
        let answer = AnthropicDecoded([fixture.bytes], origin: "a").response
        var response = try OpenAIChatCodec().decodeResponse(OpenAIChatCodec().encodeResponse(answer))
        if !withThinking {
            response.choices[0].message.parts.removeAll { if case .reasoning = $0 { true } else { false } }
        }
        let said = response.choices[0].message
        let results = said.toolCalls.map { ChatPart.toolResult(ChatToolResult(callID: $0.id, content: [])) }
        let question = ChatMessage(role: .user, text: "?")
        return [question, said] + results.map { ChatMessage(role: .tool, parts: [$0]) }
    }

    private func sent(_ messages: [ChatMessage], account: String = "a") throws -> [String: String] {
        var request = ChatRequest(model: "claude-sonnet-4-5", messages: messages)
        request.reasoningEffort = "low"
        return try leaves(AnthropicMessagesCodec(origin: account).encodeRequest(request).body)
    }

    @Test func `5 thinking is replayed, and switched off for a request that lost it`() throws {
        let kept = try sent(history(withThinking: true))
        #expect(kept[".thinking.type"] == "\"enabled" && kept[".messages[1].content[0].type"] == "\"thinking")
        let lost = try sent(history(withThinking: false))
        #expect(lost[".thinking.type"] != "\"enabled" && !lost.values.contains("\"thinking"))
    }

    @Test func `6 thinking without text is kept for its signature, and dropped without one`() throws {
        let signed = ChatPart.reasoning(ChatReasoning("", signature: "sig", origin: "a"))
        let plain = ChatPart.reasoning(ChatReasoning(""))
        for (part, isKept) in [(signed, true), (plain, false)] {
            let messages = [
                ChatMessage(role: .user, text: "?"),
                ChatMessage(role: .assistant, parts: [part, .text(ChatText("x"))]),
                ChatMessage(role: .user, text: "!"),
            ]
            #expect(try sent(messages).values.contains("\"sig") == isKept)
            #expect(try sent(messages)[".messages[1].content[\(isKept ? 1 : 0)].text"] == "\"x")
        }
        let streamed = try EdgeCase.anthropicChunks("thinking-without-text.sse").response
        let again = EdgeCase.stream(
            try EdgeCase.anthropicChunks("thinking-without-text.sse").chunks,
            AnthropicMessagesCodec()
        )
        #expect(AnthropicDecoded([Array(again.utf8)]).response.choices[0].message == streamed.choices[0].message)
    }

    @Test func `7 each signature stays with its own thinking`() throws {
        let parts = ["one", "two"].map {
            ChatPart.reasoning(ChatReasoning($0, signature: "sig-" + $0, origin: "a"))
        }
        let messages = [
            ChatMessage(role: .user, text: "?"), ChatMessage(role: .assistant, parts: parts + [.text(ChatText("x"))]),
            ChatMessage(role: .user, text: "!"),
        ]
        let body = try sent(messages)
        for (index, text) in ["one", "two"].enumerated() {
            #expect(body[".messages[1].content[\(index)].thinking"] == "\"\(text)")
            #expect(body[".messages[1].content[\(index)].signature"] == "\"sig-\(text)")
        }
    }

    @Test func `10 a signature of another account is not sent, and its text is not passed off as one's own`() throws {
        let foreign = try sent(history(withThinking: true), account: "b")
        #expect(!foreign.keys.contains { $0.hasSuffix(".signature") })
        let messages = try history(withThinking: true)
        let ollama = try OllamaChatCodec().encodeRequest(ChatRequest(model: "m", messages: messages)).body
        #expect(!String(decoding: ollama, as: UTF8.self).contains("signature"))
    }

    @Test func `13 chunks of nothing but thinking open a thinking block at once`() throws {
        let events = [EdgeCase.chunk(#""role":"assistant""#), EdgeCase.chunk(#""reasoning_content":"hm""#)]
        let decoded = EdgeCase.openAIChunks(events)
        var encoder = AnthropicMessagesCodec().makeStreamEncoder(includeUsage: true)
        var bytes: [UInt8] = []
        for chunk in decoded.chunks { encoder.encode(chunk, into: &bytes) }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains(#""type":"thinking_delta","thinking":"hm""#))
        #expect(!text.contains(#""type":"text""#))
    }

    @Test func `43 a budget fits below the limit, or there is no thinking`() throws {
        func thinking(_ limit: Int) throws -> [String: String] {
            try EdgeCase.anthropic(EdgeCase.user, #""max_tokens":\#(limit),"reasoning_effort":"high""#).leaves
        }
        let cut = try thinking(5_000)
        let budget = try #require(cut[".thinking.budget_tokens"].flatMap(Double.init))
        #expect(budget >= 1_024 && budget < 5_000 && cut[".max_tokens"] == "5000.0")
        #expect(try thinking(1_500)[".thinking.budget_tokens"] == nil)
    }

    @Test func `43 an effort that nobody knows, and a turn of the model at the end, break nothing`() throws {
        let odd = try EdgeCase.anthropic(EdgeCase.user, #""reasoning_effort":"ultra""#)
        #expect(odd.dropped == ["reasoning_effort"] && odd.leaves[".thinking.type"] == nil)
        let prefill = #"\#(EdgeCase.user),{"role":"assistant","content":"Well "}"#
        let sent = try EdgeCase.anthropic(prefill).leaves
        // Blank ends of such a turn are refused.
        #expect(sent[".messages[1].content[0].text"]?.hasSuffix(" ") == false)
    }

    @Test func `sampling that a newer model refuses is named, not sent`() throws {
        let sent = try EdgeCase.anthropic(EdgeCase.user, #""temperature":0.2,"top_p":0.9"#)
        #expect((sent.leaves[".temperature"] == nil) != (sent.leaves[".top_p"] == nil) && sent.dropped.count == 1)
        let newest = try EdgeCase.anthropic(EdgeCase.user, #""temperature":0.2"#, model: "claude-opus-5")
        #expect(newest.leaves[".temperature"] == nil && newest.dropped == ["temperature"])
    }
}
