import MartletCore
import MartletDialects
import MartletWire
import Testing

private let city = #"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"#
private let none = StructuredOutputSupport(jsonSchema: false, jsonObject: false, forcedTools: true)
private let noTools = StructuredOutputSupport(jsonSchema: false, jsonObject: false, forcedTools: false)

private func request(
    schema: String = city,
    strict: Bool? = nil,
    _ edit: (inout ChatRequest) -> Void = { _ in }
) -> ChatRequest {
    let messages = [ChatMessage(role: .system, text: "Be brief."), ChatMessage(role: .user, text: "Where?")]
    var request = ChatRequest(model: "m", messages: messages)
    request.responseFormat = .jsonSchema(JSONSchemaFormat(name: "place", schema: JSONText(schema), strict: strict))
    edit(&request)
    return request
}

private func answer(_ parts: ChatPart..., reason: FinishReason = .stop, usage: Usage? = nil) -> ChatResponse {
    let message = ChatMessage(role: .assistant, parts: parts)
    let choice = ChatResponse.Choice(index: 0, message: message, finishReason: reason)
    return ChatResponse(id: "r", choices: [choice], usage: usage.map { ChatUsage($0) })
}

private func call(_ arguments: String, name: String = "place", id: String = "c") -> ChatPart {
    .toolCall(ChatToolCall(id: id, name: name, arguments: arguments))
}

private func text(_ text: String) -> ChatPart { .text(ChatText(text)) }

private func start(
    _ request: ChatRequest,
    _ support: StructuredOutputSupport = none
) throws -> (request: ChatRequest, output: StructuredOutput) {
    try #require(try StructuredOutput.start(request, support))
}

extension StructuredOutput.Outcome {
    fileprivate var choice: ChatResponse.Choice? {
        if case .accept(let response) = self { response.choices[0] } else { nil }
    }
    fileprivate var repair: ChatRequest? { if case .repair(let request) = self { request } else { nil } }
    fileprivate var error: GatewayError? { if case .fail(let error) = self { error } else { nil } }
}

@Suite("Structured output, the request") struct StructuredOutputRequestTests {
    @Test func `is left alone where the target knows schemas, and where no shape is asked for`() throws {
        let native = StructuredOutputSupport(jsonSchema: true, jsonObject: true, forcedTools: true)
        #expect(try StructuredOutput.start(request(), native) == nil)
        #expect(try StructuredOutput.start(request { $0.responseFormat = .jsonObject }, native) == nil)
        for format in [nil, ResponseFormat.text, .other(JSONText("{}"))] {
            #expect(try StructuredOutput.start(request { $0.responseFormat = format }, none) == nil)
        }
    }

    @Test func `goes by what is known of the target`() {
        func support(_ dialect: Dialect, _ model: String = "m", _ follows: Bool? = nil) -> StructuredOutputSupport {
            StructuredOutputSupport(
                dialect,
                traits: ModelTraits(model: model, dialects: [dialect]),
                followsSchemas: follows,
                takesTools: nil
            )
        }
        #expect(support(.anthropicMessages, "claude-sonnet-4-5").jsonSchema)
        #expect(!support(.anthropicMessages, "claude-3-5-sonnet-20241022").jsonSchema)
        #expect(!support(.anthropicMessages).jsonObject && support(.anthropicMessages).forcedTools)
        #expect(support(.openAIChat).jsonSchema && !support(.openAIChat, "gpt-3.5-turbo", false).jsonSchema)
        #expect(support(.ollamaChat, "m", false).jsonSchema && !support(.ollamaChat).forcedTools)
    }

    @Test func `makes the schema the arguments of a tool that must be called`() throws {
        let steered = try start(request()).request
        #expect(steered.responseFormat == nil && steered.toolChoice == .function(name: "place"))
        guard case .function(let tool)? = steered.tools?.first else { Issue.record("there is no tool"); return }
        #expect(tool.name == "place" && tool.parameters == JSONText(city) && steered.tools?.count == 1)
        #expect(steered.messages == request().messages)
    }

    @Test func `offers the tool to a model that thinks, and says so`() throws {
        let steered = try start(request { $0.reasoningEffort = "high" }).request
        #expect(steered.toolChoice == .auto && steered.reasoningEffort == "high")
        #expect(steered.messages[0].text.hasPrefix("Be brief.\n\nGive your answer by calling the tool place"))
        #expect(try start(request { $0.reasoningEffort = "none" }).request.toolChoice == .function(name: "place"))
    }

    @Test func `leaves the caller's tools alone and tells the model in words`() throws {
        let tools = [ChatTool.function(ChatFunction(name: "f"))]
        let steered = try start(
            request {
                $0.tools = tools; $0.toolChoice = .auto
            }
        ).request
        #expect(steered.tools == tools && steered.toolChoice == .auto && steered.responseFormat == nil)
        #expect(
            steered.messages[0].text.contains("When you do not call a tool") && steered.messages[0].text.hasSuffix(city)
        )
    }

    @Test func `tells in words what a tool cannot carry`() throws {
        let list = try start(request(schema: #"{"type":"array"}"#)).request
        #expect(list.tools == nil && list.messages[0].text.hasSuffix(#"{"type":"array"}"#))
        let history = ChatMessage(role: .assistant, parts: [call("{}", name: "f")])
        #expect(try start(request { $0.messages.append(history) }).request.tools == nil)
        #expect(try start(request(), noTools).request.tools == nil)
        let anyObject = try start(request { $0.responseFormat = .jsonObject }).request
        #expect(anyObject.tools == nil && anyObject.messages[0].text.contains("one JSON object"))
    }

    @Test func `uses what the target has: any object, and a first message that may be missing`() throws {
        let half = StructuredOutputSupport(jsonSchema: false, jsonObject: true, forcedTools: false)
        #expect(try start(request(), half).request.responseFormat == .jsonObject)
        #expect(try start(request(schema: #"{"type":"array"}"#), half).request.responseFormat == nil)
        let bare = try start(request { $0.messages.removeFirst() }, noTools).request
        #expect(bare.messages.count == 2 && bare.messages[0].role == .system)
        let onlySystem = try start(request { $0.messages.removeLast() }, noTools).request
        #expect(onlySystem.messages.count == 1)
    }

    @Test(arguments: [#"{"type":"strnig"}"#, "3", ##"{"$ref":"#/$defs/x"}"##])
    func `is refused when the schema is none`(_ schema: String) {
        let error = #expect(throws: GatewayError.self) { try StructuredOutput.start(request(schema: schema), none) }
        #expect(error?.code == .invalidValue && error?.param == "response_format.json_schema.schema")
    }

    @Test func `names what is kept less well than asked for`() throws {
        #expect(try start(request(strict: true)).output.approximated.isEmpty)
        let streamed = try start(request(strict: true) { $0.stream = true }).output
        #expect(streamed.approximated == ["response_format.json_schema.strict"])
        let odd = try start(request(schema: #"{"properties":{"ä,b":{"pattern":"(a)\\1"}}}"#)).output
        #expect(odd.approximated == ["response_format.json_schema.schema/properties/???b/pattern"])
    }
}

@Suite("Structured output, the answer") struct StructuredOutputAnswerTests {
    @Test func `gives the call back as text that ends by itself`() throws {
        var output = try start(request()).output
        let thought = ChatPart.reasoning(ChatReasoning("hm"))
        let outcome = output.check(answer(thought, text("Here:"), call(#"{"city":"Oslo"}"#), reason: .toolCalls))
        let choice = try #require(outcome.choice)
        #expect(choice.message.parts == [thought, text(#"{"city":"Oslo"}"#)] && choice.finishReason == .stop)
    }

    @Test(arguments: [
        #"{"city":"Oslo"}"#, " {\"city\":\"Oslo\"}\n", "```json\n{\"city\":\"Oslo\"}\n```",
        "```\n{\"city\":\"Oslo\"}```",
        "Sure!\n\n```json\n{\"city\":\"Oslo\"}\n```\nAnything else?", "It is {\"city\":\"Oslo\"}.",
    ])
    func `finds the JSON in what a model wrote`(_ written: String) throws {
        for support in [none, noTools] {
            var output = try start(request(), support).output
            #expect(output.check(answer(text(written))).choice?.message.text == #"{"city":"Oslo"}"#)
        }
    }

    @Test func `shows the model once what is wrong, then fails`() throws {
        var output = try start(request()).output
        let first = output.check(answer(call(#"{"city":7}"#), reason: .toolCalls))
        let repair = try #require(first.repair)
        #expect(repair.messages.count == 4 && repair.toolChoice == .function(name: "place"))
        #expect(repair.messages[2].toolCalls.first?.arguments == #"{"city":7}"#)
        guard case .toolResult(let result)? = repair.messages[3].parts.first,
            case .text(let words)? = result.content.first
        else { Issue.record("there is no result"); return }
        #expect(result.callID == "c" && result.isError == true && words.text.contains("/city: expected a string"))
        let error = try #require(output.check(answer(call("{}"), reason: .toolCalls)).error)
        #expect(error.code.status == 502 && error.param == "response_format")
        #expect(error.message.contains(#"the whole: expected the property "city""#))
    }

    @Test func `accepts the repaired answer and counts the tokens of both`() throws {
        var output = try start(request(), noTools).output
        let usage = Usage(inputTokens: 10, outputTokens: 5, cacheReadTokens: 3)
        let repair = try #require(output.check(answer(text("I do not know."), usage: usage)).repair)
        #expect(repair.messages.map(\.role) == [.system, .user, .assistant, .user])
        #expect(repair.messages[3].text.contains("it is no JSON"))
        let outcome = output.check(answer(text(#"{"city":"Oslo"}"#), usage: Usage(inputTokens: 20, outputTokens: 6)))
        guard case .accept(let response) = outcome else { Issue.record("it was not accepted"); return }
        #expect(response.usage?.counts == Usage(inputTokens: 30, outputTokens: 11, cacheReadTokens: 3))
    }

    @Test func `never shows what the model wrote in an error`() throws {
        var output = try start(request(), noTools).output
        _ = output.check(answer(text("secret")))
        let error = try #require(output.check(answer(text(#"{"city":["secret"]}"#))).error)
        #expect(!error.message.contains("secret"))
    }

    @Test func `leaves refusals, filtered answers, cut ones and the caller's own tools as they are`() throws {
        var refused = answer()
        refused.choices[0].message.refusal = "No."
        var output = try start(request(), none).output
        #expect(output.check(refused) == .accept(refused))
        let filtered = answer(text("x"), reason: .contentFilter)
        #expect(output.check(filtered) == .accept(filtered))
        let cut = try #require(output.check(answer(call(#"{"ci"#), reason: .length)).choice)
        #expect(cut.message.parts == [text(#"{"ci"#)] && cut.finishReason == .length)
        let tools = [ChatTool.function(ChatFunction(name: "f"))]
        var withTools = try start(request { $0.tools = tools }).output
        let called = answer(call("{}", name: "f"), reason: .toolCalls)
        #expect(withTools.check(called) == .accept(called))
    }

    @Test func `checks any object, and only that it is one`() throws {
        var output = try start(request { $0.responseFormat = .jsonObject }).output
        #expect(output.check(answer(text(#"{"a":[1]}"#))).choice != nil)
        #expect(output.check(answer(text("[1]"))).repair != nil)
    }

    @Test func `carries a repair through every dialect`() throws {
        var output = try start(request { $0.limits = ChatLimits(maxTokens: 9) }).output
        let repair = try #require(output.check(answer(call(#"{"city":7}"#), reason: .toolCalls)).repair)
        let sent = try leaves(AnthropicMessagesCodec().encodeRequest(repair).body)
        #expect(sent[".messages[2].content[0].is_error"] == "true" && sent[".tool_choice.name"] == "\"place")
        #expect(try leaves(OpenAIChatCodec().encodeRequest(repair).body)[".messages[3].tool_call_id"] == "\"c")
    }
}

@Suite("Structured output, streamed") struct StructuredOutputStreamTests {
    private func run(_ output: StructuredOutput, _ choices: [ChatChunk.Choice]) -> ChatResponse.Choice? {
        var stream = output.makeStream()
        var accumulator = ChatAccumulator()
        for choice in choices {
            var chunk = ChatChunk(id: "r", choices: [choice])
            stream.rewrite(&chunk)
            accumulator.add(chunk)
        }
        if let last = stream.finish() { accumulator.add(last) }
        return accumulator.response.choices.first
    }

    private func piece(_ arguments: String?, name: String? = nil, index: Int = 0) -> ChatChunk.Choice {
        var choice = ChatChunk.Choice()
        choice.toolCalls = [
            ChatChunk.ToolCallDelta(index: index, id: name.map { _ in "c" }, name: name, arguments: arguments)
        ]
        return choice
    }

    @Test func `turns the pieces of the call into pieces of text`() throws {
        let output = try start(request { $0.stream = true }).output
        let choice = run(
            output,
            [
                ChatChunk.Choice(role: .assistant, content: "I will call it."), ChatChunk.Choice(reasoning: "hm"),
                piece("", name: "place"), piece(#"{"city":"#), piece(#""Oslo"}"#),
                ChatChunk.Choice(finishReason: .toolCalls),
            ]
        )
        #expect(choice?.message.text == #"{"city":"Oslo"}"# && choice?.finishReason == .stop)
        #expect(choice?.message.reasoning == "hm" && choice?.message.toolCalls.isEmpty == true)
    }

    @Test func `leaves out a second call`() throws {
        let output = try start(request { $0.stream = true }).output
        let choice = run(
            output,
            [
                piece("{}", name: "place"), piece(#"{"x":1}"#, name: "place", index: 1),
                ChatChunk.Choice(finishReason: .toolCalls),
            ]
        )
        #expect(choice?.message.text == "{}")
    }

    @Test(arguments: [true, false])
    func `hears a model that writes in place of calling`(_ endsWell: Bool) throws {
        let output = try start(request { $0.stream = true }).output
        var choices = [ChatChunk.Choice(content: #"{"city":"#), ChatChunk.Choice(content: #""Oslo"}"#)]
        if endsWell { choices.append(ChatChunk.Choice(finishReason: .stop)) }
        #expect(run(output, choices)?.message.text == #"{"city":"Oslo"}"#)
        let long = [ChatChunk.Choice](
            repeating: ChatChunk.Choice(content: String(repeating: "x", count: 1_000)),
            count: 99
        )
        #expect(run(output, long)?.message.text.utf8.count == 99_000)
    }

    @Test func `keeps the caller's tools where the model was only told`() throws {
        let tools = [ChatTool.function(ChatFunction(name: "f"))]
        let output = try start(request { $0.tools = tools }).output
        let choice = run(output, [piece("{}", name: "f"), ChatChunk.Choice(finishReason: .toolCalls)])
        #expect(choice?.message.toolCalls.count == 1 && choice?.finishReason == .toolCalls)
    }

    @Test func `keeps the reason of an answer that was cut`() throws {
        let output = try start(request { $0.stream = true }).output
        let choice = run(output, [piece(#"{"ci"#, name: "place"), ChatChunk.Choice(finishReason: .length)])
        #expect(choice?.message.text == #"{"ci"# && choice?.finishReason == .length)
    }
}
