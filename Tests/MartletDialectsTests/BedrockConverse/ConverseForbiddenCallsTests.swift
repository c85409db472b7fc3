import MartletCore
import MartletWire
import Testing

@testable import MartletDialects

@Suite("Converse requests that forbid calls") struct ConverseForbiddenCallsTests {
    private static let words = "Do not call any tool in this answer."

    private func body(_ choice: ChatToolChoice?, model: String, cache: PromptCacheMode = .auto) throws -> String {
        let call = ChatToolCall(id: "c1", name: "f", arguments: "{}")
        var request = ChatRequest(
            model: model,
            messages: [
                ChatMessage(role: .system, text: String(repeating: "Rules. ", count: 4_000)),
                ChatMessage(role: .user, text: "Go."),
                ChatMessage(role: .assistant, parts: [.toolCall(call)]),
                ChatMessage(
                    role: .tool,
                    parts: [.toolResult(ChatToolResult(callID: "c1", content: [.text(ChatText("done"))]))]
                ),
            ]
        )
        request.tools = [.function(ChatFunction(name: "f", parameters: JSONText(#"{"type":"object"}"#)))]
        request.toolChoice = choice
        let codec = BedrockConverseCodec(model: model, promptCache: cache)
        return String(decoding: try codec.encodeRequest(request).body, as: UTF8.self)
    }

    @Test("say so behind the last mark, so that what is cached stays the same")
    func behindMarks() throws {
        let model = "anthropic.claude-sonnet-4-5-20250929-v1:0"
        let free = try body(.auto, model: model)
        let forbidden = try body(ChatToolChoice.none, model: model)
        let text = #",{"text":"\#(Self.words)"}"#
        #expect(forbidden.contains(#"{"cachePoint":{"type":"default"}}"# + text), "\(forbidden.suffix(400))")
        #expect(forbidden.replacing(text, with: "") == free)
    }

    @Test("say so with the instructions where a model has no cache")
    func withoutCache() throws {
        let text = try body(ChatToolChoice.none, model: "mistral.mistral-large-2407-v1:0")
        let place = try #require(text.firstRange(of: Self.words))
        let messages = try #require(text.firstRange(of: #""messages":"#))
        #expect(place.lowerBound < messages.lowerBound)
    }
}
