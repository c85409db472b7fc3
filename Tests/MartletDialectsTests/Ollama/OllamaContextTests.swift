import MartletCore
import MartletDialects
import Testing

@Suite("Ollama context sizes") struct OllamaContextTests {
    @Test(arguments: [
        (0, 1), (1, 1), (2, 2), (3, 3), (4, 4), (5, 6), (7, 8), (4_096, 4_096), (4_097, 6_144), (6_144, 6_144),
        (6_145, 8_192), (9_000, 12_288), (200_000, 262_144), (1 << 30, 1 << 30), (Int.max, 1 << 30), (Int.min, 1),
    ])
    func `are powers of two and the halves between`(_ tokens: Int, _ step: Int) {
        #expect(OllamaContext.step(atLeast: max(tokens, 0)) == step)
    }

    @Test func `never fall below Ollama's default nor below what is asked for`() {
        let rule = OllamaContext()
        for input in stride(from: Int64(0), through: 300_000, by: 997) {
            let size = rule.tokens(input: input, output: 500)
            #expect(size >= OllamaContext.smallestDefault && Int64(size) >= input + 500)
            // At most half again as much as needed.
            #expect(size == OllamaContext.smallestDefault || size * 2 < Int(input + 501) * 3)
        }
    }

    @Test(arguments: [
        (OllamaContext(), 10, nil, 4_096), (OllamaContext(), 2_048, nil, 4_096), (OllamaContext(), 2_049, nil, 6_144),
        (OllamaContext(), 10, 4_096, 6_144), (OllamaContext(window: 131_072), 100_000, 60_000, 131_072),
        (OllamaContext(window: 2_048), 10, 10, 2_048), (OllamaContext(window: 0), 10, 10, 4_096),
        (OllamaContext(minimum: 32_768), 10, 10, 32_768), (OllamaContext(loaded: 10_000), 7_000, 1_000, 10_000),
        (OllamaContext(loaded: 10_000), 9_000, 1_001, 12_288), (OllamaContext(), Int64.max, Int64.max, 1 << 30),
        (OllamaContext(minimum: .max, loaded: .max), -5, -5, 1 << 30),
    ])
    func `follow prompt and answer inside their bounds`(
        _ rule: OllamaContext,
        _ input: Int64,
        _ output: Int64?,
        _ size: Int
    ) {
        #expect(rule.tokens(input: input, output: output) == size)
    }

    @Test func `count all that takes room`() {
        let call = ChatToolCall(id: "c", name: "name", arguments: "{\"a\":1}")
        let parts: [ChatPart] = [
            .text(ChatText("four")), .reasoning(ChatReasoning("four")), .refusal(ChatText("four")), .toolCall(call),
            .image(ChatImage(url: "data:,x")), .audio(ChatAudio(base64: "AAAA")),
            .other(type: "x", value: JSONText("1")),
        ]
        let result = ChatPart.toolResult(ChatToolResult(callID: "c", content: [.text(ChatText("日本"))]))
        let message = ChatMessage(role: .assistant, parts: parts, refusal: "four")
        var request = ChatRequest(model: "m", messages: [message, ChatMessage(role: .tool, parts: [result])])
        request.tools = [.function(ChatFunction(name: "name", description: "four", parameters: JSONText("{}")))]
        let size = OllamaPromptSize(request)
        #expect(size.asciiBytes == 16 + 11 + 10 && size.otherBytes == 6 && size.media == 2 && size.messages == 2)
        #expect(size.likelyTokens == 11 + 2 * 768 && size.cautiousTokens == 12 + 3 + 16 + 2 * 768 + 8)
        #expect(size.cautiousTokens > size.likelyTokens)
    }

    @Test func `grow with the prompt that is sent`() throws {
        func size(_ bytes: Int, limit: Int? = nil) throws -> Int? {
            var request = ChatRequest(
                model: "m",
                messages: [ChatMessage(role: .user, text: String(repeating: "a", count: bytes))]
            )
            request.limits.maxTokens = limit
            return try OllamaChatCodec().encodeRequest(request).promptCheck?.contextTokens
        }
        #expect(try size(10) == 4_096 && size(12_000) == 6_144 && size(300_000) == 131_072)
        #expect(try size(10, limit: 30_000) == 32_768)
    }

    @Test(arguments: [
        // No count, or no context: nothing to tell from.
        (nil, 4_096, 100, OllamaPromptFit.unknown), (0, 4_096, 100, .unknown), (50, 0, 100, .unknown),
        // It fitted.
        (100, 4_096, 100, .whole), (60, 4_096, 100, .whole), (4_095, 4_096, 4_000, .whole),
        // The prompt fills the context to the last token.
        (4_096, 4_096, 4_000, .truncated), (5_000, 4_096, 4_000, .truncated),
        // What is left after a cut: 4 or 5 kept tokens and half of the rest.
        (2_050, 4_096, 5_000, .truncated), (2_051, 4_096, 4_000, .truncated), (2_050, 4_096, 2_000, .whole),
        // Much more was sent than fits, and much less arrived; or nearly all.
        (3_900, 4_096, 9_000, .truncated), (2_800, 4_096, 4_500, .unknown), (4_000, 4_096, 4_500, .unknown),
        // It should have fitted but few tokens came: cached ones may not have been counted.
        (40, 4_096, 100, .unknown),
        (Int64.max, 1, Int64.max, .truncated), (1, 4, Int64.max, .truncated),
    ])
    func `tell from the count whether the prompt arrived whole`(
        _ count: Int64?,
        _ context: Int,
        _ likely: Int64,
        _ fit: OllamaPromptFit
    ) {
        #expect(OllamaContext.fit(promptTokens: count, contextTokens: context, likelyTokens: likely) == fit)
    }

    @Test func `are compared with the usage of an answer`() throws {
        let text = String(repeating: "word ", count: 8_000)
        let request = ChatRequest(model: "m", messages: [ChatMessage(role: .user, text: text)])
        let small = OllamaChatCodec(settings: OllamaSettings(context: OllamaContext(window: 4_096)))
        let cut = Usage(inputTokens: 2_051, outputTokens: 9)
        let check = try #require(small.encodeRequest(request).promptCheck)
        #expect(check.contextTokens == 4_096 && check.isTruncated(cut) && !check.isTruncated(nil))
        let roomy = try #require(OllamaChatCodec().encodeRequest(request).promptCheck)
        #expect(!roomy.isTruncated(Usage(inputTokens: 8_010, outputTokens: 9)))
        #expect(!check.isTruncated(Usage(inputTokens: 2_051, outputTokens: 9, estimated: true)))
        #expect(try plainOllama.encodeRequest(request).promptCheck == nil)
    }
}
