import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("OpenAI responses answers") struct OpenAIResponsesAnswerTests {
    static let answer = #"""
        {"id":"resp_1","object":"response","created_at":1790000000,"status":"completed","model":"gpt-5.5","error":null,
         "incomplete_details":null,"service_tier":"default","parallel_tool_calls":true,"tools":[],"tool_choice":"auto","output":[
          {"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"Hm."}],"encrypted_content":"gAAA"},
          {"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[
            {"type":"output_text","text":"12:00","annotations":[{"type":"url_citation","start_index":0,"end_index":2,"title":"t","url":"https://e.org"}],
             "logprobs":[{"token":"12","logprob":-0.5,"bytes":[49],"top_logprobs":[]}]}]},
          {"id":"ws_1","type":"web_search_call","status":"completed","action":{"type":"search","query":"q"}},
          {"id":"fc_1","type":"function_call","status":"completed","call_id":"call_7","name":"get_time","namespace":"clock","arguments":"{}"}],
         "usage":{"input_tokens":40,"input_tokens_details":{"cached_tokens":8,"cache_write_tokens":3},"output_tokens":25,"output_tokens_details":{"reasoning_tokens":12},"total_tokens":65}}
        """#

    let codec = OpenAIResponsesCodec(origin: "acct")

    @Test func `are read for clients of chat completions`() throws {
        let response = try codec.decodeResponse(Array(Self.answer.utf8))
        #expect(response.id == "resp_1" && response.created == 1_790_000_000 && response.model == "gpt-5.5")
        let choice = response.choices[0]
        #expect(choice.finishReason == .toolCalls && choice.message.text == "12:00")
        #expect(choice.message.toolCalls.map(\.id) == ["call_7"])
        if case .reasoning(let reasoning)? = choice.message.parts.first {
            #expect(reasoning.text == "Hm." && reasoning.signature == "gAAA" && reasoning.origin == "acct")
        }
        let counts = Usage(
            inputTokens: 40,
            outputTokens: 25,
            cacheReadTokens: 8,
            cacheWriteTokens: 3,
            reasoningTokens: 12
        )
        #expect(response.usage?.counts == counts)
        let chat = try leaves(OpenAIChatCodec().encodeResponse(response))
        #expect(chat[".choices[0].logprobs.content[0].token"] == "\"12" && chat[".service_tier"] == "\"default")
        #expect(chat[".usage.prompt_tokens"] == "40.0" && chat[".choices[0].message.content"] == "\"12:00")
    }

    @Test func `say the same after another turn through the codec`() throws {
        let response = try codec.decodeResponse(Array(Self.answer.utf8))
        let written = codec.encodeResponse(response)
        let again = try codec.decodeResponse(written)
        #expect(again.choices[0].finishReason == .toolCalls && again.usage == response.usage)
        let kinds = { (one: ChatResponse) in
            one.choices[0].message.parts.map { part -> ChatPart in
                switch part {
                case .reasoning(var reasoning):
                    reasoning.extra = []
                    return .reasoning(reasoning)
                case .toolCall(var call):
                    call.extra = call.extra.filter { $0.name == "namespace" }
                    return .toolCall(call)
                default: return part
                }
            }
        }
        #expect(kinds(again) == kinds(response))
        #expect(again.choices[0].extra == response.choices[0].extra)
    }

    @Test func `repeat what the caller asked for`() throws {
        let context = try responsesContext(OpenAIResponsesRequestTests.full)
        let answer = OpenAIResponsesCodec(context: context).answer(
            ChatResponse(
                model: "up",
                choices: [.init(index: 0, message: ChatMessage(role: .assistant, text: "Hi"), finishReason: .stop)]
            )
        )
        let sent = try leaves(answer.body)
        #expect(
            answer.id == "resp_" + context.id.description.replacing("-", with: "") && sent[".id"] == "\"" + answer.id
        )
        #expect(
            sent[".instructions"] == "\"Be brief." && sent[".max_output_tokens"] == "500.0" && sent[".store"] == "false"
        )
        #expect(sent[".tools[1].tools[0].name"] == "\"read" && sent[".text.verbosity"] == "\"low")
        #expect(
            sent[".reasoning.effort"] == "\"high" && sent[".metadata.a"] == "\"b" && sent[".truncation"] == "\"auto"
        )
        #expect(sent[".tool_choice.mode"] == "\"required" && sent[".model"] == "\"up" && answer.output.count == 1)
        #expect(!answer.body.contains(0x0A))
    }

    @Test func `that failed are failures`() {
        let failed =
            #"{"id":"r","object":"response","status":"failed","error":{"code":"rate_limit_exceeded","message":"Slow down."},"output":[]}"#
        let failure = #expect(throws: ChatFailure.self) { try codec.decodeResponse(Array(failed.utf8)) }
        #expect(failure == .upstream(UpstreamFailure(message: "Slow down.", code: "rate_limit_exceeded")))
        let other = #expect(throws: ChatFailure.self) { try codec.decodeResponse(Array("{}".utf8)) }
        #expect(other == .malformed("the answer has no output"))
    }

    @Test(arguments: [
        (#""status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}"#, FinishReason.length),
        (#""status":"incomplete","incomplete_details":{"reason":"content_filter"}"#, .contentFilter),
        (#""status":"completed""#, .stop), (#""status":"cancelled""#, .other("cancelled")),
    ])
    func `end as the model did`(_ status: String, _ reason: FinishReason) throws {
        let response = try codec.decodeResponse(Array("{\(status),\"output\":[]}".utf8))
        #expect(response.choices[0].finishReason == reason)
    }
}
