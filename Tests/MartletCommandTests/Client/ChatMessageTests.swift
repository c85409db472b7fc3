import Testing

@testable import MartletCommand

@Suite struct ChatMessageTests {
    @Test func `a question is a chat request with what was said and nothing else`() {
        let plain = ChatQuestion(model: "m", prompt: "a \"b\"\n")
        #expect(
            String(decoding: plain.json, as: UTF8.self)
                == #"{"model":"m","messages":[{"role":"user","content":"a \"b\"\n"}],"stream":false}"#
        )
        let full = ChatQuestion(
            model: "m",
            prompt: "q",
            system: "s",
            maxTokens: 5,
            temperature: 0.5,
            isStream: true
        )
        #expect(
            String(decoding: full.json, as: UTF8.self)
                == #"{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"q"}],"#
                + #""max_tokens":5,"temperature":0.5,"stream":true}"#
        )
    }

    @Test func `an answer has text, reason and tokens`() throws {
        let body = #"""
            {"choices":[{"message":{"role":"assistant","content":"yes","reasoning_content":"because"},
            "finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}
            """#
        let answer = try ChatAnswer(Array(body.utf8))
        #expect(answer.text == "yes")
        #expect(answer.reasoning == "because")
        #expect(answer.finishReason == "stop")
        #expect(answer.inputTokens == 3)
        #expect(answer.outputTokens == 4)
    }

    @Test func `a refusal is shown as the answer`() throws {
        let body = #"{"choices":[{"message":{"content":null,"refusal":"no"}}]}"#
        #expect(try ChatAnswer(Array(body.utf8)).text == "no")
    }

    @Test(arguments: ["", "<html>", "[]", "{}", #"{"choices":{}}"#])
    func `what is no completion is a failure`(body: String) {
        #expect(throws: CommandFailure.self) { try ChatAnswer(Array(body.utf8)) }
    }

    @Test func `an error body of another shape keeps the status`() {
        let problem = GatewayProblem(status: 502, body: Array("<html>".utf8), requestID: "r1")
        #expect(problem.failure.status == .providerFailed)
        #expect(problem.message == "the gateway answered with status 502")
        #expect(problem.requestID == "r1")
    }
}
