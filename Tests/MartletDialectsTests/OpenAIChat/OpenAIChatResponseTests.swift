import MartletCore
import MartletDialects
import Testing

@Suite("OpenAI chat answers") struct OpenAIChatResponseTests {
    let codec = OpenAIChatCodec()

    @Test(arguments: Fixture.all("responses"))
    func `decode to the same value again after encoding`(_ fixture: Fixture) throws {
        let response = try codec.decodeResponse(fixture.bytes)
        #expect(try codec.decodeResponse(codec.encodeResponse(response)) == response)
    }

    @Test func `keep every leaf`() throws {
        let bytes = try Fixture.named("tools.json", in: "responses").bytes
        #expect(try leaves(codec.encodeResponse(try codec.decodeResponse(bytes))) == leaves(bytes))
    }

    @Test func `read reasoning, endings and usage the way servers differ in them`() throws {
        let response = try codec.decodeResponse(Fixture.named("reasoning.json", in: "responses").bytes)
        #expect(response.choices.map(\.message.reasoning) == ["Two and two.", "Hm."])
        #expect(response.choices.map(\.message.text) == ["Four.", "4"])
        #expect(response.choices.map(\.finishReason) == [.stop, .length])
        // The total shows that reasoning was left out of the completion.
        #expect(response.usage?.counts == Usage(inputTokens: 5, outputTokens: 7, reasoningTokens: 4))
        let empty = try codec.decodeResponse(Fixture.named("empty-finish.json", in: "responses").bytes)
        #expect(empty.choices[0].finishReason == .toolCalls && empty.usage == nil)
        #expect(empty.choices[0].message.toolCalls[0].arguments == #"{"x":1}"#)
    }

    @Test(arguments: Fixture.all("failures"))
    func `of a failed request yield a message in every shape`(_ fixture: Fixture) {
        #expect(codec.decodeFailure(fixture.bytes).message == "Wrong.")
    }

    @Test func `of a failed request yield type, code and field`() throws {
        let failure = codec.decodeFailure(try Fixture.named("object.json", in: "failures").bytes)
        #expect(failure.type == "invalid_request_error" && failure.code == "invalid_value")
        #expect(failure.param == "messages[1].content")
        #expect(codec.decodeFailure(try Fixture.named("number-code.json", in: "failures").bytes).code == "429")
    }

    @Test func `with an error in place of an answer are failures`() {
        let failed = #expect(throws: ChatFailure.self) {
            try codec.decodeResponse(Array(#"{"error":{"message":"no"}}"#.utf8))
        }
        #expect(failed == .upstream(UpstreamFailure(message: "no")))
        let odd = #expect(throws: ChatFailure.self) { try codec.decodeResponse(Array(#"{"id":"x"}"#.utf8)) }
        #expect(odd == .malformed("the answer has no choices"))
    }

    @Test func `cut a message of a failure at a whole character`() {
        let text = String(repeating: "é", count: 5_000) + "x"
        let message = codec.decodeFailure(Array("{\"message\":\"a\(text)\"}".utf8)).message
        #expect(message.utf8.count <= 4_096 && message.utf8.count > 4_090 && message.hasSuffix("é"))
    }

    @Test func `for errors have the shape OpenAI clients read`() throws {
        let error = GatewayError(.modelNotFound, "No \"x\".", param: "model")
        let expected =
            #"{"error":{"message":"No \"x\".","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#
        #expect(String(decoding: codec.encodeError(error), as: UTF8.self) == expected)
    }
}
