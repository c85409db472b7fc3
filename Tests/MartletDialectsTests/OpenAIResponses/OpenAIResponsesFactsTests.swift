import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("OpenAI responses facts") struct OpenAIResponsesFactsTests {
    static func facts(_ text: String) throws -> (facts: RequestFacts, state: OpenAIResponsesFacts.State) {
        let body = Array(text.utf8)
        var scanner = JSONScanner()
        try scanner.finish(body.span)
        return try body.withUnsafeBytes { try OpenAIResponsesFacts.readAll($0, scanner: scanner) }
    }

    static func isResponses(_ text: String) throws -> Bool {
        let body = Array(text.utf8)
        var scanner = JSONScanner()
        try scanner.finish(body.span)
        return body.withUnsafeBytes { OpenAIResponsesShape.isResponses($0, scanner: scanner) }
    }

    @Test func `are read from a request with everything in it`() throws {
        let (facts, state) = try Self.facts(
            #"""
            {"model":"openai/gpt-5.5","instructions":"Be brief.","input":[
              {"role":"user","content":[{"type":"input_text","text":"abcd"},{"type":"input_image","image_url":"data:,"}]},
              {"type":"function_call","call_id":"c","name":"f","arguments":"{}"},
              {"type":"function_call_output","call_id":"c","output":"12345"}],
             "tools":[{"type":"function","name":"f"},{"type":"web_search"}],"stream":true,"store":false,
             "max_output_tokens":77,"previous_response_id":"resp_1","route":"auto","provider":"openai",
             "smart_routing":false,"fallbacks":[{"model":"a/b"},"c"],"metadata":{"app":"x"},"temperature":0.5}
            """#
        )
        #expect(facts.model == ModelName("openai/gpt-5.5") && facts.modelValue != nil && facts.stream)
        #expect(facts.route == .auto && facts.provider == "openai" && facts.smartRouting == false && facts.hasApp)
        #expect(facts.fallbacks == [ModelName("a/b"), ModelName("c")])
        #expect(facts.gatewayMembers == [.route, .provider, .smartRouting, .fallbacks])
        #expect(facts.messageCount == 3 && facts.toolCount == 2 && facts.imageParts == 1)
        #expect(facts.outputTokenLimit == 77 && facts.includeUsage)
        #expect(facts.textBytes == 9 + 4 + 5)
        #expect(state.previousResponseID == "resp_1" && !state.isStored && !state.usesMessages && !state.canPass)
    }

    @Test func `take messages in place of the input`() throws {
        let (facts, state) = try Self.facts(#"{"messages":[{"role":"user","content":"Hi"}]}"#)
        #expect(
            facts.messageCount == 1 && facts.textBytes == 2 && state.usesMessages && !state.canPass && state.isStored
        )
    }

    @Test func `see references and reasoning that no upstream of the dialect takes`() throws {
        #expect(try Self.facts(#"{"input":[{"type":"item_reference","id":"x"}]}"#).state.hasReferences)
        #expect(try Self.facts(#"{"input":[{"id":"x"}]}"#).state.hasReferences)
        let sealed = #"{"input":[{"type":"reasoning","summary":[],"encrypted_content":"mrtl1.eyJz"}]}"#
        #expect(try Self.facts(sealed).state.hasSeals)
        let own = #"{"input":[{"type":"reasoning","summary":[],"encrypted_content":"gAAA"}]}"#
        #expect(try Self.facts(own).state.canPass)
    }

    @Test(arguments: [
        (#""input":1"#, "input"), (#""input":["x"]"#, "input[0]"), (#""model":"m""#, "input"),
        (#""input":[]"#, "input"),
        (#""input":"x","background":true"#, "background"), (#""input":"x","model":"a b""#, "model"),
        (#""input":"x","max_output_tokens":0"#, "max_output_tokens"), (#""input":"x","tools":{}"#, "tools"),
        (#""input":"x","tools":[1]"#, "tools[0]"), (#""input":"x","store":1"#, "store"),
        (#""input":"x","metadata":{"a":1}"#, "metadata"), (#""input":"x","temperature":3"#, "temperature"),
        (#""input":"x","fallbacks":[{}]"#, "fallbacks[0]"), (#""input":"x","top_logprobs":21"#, "top_logprobs"),
        (#""input":"x","previous_response_id":1"#, "previous_response_id"), (#""input":"x","text":"""#, "text"),
    ])
    func `name the member that cannot be used`(_ member: String, _ param: String) throws {
        let error = #expect(throws: GatewayError.self) { try Self.facts("{\(member)}") }
        #expect(error?.param == param)
    }

    @Test(arguments: [
        #"{"input":"Hi"}"#, #"{"input":[{"role":"user","content":"Hi"}],"messages":[]}"#,
        #"{"messages":[{}],"tools":[{"type":"function","name":"f","parameters":{}}]}"#,
        #"{"messages":[{}],"tools":[{"type":"web_search"},{"name":"f","type":"custom","format":{"type":"text"}}]}"#,
        #"{"tools":[],"\u0069nput":[]}"#,
    ])
    func `tell bodies of responses`(_ body: String) throws { #expect(try Self.isResponses(body)) }

    @Test(arguments: [
        #"{"messages":[{"role":"user","content":"Hi"}]}"#, #"{"messages":[{}],"input":"x"}"#, "{}", "[]",
        #"{"messages":[{}],"tools":[{"type":"function","function":{"name":"f"}}]}"#,
        #"{"messages":[{}],"tools":[{"type":"custom","custom":{"name":"f"}}]}"#,
        #"{"messages":[{}],"tools":[{"name":"f","input_schema":{}}]}"#, #"{"messages":[{}],"tools":[]}"#,
    ])
    func `leave chat completions alone`(_ body: String) throws { #expect(try !Self.isResponses(body)) }

    @Test func `are enough for a splice that changes nothing but model and gateway members`() throws {
        let text = #"{"route":"auto","model":"a","input":"x","metadata":{"app":"y"},"stream":true,"unknown":[1, 2]}"#
        let body = Array(text.utf8)
        var scanner = JSONScanner()
        try scanner.finish(body.span)
        let facts = try body.withUnsafeBytes { try OpenAIResponsesFacts.read($0, scanner: scanner) }
        let splice = body.withUnsafeBytes {
            OpenAIResponsesSplice.edits($0, scanner: scanner, facts: facts, upstreamModel: "gpt-5.5")
        }
        let sent = String(decoding: splice.render(body), as: UTF8.self)
        #expect(sent == #"{"model":"gpt-5.5","input":"x","metadata":{"app":"y"},"stream":true,"unknown":[1, 2]}"#)
    }
}
