import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Anthropic answers") struct AnthropicResponseTests {
    let codec = AnthropicMessagesCodec()

    /// A part of a fixture as bytes.
    private static func part(_ name: String, of fixture: Fixture) throws -> [UInt8] {
        try #require(try JSONDocument(fixture.bytes).withView { $0.member(Array(name.utf8))?.rawBytes })
    }

    @Test(arguments: Fixture.all("AnthropicMessages/answers"))
    func `give an OpenAI client what the corpus says`(_ fixture: Fixture) throws {
        let response = try codec.decodeResponse(Self.part("answer", of: fixture))
        let sent = try canonical(OpenAIChatCodec().encodeResponse(response))
        #expect(try sent == canonical(Self.part("openai", of: fixture)))
    }

    @Test(arguments: Fixture.all("AnthropicMessages/answers"))
    func `keep every leaf in their own format`(_ fixture: Fixture) throws {
        let answer = try Self.part("answer", of: fixture)
        let response = try codec.decodeResponse(answer)
        let again = codec.encodeResponse(response)
        #expect(try leaves(again) == leaves(answer))
        #expect(try codec.decodeResponse(again) == response)
    }

    @Test func `come back to Claude unchanged through an OpenAI client, thinking included`() throws {
        let fixture = try Fixture.named("thinking-text-and-tool.json", in: "AnthropicMessages/answers")
        let answer = try codec.decodeResponse(Self.part("answer", of: fixture))
        let seen = try OpenAIChatCodec().decodeResponse(OpenAIChatCodec().encodeResponse(answer))
        #expect(seen.choices[0].message.parts == answer.choices[0].message.parts)
    }

    @Test func `split the usage so that the parts make up the total`() throws {
        for (input, read, write) in [(2_160, 2_048, 100), (10, 20, 0), (0, 0, 0)] as [(Int64, Int64, Int64)] {
            let counts = Usage(inputTokens: input, outputTokens: 1, cacheReadTokens: read, cacheWriteTokens: write)
            let body = codec.encodeResponse(ChatResponse(choices: [], usage: ChatUsage(counts)))
            let usage = try leaves(body)
            #expect(usage[".usage.input_tokens"] == "\(Double(max(0, input - read - write)))")
        }
    }

    @Test(arguments: [
        ("end_turn", FinishReason.stop), ("stop_sequence", .stop), ("max_tokens", .length),
        ("model_context_window_exceeded", .length), ("tool_use", .toolCalls), ("pause_turn", .stop),
        ("refusal", .contentFilter),
    ])
    func `keep every reason to stop`(_ name: String, _ reason: FinishReason) throws {
        let body = Array(#"{"content":[],"stop_reason":"\#(name)"}"#.utf8)
        let response = try codec.decodeResponse(body)
        #expect(response.choices[0].finishReason == reason)
        #expect(try leaves(codec.encodeResponse(response))[".stop_reason"] == "\"\(name)")
    }

    @Test func `of other models have the nearest reason to stop`() throws {
        let reasons: [(FinishReason, String)] = [
            (.stop, "end_turn"), (.length, "max_tokens"), (.toolCalls, "tool_use"), (.contentFilter, "refusal"),
            (.functionCall, "tool_use"), (.other("eek"), "end_turn"),
        ]
        for (reason, name) in reasons {
            let choice = ChatResponse.Choice(
                index: 0,
                message: ChatMessage(role: .assistant, text: "a"),
                finishReason: reason
            )
            #expect(
                try leaves(codec.encodeResponse(ChatResponse(choices: [choice])))[".stop_reason"] == "\"\(name)"
            )
        }
    }

    @Test(arguments: Fixture.all("AnthropicMessages/failures"))
    func `of failed requests are read`(_ fixture: Fixture) throws {
        let failure = codec.decodeFailure(try Self.part("body", of: fixture))
        let expected = try leaves(fixture.bytes)
        #expect("\"\(failure.message)" == expected[".message"])
        #expect(failure.type.map { "\"\($0)" } == expected[".type"])
        #expect(failure.code.map { "\"\($0)" } == expected[".code"])
    }

    @Test func `with an error in place of an answer are failures`() {
        let failed = #expect(throws: ChatFailure.self) {
            try codec.decodeResponse(Array(#"{"type":"error","error":{"type":"api_error","message":"no"}}"#.utf8))
        }
        #expect(failed == .upstream(UpstreamFailure(message: "no", type: "api_error")))
        let odd = #expect(throws: ChatFailure.self) { try codec.decodeResponse(Array(#"{"id":"x"}"#.utf8)) }
        #expect(odd == .malformed("the answer has no content"))
    }

    @Test func `for errors have the shape Anthropic clients read`() {
        let error = GatewayError(.modelNotFound, "No \"x\".", param: "model")
        let expected =
            #"{"type":"error","error":{"type":"not_found_error","message":"No \"x\".","#
            + #""details":{"error_code":"model_not_found"}}}"#
        #expect(String(decoding: codec.encodeError(error), as: UTF8.self) == expected)
    }

    @Test func `pass an upstream's own words on in the caller's shape`() {
        let failure = UpstreamFailure(message: "Too long.", type: "invalid_request_error", code: "c", param: "p")
        let openAI = String(decoding: OpenAIChatCodec().encodeFailure(failure, status: 400), as: UTF8.self)
        let body = #"{"error":{"message":"Too long.","type":"invalid_request_error","param":"p","code":"c"}}"#
        #expect(openAI == body)
        let busy = UpstreamFailure(message: "Overloaded", type: "overloaded_error")
        let words = #"{"error":{"message":"Overloaded","type":"server_error","param":null,"code":"overloaded_error"}}"#
        #expect(String(decoding: OpenAIChatCodec().encodeFailure(busy, status: 503), as: UTF8.self) == words)
        let unknown = String(
            decoding: codec.encodeFailure(UpstreamFailure(message: "m", type: "odd"), status: 529),
            as: UTF8.self
        )
        #expect(unknown == #"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#)
    }
}
