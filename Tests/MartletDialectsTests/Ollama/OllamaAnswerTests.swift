import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Ollama chat answers") struct OllamaAnswerTests {
    let codec = OllamaChatCodec()

    private func response(_ name: String) throws -> ChatResponse {
        try codec.decodeResponse(Fixture.named(name, in: "Ollama/responses").bytes)
    }

    @Test(arguments: Fixture.all("Ollama/responses"))
    func `decode to the same value again after encoding`(_ fixture: Fixture) throws {
        let response = try codec.decodeResponse(fixture.bytes)
        #expect(try codec.decodeResponse(codec.encodeResponse(response)) == response)
    }

    @Test(arguments: Fixture.all("Ollama/responses"))
    func `keep every leaf but fractions of seconds`(_ fixture: Fixture) throws {
        var before = try leaves(fixture.bytes)
        var after = try leaves(codec.encodeResponse(codec.decodeResponse(fixture.bytes)))
        for name in [".created_at", ".done_reason"] {
            before[name] = nil
            after[name] = nil
        }
        // Ids that were missing are made up, and places are counted.
        let isCounted = { (path: String) in path.hasSuffix(".id") || path.hasSuffix(".function.index") }
        #expect(after.filter { !isCounted($0.key) } == before.filter { !isCounted($0.key) })
    }

    @Test func `tell text, time, tokens and durations`() throws {
        let text = try response("text.json")
        #expect(text.choices[0].message == ChatMessage(role: .assistant, text: "Hello, \"you\" é😀."))
        #expect(text.choices[0].finishReason == .stop && text.model == "llama3.2" && text.created == 1_787_363_302)
        #expect(text.usage?.counts == Usage(inputTokens: 26, outputTokens: 282))
        #expect(text.extra.map(\.name).contains("load_duration"))
        let length = try response("length.json")
        #expect(length.choices[0].message.reasoning == "I think and think")
        #expect(length.choices[0].finishReason == .length && length.created == 1_709_245_800)
        #expect(try response("load.json").choices[0].finishReason == .other("load"))
    }

    @Test func `with calls ask for tools, and every call has an id of its own`() throws {
        let choice = try response("tools.json").choices[0]
        #expect(choice.finishReason == .toolCalls && choice.message.reasoning == "Two cities.")
        let calls = choice.message.toolCalls
        #expect(
            calls.map(\.arguments) == [#"{"city":"Oslo","days":[1,2.5]}"#, #"{"city":"Rome"}"#, #"{"city":"Rome"}"#]
        )
        #expect(calls[0].id == "call_ab12cd34" && Set(calls.map(\.id)).count == 3)
        #expect(try response("tools.json").choices[0].message.toolCalls == calls)
    }

    @Test func `without the tokens of the prompt leave usage to an estimate`() throws {
        let cached = try response("cached.json")
        #expect(cached.usage == nil && cached.extra.map(\.name) == ["eval_count"])
        #expect(cached.choices[0].finishReason == .stop)
        let wild = #"{"message":{"content":"x"},"done":true,"prompt_eval_count":-1,"eval_count":2}"#
        #expect(try codec.decodeResponse(Array(wild.utf8)).usage == nil)
        let none = #"{"message":{"content":""},"done":true,"prompt_eval_count":5}"#
        #expect(
            try codec.decodeResponse(Array(none.utf8)).usage?.counts == Usage(inputTokens: 5, outputTokens: 0)
        )
    }

    @Test func `carry log-probabilities both ways`() throws {
        let extra = try response("logprobs.json").choices[0].extra
        #expect(extra.map(\.name) == ["logprobs"])
        #expect(try leaves(extra[0].value.bytes)[".content[0].top_logprobs[0].logprob"] == "-0.25")
    }

    @Test func `of other formats are written the way Ollama says them`() throws {
        let call = ChatToolCall(id: "call_1", name: "f", arguments: "{\n\"a\": 1}")
        let parts: [ChatPart] = [.reasoning(ChatReasoning("Hm.")), .text(ChatText("No.")), .toolCall(call)]
        let message = ChatMessage(role: .assistant, parts: parts, refusal: " Never.")
        let other = ChatResponse.Choice(
            index: 1,
            message: ChatMessage(role: .assistant, text: "x"),
            finishReason: .stop
        )
        let response = ChatResponse(
            id: "chatcmpl-1",
            created: 1_787_363_302,
            model: "m",
            choices: [ChatResponse.Choice(index: 0, message: message, finishReason: .toolCalls), other],
            usage: ChatUsage(Usage(inputTokens: 7, outputTokens: 8, cacheReadTokens: 4))
        )
        let expected =
            #"{"model":"m","created_at":"2026-08-22T01:48:22Z","message":{"role":"assistant","content":"No. Never.","#
            + #""thinking":"Hm.","tool_calls":[{"id":"call_1","function":{"index":0,"name":"f","arguments":{"a":1}}}]},"#
            + #""done":true,"done_reason":"stop","prompt_eval_count":7,"eval_count":8}"#
        #expect(try leaves(codec.encodeResponse(response)) == leaves(Array(expected.utf8)))
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (4_107_542_399, "2100-02-28T23:59:59Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
        (-5, "1970-01-01T00:00:00Z"), (Int64.max, "9999-12-31T23:59:59Z"),
    ])
    func `write and read every time`(_ seconds: Int64, _ text: String) throws {
        let body = codec.encodeResponse(ChatResponse(created: seconds, choices: []))
        #expect(try leaves(body)[".created_at"] == "\"" + text)
        #expect(try codec.decodeResponse(body).created == min(max(seconds, 0), 253_402_300_799))
    }

    @Test(arguments: ["2026-13-01T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00+0100", "now"])
    func `keep a time they cannot read as it came`(_ time: String) throws {
        let body = #"{"created_at":"\#(time)","message":{"content":"x"},"done":true}"#
        let response = try codec.decodeResponse(Array(body.utf8))
        #expect(response.created == nil && response.extra.map(\.name) == ["created_at"])
    }

    @Test(arguments: [
        (#"{"error":"no"}"#, ChatFailure.upstream(UpstreamFailure(message: "no"))),
        (#"{"model":"m"}"#, .malformed("the answer has no message")), ("[]", .malformed("the answer is no object")),
    ])
    func `that are none are failures`(_ body: String, _ failure: ChatFailure) {
        #expect(#expect(throws: ChatFailure.self) { try codec.decodeResponse(Array(body.utf8)) } == failure)
    }

    @Test(arguments: [
        ("context-shift-off", "context_length_exceeded", nil), ("context-engine", "context_length_exceeded", nil),
        ("context-cloud", "context_length_exceeded", nil), ("context-input", "context_length_exceeded", nil),
        ("no-thinking", "unsupported_parameter", "think"), ("no-tools", "unsupported_parameter", "tools"),
        ("not-found", nil, nil), ("busy", nil, nil), ("unauthorized", nil, nil),
    ])
    func `of failed requests yield the sentence, and a code where the status says too little`(
        _ name: String,
        _ code: String?,
        _ param: String?
    ) throws {
        let failure = codec.decodeFailure(try Fixture.named(name + ".json", in: "Ollama/failures").bytes)
        #expect(!failure.message.isEmpty && failure.code == code && failure.param == param)
    }

    @Test func `for errors are Ollama's own`() {
        let body = codec.encodeError(GatewayError(.modelNotFound, "No \"x\".", param: "model"))
        #expect(String(decoding: body, as: UTF8.self) == #"{"error":"No \"x\"."}"#)
        #expect(codec.decodeFailure([]).message.isEmpty)
    }
}
