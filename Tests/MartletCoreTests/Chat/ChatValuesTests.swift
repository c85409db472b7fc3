import MartletCore
import Testing

@Suite("Chat values") struct ChatValuesTests {
    @Test(arguments: ["stop", "length", "tool_calls", "content_filter", "function_call", "abort", ""])
    func `keep every reason to stop by its name`(_ name: String) {
        #expect(FinishReason(name: name).name == name)
    }

    @Test(arguments: [("eos", FinishReason.stop), ("model_length", .length)])
    func `merge the names of one reason`(_ name: String, _ reason: FinishReason) {
        #expect(FinishReason(name: name) == reason)
    }

    @Test(arguments: ["system", "developer", "user", "assistant", "tool", "function", "critic"])
    func `keep every role by its name`(_ name: String) {
        #expect(ChatRole(name: name).name == name)
    }

    @Test func `compare the names of extra members byte by byte`() {
        let composed = ExtraMember(name: "\u{E9}", value: JSONText("1"))
        let decomposed = ExtraMember(name: "e\u{301}", value: JSONText("1"))
        #expect(composed != decomposed)
    }

    @Test func `count prompt text in results of tools, not in pictures or calls`() {
        let result = ChatToolResult(
            callID: "c",
            content: [.text(ChatText("four")), .image(ChatImage(url: "https://x"))]
        )
        let call = ChatToolCall(id: "c", name: "name", arguments: "{}")
        let request = ChatRequest(
            model: nil,
            messages: [
                ChatMessage(role: .user, text: "é"), ChatMessage(role: .assistant, parts: [.toolCall(call)]),
                ChatMessage(role: .tool, parts: [.toolResult(result)]),
            ]
        )
        #expect(request.textBytes == 6 && request.estimatedInputTokens == 2)
    }

    @Test func `accumulate choices and calls by index, within bounds`() {
        var accumulator = ChatAccumulator()
        accumulator.add(ChatChunk(choices: [.init(index: 1, content: "b"), .init(index: 0, content: "a")]))
        var call = ChatChunk.Choice(index: 0)
        call.toolCalls = [
            .init(index: 0, id: "x", name: "f", arguments: "{"), .init(index: 1, id: "y", name: "g", arguments: ""),
            .init(index: 0, arguments: "}"), .init(index: -1, id: "z"), .init(index: .max, id: "z"),
        ]
        accumulator.add(ChatChunk(choices: [call]))
        let response = accumulator.response
        #expect(response.choices.map(\.index) == [0, 1] && response.choices.map(\.message.text) == ["a", "b"])
        #expect(response.choices[0].message.toolCalls.map(\.arguments) == ["{}", ""])
        for index in 0..<5_000 { accumulator.add(ChatChunk(choices: [.init(index: index, content: "x")])) }
        #expect(accumulator.response.choices.count == 1_024)
    }
}
