import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Converse answers") struct ConverseResponseTests {
    private static let codec = BedrockConverseCodec(origin: "here", model: "m")
    private static let example = Array(
        #"""
        {"output":{"message":{"role":"assistant","content":[
          {"reasoningContent":{"reasoningText":{"text":"Need clock.","signature":"EqQB"}}},
          {"reasoningContent":{"redactedContent":"AAAA"}},{"text":"Checking."},
          {"citationsContent":{"content":[{"text":"Noon"}],"citations":[{"title":"t"}]}},
          {"toolUse":{"toolUseId":"tooluse_1","name":"get_time","input":{"tz":"UTC"}}}]}},
         "stopReason":"tool_use","usage":{"inputTokens":12,"outputTokens":41,"totalTokens":2101,
         "cacheReadInputTokens":2048,"cacheWriteInputTokens":100,"cacheDetails":[{"ttl":"1h","inputTokens":30}]},
         "metrics":{"latencyMs":812},"trace":{"guardrail":{}}}
        """#.utf8
    )

    @Test func `are read whole`() throws {
        let response = try Self.codec.decodeResponse(Self.example)
        let message = response.choices[0].message
        #expect(message.text == "Checking.Noon" && message.toolCalls.map(\.arguments) == [#"{"tz":"UTC"}"#])
        #expect(message.parts.first == .reasoning(ChatReasoning("Need clock.", signature: "EqQB", origin: "here")))
        #expect(response.choices[0].finishReason == .toolCalls)
        let usage = Usage(
            inputTokens: 2_160,
            outputTokens: 41,
            cacheReadTokens: 2_048,
            cacheWriteTokens: 100,
            cacheWrite1hTokens: 30
        )
        #expect(response.usage?.counts == usage)
    }

    @Test func `come through the codec unchanged`() throws {
        let response = try Self.codec.decodeResponse(Self.example)
        let again = try Self.codec.decodeResponse(Self.codec.encodeResponse(response))
        #expect(again == response)
    }

    @Test func `of other vendors are written with what the format has`() throws {
        let body = #"""
            {"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"length",
             "message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":5,"completion_tokens":2,
             "total_tokens":7}}
            """#
        let response = try OpenAIChatCodec().decodeResponse(Array(body.utf8))
        let expected = #"""
            {"output":{"message":{"role":"assistant","content":[{"text":"Hi"}]}},"stopReason":"max_tokens",
             "usage":{"inputTokens":5,"outputTokens":2,"totalTokens":7},"metrics":{"latencyMs":0}}
            """#
        #expect(try canonical(Self.codec.encodeResponse(response)) == canonical(Array(expected.utf8)))
    }

    @Test func `have a shared reason for every word`() throws {
        let reasons: [(String, FinishReason)] = [
            ("end_turn", .stop), ("stop_sequence", .stop), ("max_tokens", .length),
            ("model_context_window_exceeded", .length), ("tool_use", .toolCalls),
            ("guardrail_intervened", .contentFilter),
            ("content_filtered", .contentFilter), ("malformed_model_output", .stop), ("later", .other("later")),
        ]
        for (word, reason) in reasons {
            let body = #"{"output":{"message":{"role":"assistant","content":[{"text":"a"}]}},"stopReason":"\#(word)"}"#
            let response = try Self.codec.decodeResponse(Array(body.utf8))
            #expect(response.choices[0].finishReason == reason)
            let written = String(decoding: Self.codec.encodeResponse(response), as: UTF8.self)
            #expect(word == "later" || written.contains(#""stopReason":"\#(word)""#), "\(word)")
        }
    }

    @Test func `that are errors are failures`() {
        let cases: [(String, UpstreamFailure)] = [
            (
                #"{"message":"Input is too long for requested model."}"#,
                UpstreamFailure(message: "Input is too long for requested model.", code: "context_length_exceeded")
            ),
            (
                #"{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}"#,
                UpstreamFailure(message: "UnknownOperationException", type: "UnknownOperationException")
            ),
            (
                #"{"__type":"com.amazon#ThrottlingException:http://x","Message":"Slow down"}"#,
                UpstreamFailure(message: "Slow down", type: "ThrottlingException")
            ),
        ]
        for (body, failure) in cases {
            #expect(Self.codec.decodeFailure(Array(body.utf8)) == failure)
            #expect(throws: ChatFailure.upstream(failure)) { try Self.codec.decodeResponse(Array(body.utf8)) }
        }
        let empty = #"{"output":{"message":{"role":"assistant","content":[]}},"stopReason":"malformed_tool_use"}"#
        #expect(throws: ChatFailure.self) { try Self.codec.decodeResponse(Array(empty.utf8)) }
    }
}
