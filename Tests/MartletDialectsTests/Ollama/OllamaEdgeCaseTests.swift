import MartletCore
import MartletDialects
import Testing

/// Cases that translators between these formats are known to get wrong, each under its own name.
@Suite("Ollama edge cases") struct OllamaEdgeCaseTests {
    private func stream(_ lines: String...) -> OllamaDecoded {
        OllamaDecoded([Array(lines.map { $0 + "\n" }.joined().utf8)])
    }

    private let calls = """
        {"role":"assistant","content":null,"tool_calls":[\
        {"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},\
        {"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]}
        """

    @Test func `parallel results in one message become messages of their own, in the order of the calls`() throws {
        func result(_ id: String) -> ChatPart {
            .toolResult(ChatToolResult(callID: id, content: [.text(ChatText("r" + id))]))
        }
        let asked = ["a", "b", "c"].map { ChatPart.toolCall(ChatToolCall(id: $0, name: "f" + $0, arguments: "{}")) }
        let messages = [
            ChatMessage(role: .assistant, parts: asked),
            ChatMessage(role: .user, parts: [.text(ChatText("go on")), result("c"), result("a"), result("b")]),
        ]
        let sent = try leaves(plainOllama.encodeRequest(ChatRequest(model: "m", messages: messages)).body)
        #expect((1...3).map { sent[".messages[\($0)].content"] } == ["\"ra", "\"rb", "\"rc"])
        #expect((1...3).map { sent[".messages[\($0)].tool_name"] } == ["\"fa", "\"fb", "\"fc"])
        #expect(sent[".messages[4].role"] == "\"user" && sent[".messages[4].content"] == "\"go on")
    }

    @Test func `results in the order of arrival are put in the order of the calls`() throws {
        let results =
            #"{"role":"tool","tool_call_id":"b","content":"2"},{"role":"tool","tool_call_id":"a","content":"1"}"#
        let stray = #"{"role":"tool","tool_call_id":"z","content":"?"}"#
        let sent = try ollamaBody(openAI: #"{"messages":[\#(calls),\#(stray),\#(results)]}"#).leaves
        #expect((1...3).map { sent[".messages[\($0)].tool_call_id"] } == ["\"a", "\"b", "\"z"])
        #expect(sent[".messages[3].tool_name"] == nil && sent[".messages[2].tool_name"] == "\"g")
    }

    @Test func `a result of many parts becomes one text`() throws {
        let parts = #"[{"type":"text","text":"one"},{"type":"text","text":"two"}]"#
        let sent = try ollamaBody(
            openAI: #"{"messages":[\#(calls),{"role":"tool","tool_call_id":"a","content":\#(parts)}]}"#
        )
        #expect(sent.leaves[".messages[1].content"] == "\"one\ntwo" && sent.dropped.isEmpty)
    }

    @Test func `an error flag of a result is named`() {
        let result = ChatToolResult(callID: "a", content: [.text(ChatText("no"))], isError: true)
        var dropped: [String] = []
        let message = ChatMessage(role: .tool, parts: [.toolResult(result)])
        _ = plainOllama.encodeRequest(ChatRequest(model: "m", messages: [message]), dropped: &dropped)
        #expect(dropped == ["messages[0].is_error"])
    }

    @Test func `a foreign signature stays behind and is named, its reasoning goes along`() throws {
        let signed = ChatReasoning("Hm.", extra: [ExtraMember(name: "signature", value: JSONText(#""EqQB""#))])
        let message = ChatMessage(role: .assistant, parts: [.reasoning(signed), .text(ChatText("Yes."))])
        var dropped: [String] = []
        let body = plainOllama.encodeRequest(ChatRequest(model: "m", messages: [message]), dropped: &dropped)
        let sent = try leaves(body)
        #expect(sent[".messages[0].thinking"] == "\"Hm." && sent[".messages[0].content"] == "\"Yes.")
        #expect(dropped == ["messages[0].reasoning_content.signature"])
        #expect(!String(decoding: body, as: UTF8.self).contains("EqQB"))
    }

    @Test func `chunks of reasoning alone are content that a caller waits for`() {
        let decoded = stream(#"{"message":{"role":"assistant","content":"","thinking":"Hm"},"done":false}"#)
        #expect(decoded.chunks.count == 1 && decoded.chunks[0].choices[0].bearsContent)
        #expect(decoded.chunks[0].choices[0].content == nil && decoded.failure == .cut)
    }

    @Test func `an error in the middle is surfaced and never a normal end`() throws {
        let decoded = try OllamaDecoded("error-midway.ndjson")
        #expect(decoded.chunks.count == 2 && decoded.chunks[1].error != nil)
        #expect(decoded.response.choices[0].finishReason == nil)
        let rewritten = Self.openAI(decoded.chunks)
        #expect(rewritten.contains(#"{"error":{"message":"an error"#) && !rewritten.contains("[DONE]"))
    }

    /// The chunks as a stream of OpenAI's format.
    private static func openAI(_ chunks: [ChatChunk]) -> String {
        var encoder = OpenAIChatStreamEncoder(includeUsage: true)
        var bytes: [UInt8] = []
        for chunk in chunks { encoder.encode(chunk, into: &bytes) }
        encoder.finish(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `calls in several lines are counted through, whatever index they carry`() {
        let line =
            #"{"message":{"content":"","tool_calls":[{"function":{"index":0,"name":"f","arguments":{}}}]},"done":false}"#
        let decoded = stream(line, line, #"{"message":{"content":""},"done":true,"done_reason":"stop"}"#)
        #expect(decoded.chunks.flatMap { $0.choices[0].toolCalls.map(\.index) } == [0, 1])
        let calls = decoded.response.choices[0].message.toolCalls
        #expect(calls.count == 2 && calls[0].id != calls[1].id)
    }

    @Test func `arguments that come whole reach a caller of pieces whole`() throws {
        let text = Self.openAI(try OllamaDecoded("one-line.ndjson").chunks)
        #expect(text.contains(#""function":{"name":"f","arguments":"{\"a\":1}"}"#))
        #expect(text.contains(#""finish_reason":"tool_calls""#))
    }

    @Test func `stop with calls of tools means tool calls, streamed or not`() throws {
        let body =
            #"{"message":{"content":"","tool_calls":[{"function":{"name":"f","arguments":{}}}]},"done":true,"#
            + #""done_reason":"stop"}"#
        let whole = try OllamaChatCodec().decodeResponse(Array(body.utf8))
        #expect(whole.choices[0].finishReason == .toolCalls && whole.choices[0].message.text.isEmpty)
        #expect(!whole.choices[0].message.parts.contains(.text(ChatText(""))))
        #expect(stream(body).response.choices[0].finishReason == .toolCalls)
    }

    @Test func `usage of the last line is told once, with no choices`() throws {
        let text = Self.openAI(try OllamaDecoded("text.ndjson").chunks)
        let counts = #""choices":[],"usage":{"prompt_tokens":26,"completion_tokens":28,"total_tokens":54}"#
        #expect(text.components(of: "\"prompt_tokens\"") == 1 && text.contains(counts))
    }

    @Test(arguments: ["null", "{}", "[]", "\"x\"", "true"])
    func `a function without usable parameters gets an empty schema`(_ parameters: String) throws {
        let tool = #"{"type":"function","function":{"name":"f","parameters":\#(parameters)}}"#
        let sent = try ollamaBody(openAI: #"{"messages":[{"role":"user","content":"x"}],"tools":[\#(tool)]}"#)
        #expect(sent.leaves[".tools[0].function.parameters.type"] == "\"object")
        let isObject = parameters == "null" || parameters == "{}"
        #expect(sent.dropped == (isObject ? [] : ["tools[0].function.parameters"]))
    }

    @Test func `an answer without content is a choice with its reason and its usage`() throws {
        let decoded = try OllamaDecoded("empty-answer.ndjson")
        #expect(decoded.failure == nil && decoded.response.choices.count == 1)
        #expect(decoded.response.choices[0].finishReason == .stop && decoded.response.choices[0].message.text.isEmpty)
        #expect(decoded.response.usage?.counts == Usage(inputTokens: 3, outputTokens: 1))
        let body = #"{"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":1}"#
        let whole = try OllamaChatCodec().decodeResponse(Array(body.utf8))
        #expect(whole.choices.count == 1 && whole.choices[0].message.text.isEmpty && whole.usage != nil)
    }

    @Test func `a picture by address is named, not fetched, and its message stays`() throws {
        let image = #"{"type":"image_url","image_url":{"url":"https://example.org/a.png"}}"#
        let sent = try ollamaBody(openAI: #"{"messages":[{"role":"user","content":[\#(image)]}]}"#)
        #expect(sent.leaves[".messages[0].content"] == "\"" && sent.leaves[".messages[0].images[0]"] == nil)
        #expect(sent.dropped == ["messages[0].content[0]"])
    }

    @Test func `a document is not taken for a picture`() throws {
        let file = #"{"type":"file","file":{"file_data":"data:application/pdf;base64,JVBERi0=","filename":"a.pdf"}}"#
        let sent = try ollamaBody(openAI: #"{"messages":[{"role":"user","content":[\#(file)]}]}"#)
        #expect(sent.leaves[".messages[0].images[0]"] == nil && sent.dropped == ["messages[0].content[0]"])
    }

    @Test func `names of tools pass whatever they are, in definitions and history alike`() throws {
        let name = "mcp.server/tool name:é " + String(repeating: "x", count: 200)
        let call = #"{"id":"a","type":"function","function":{"name":"\#(name)","arguments":"{}"}}"#
        let history =
            #"{"role":"assistant","tool_calls":[\#(call)]},{"role":"tool","tool_call_id":"a","content":"r"}"#
        let tool = #"{"type":"function","function":{"name":"\#(name)","description":""}}"#
        let sent = try ollamaBody(openAI: #"{"messages":[\#(history)],"tools":[\#(tool)]}"#)
        #expect(sent.leaves[".tools[0].function.name"] == "\"" + name)
        #expect(sent.leaves[".messages[0].tool_calls[0].function.name"] == "\"" + name)
        #expect(sent.leaves[".messages[1].tool_name"] == "\"" + name && sent.dropped.isEmpty)
    }

    @Test func `tools that must not be called are not shown, tools that must be are named`() throws {
        let tool = #"{"type":"function","function":{"name":"f"}}"#
        func sent(_ choice: String) throws -> (leaves: [String: String], dropped: [String]) {
            try ollamaBody(
                openAI: #"{"messages":[{"role":"user","content":"x"}],"tools":[\#(tool)],"tool_choice":\#(choice)}"#
            )
        }
        let none = try sent(#""none""#)
        #expect(none.leaves[".tools[0].function.name"] == nil && none.dropped == ["tools"])
        for choice in [#""required""#, #"{"type":"function","function":{"name":"f"}}"#] {
            let forced = try sent(choice)
            #expect(forced.leaves[".tools[0].function.name"] == "\"f" && forced.dropped == ["tool_choice"])
        }
        #expect(try sent(#""auto""#).dropped.isEmpty)
    }

    @Test func `a refusal reaches the caller and makes no empty turn when it comes back`() throws {
        let sent = try ollamaBody(openAI: #"{"messages":[{"role":"assistant","content":null,"refusal":"Not that."}]}"#)
        #expect(sent.leaves[".messages[0].content"] == "\"Not that." && sent.dropped.isEmpty)
    }

    @Test(arguments: ["load", "unload", "abort"])
    func `an unknown reason to stop is kept`(_ reason: String) throws {
        let body = #"{"message":{"content":""},"done":true,"done_reason":"\#(reason)"}"#
        let response = try OllamaChatCodec().decodeResponse(Array(body.utf8))
        #expect(response.choices[0].finishReason == .other(reason))
        #expect(try leaves(OllamaChatCodec().encodeResponse(response))[".done_reason"] == "\"" + reason)
    }

    @Test(arguments: ["0", "-1", "1e99", "1.5", "\"7\"", "null", "1099511627777"])
    func `a count nobody can believe is no usage`(_ count: String) throws {
        let body = #"{"message":{"content":"x"},"done":true,"prompt_eval_count":\#(count),"eval_count":2}"#
        #expect(try OllamaChatCodec().decodeResponse(Array(body.utf8)).usage == nil)
        #expect(stream(body).response.usage == nil)
    }
}

extension String {
    /// How often a text stands in this one.
    fileprivate func components(of text: String) -> Int {
        split(separator: text, omittingEmptySubsequences: false).count - 1
    }
}
