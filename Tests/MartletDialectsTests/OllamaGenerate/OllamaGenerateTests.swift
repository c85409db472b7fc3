import MartletCore
import MartletDialects
import MartletWire
import Testing

private let codec = OllamaGenerateCodec(settings: OllamaSettings(context: nil, truncates: nil))

@Suite("Ollama generate") struct OllamaGenerateTests {
    @Test(arguments: Fixture.all("OllamaGenerate/requests"))
    func `requests keep every leaf, and the same value`(_ fixture: Fixture) throws {
        let request = try codec.decodeRequest(fixture.bytes)
        let encoded = try codec.encodeRequest(request)
        #expect(try leaves(encoded.body) == leaves(fixture.bytes) && encoded.dropped.isEmpty)
        #expect(try codec.decodeRequest(encoded.body) == request)
    }

    @Test func `requests are chats of one message`() throws {
        let request = try codec.decodeRequest(Fixture.named("full.json", in: "OllamaGenerate/requests").bytes)
        #expect(request.messages.map(\.role) == [.system, .user] && request.dialect == .ollamaGenerate)
        #expect(request.messages[1].text == "What is this?" && request.messages[1].parts.count == 2)
        #expect(request.reasoningEffort == "none" && request.limits.maxCompletionTokens == 64)
        #expect(request.streamOptions == nil && request.stream == false)
    }

    @Test func `requests to other dialects name what only this route has`() throws {
        let body =
            #"{"model":"m","prompt":"Hi","template":"{{ .Prompt }}","context":[1,2],"raw":true,"suffix":"","#
            + #""images":[],"stream":false,"keep_alive":"5m"}"#
        let request = try codec.decodeRequest(Array(body.utf8))
        let openAI = try OpenAIChatCodec().encodeRequest(request)
        #expect(openAI.dropped == ["template", "context", "raw", "keep_alive"])
        let chat = try OllamaChatCodec(settings: codec.settings).encodeRequest(request)
        #expect(chat.dropped == ["template", "context", "raw"])
        #expect(
            String(decoding: chat.body, as: UTF8.self)
                == #"{"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":false,"keep_alive":"5m"}"#
        )
    }

    @Test(arguments: [
        [ChatMessage(role: .user, text: "a"), ChatMessage(role: .assistant, text: "b")],
        [ChatMessage(role: .system, text: "a"), ChatMessage(role: .developer, text: "b")],
        [ChatMessage(role: .user, text: "a"), ChatMessage(role: .user, text: "b")],
        [ChatMessage(role: .user, parts: [.toolResult(ChatToolResult(callID: "c", content: []))])],
    ])
    func `requests of other dialects must be one prompt`(_ messages: [ChatMessage]) {
        let error = #expect(throws: GatewayError.self) {
            try codec.encodeRequest(ChatRequest(model: "m", messages: messages))
        }
        #expect(error?.code == .unsupportedParameter && error?.param == "messages")
    }

    private let answer =
        #"{"model":"m","created_at":"2026-09-21T14:13:20Z","response":"Hi","thinking":"Hm","done":true,"#
        + #""done_reason":"stop","total_duration":9,"prompt_eval_count":3,"eval_count":2}"#

    @Test func `answers are one text, and never a context`() throws {
        let response = try codec.decodeResponse(Array(answer.utf8))
        #expect(response.choices[0].message.text == "Hi" && response.choices[0].message.reasoning == "Hm")
        #expect(response.usage?.counts == Usage(inputTokens: 3, outputTokens: 2))
        #expect(String(decoding: codec.encodeResponse(response), as: UTF8.self).count == answer.count)
        #expect(try leaves(codec.encodeResponse(response)) == leaves(Array(answer.utf8)))
        let context = #"{"model":"m","response":"Hi","done":true,"context":[1,2,3]}"#
        #expect(try codec.decodeResponse(Array(context.utf8)).extra.isEmpty)
        let asked = try leaves(OllamaGenerateCodec(for: callerContext()).encodeResponse(response))
        #expect(asked[".model"] == "\"asked" && asked[".response"] == "\"Hi")
    }

    private let stream =
        #"{"model":"m","created_at":"2026-09-21T14:13:20Z","response":"","thinking":"Hm","done":false}"# + "\n"
        + #"{"model":"m","created_at":"2026-09-21T14:13:20Z","response":"Hé\n","done":false}"# + "\n"
        + #"{"model":"m","created_at":"2026-09-21T14:13:20Z","response":"","done":true,"done_reason":"length","#
        + #""prompt_eval_count":3,"eval_count":2}"# + "\n"

    @Test func `streams decode alike however they are cut, and encode to the same bytes`() throws {
        let whole = decoded([Array(stream.utf8)], with: codec)
        #expect(whole.failure == nil && accumulated(whole.chunks).choices[0].message.text == "Hé\n")
        for reads in cuts(of: Array(stream.utf8)) { #expect(decoded(reads, with: codec).chunks == whole.chunks) }
        #expect(encoded(whole.chunks, with: codec.makeStreamEncoder(includeUsage: false)) == stream)
        #expect(
            encoded(
                whole.chunks,
                with: OllamaGenerateCodec(for: callerContext(model: "m")).makeStreamEncoder(includeUsage: true)
            ) == stream
        )
    }

    @Test func `a last line without an ending counts`() {
        let bytes = Array(stream.utf8.dropLast())
        let whole = decoded([bytes], with: codec)
        #expect(whole.failure == nil && accumulated(whole.chunks).choices[0].finishReason == .length)
    }

    @Test func `calls of tools have no place in a text`() {
        var choice = ChatChunk.Choice(content: "x", finishReason: .toolCalls)
        choice.toolCalls = [ChatChunk.ToolCallDelta(index: 0, id: "c", name: "f", arguments: "{}")]
        let stream = encoded(
            [ChatChunk(model: "m", choices: [choice])],
            with: codec.makeStreamEncoder(includeUsage: true)
        )
        #expect(!stream.contains("tool_calls") && stream.split(separator: "\n").count == 2)
    }

    @Test func `facts tell prompt, pictures and the limit`() throws {
        let body = String(decoding: try Fixture.named("full.json", in: "OllamaGenerate/requests").bytes, as: UTF8.self)
        let facts = try facts(body) { try OllamaGenerateFacts.read($0, scanner: $1) }
        #expect(facts.model == ModelName("llava") && !facts.stream && facts.messageCount == 1 && facts.imageParts == 1)
        #expect(facts.textBytes == 13 + 9 && facts.outputTokenLimit == 64)
        #expect(OllamaGenerateCodec.callerPath("messages[1].content[1].image_url.detail") == "images")
        #expect(OllamaGenerateCodec.callerPath("messages[0].name") == "prompt")
        #expect(OllamaGenerateCodec.callerPath("max_tokens") == "options.num_predict")
    }
}
