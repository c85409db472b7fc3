import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("OpenAI responses requests") struct OpenAIResponsesRequestTests {
    let codec = OpenAIResponsesCodec(origin: "here")

    private func decode(_ text: String) throws -> ChatRequest { try codec.decodeRequest(Array(text.utf8)) }

    private func lowered(_ text: String, _ target: Dialect = .openAIChat) throws -> LoweredRequest {
        try decode(text).lowered(for: target)
    }

    private func chat(_ text: String) throws -> String {
        String(decoding: try OpenAIChatCodec().encodeRequest(try lowered(text).request).body, as: UTF8.self)
    }

    static let full = #"""
        {"model":"gpt-5.5","instructions":"Be brief.","input":[
          {"role":"user","content":"Hi"},
          {"type":"message","id":"msg_0","role":"user","content":[{"type":"input_text","text":"See"},
            {"type":"input_image","image_url":"https://e.org/a.png","detail":"low"},
            {"type":"input_file","file_data":"data:application/pdf;base64,AAAA","filename":"a.pdf"}]},
          {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"A"},{"type":"summary_text","text":"B"}],
            "encrypted_content":"gAAA"},
          {"type":"message","id":"msg_1","status":"completed","role":"assistant","phase":"commentary",
            "content":[{"type":"output_text","text":"Looking.","annotations":[]}]},
          {"type":"function_call","id":"fc_1","call_id":"call_1","name":"read","namespace":"files","arguments":"{\"p\":1}","status":"completed"},
          {"type":"custom_tool_call","id":"ctc_1","call_id":"call_2","name":"patch","input":"*** Begin"},
          {"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"x"}},
          {"type":"message","id":"msg_2","role":"assistant","content":[{"type":"output_text","text":"More.","annotations":[]}]},
          {"type":"function_call_output","call_id":"call_1","output":"text","id":"fco_1"},
          {"type":"custom_tool_call_output","call_id":"call_2","output":[{"type":"input_text","text":"ok"},{"type":"input_image","image_url":"data:image/png;base64,AAAA"}]},
          {"type":"brand_new_item","x":1}],
         "tools":[{"type":"function","name":"f","description":"d","strict":false,"parameters":{"type":"object","properties":{}}},
           {"type":"namespace","name":"files","description":"Files","tools":[{"type":"function","name":"read","parameters":{"type":"object","properties":{"p":{"type":"integer"}},"required":["p"],"additionalProperties":false}}]},
           {"type":"custom","name":"patch","format":{"type":"grammar","syntax":"lark","definition":"start: /x/"}},
           {"type":"web_search"}],
         "tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"f"},{"type":"custom","name":"patch"}]},
         "parallel_tool_calls":true,"max_output_tokens":500,"max_tool_calls":3,"temperature":0.5,"top_p":0.9,"top_logprobs":2,
         "text":{"format":{"type":"json_schema","name":"s","schema":{"type":"object"},"strict":true},"verbosity":"low","new":1},
         "reasoning":{"effort":"high","summary":"auto","mode":"pro"},"include":["reasoning.encrypted_content","web_search_call.results"],
         "store":false,"truncation":"auto","prompt_cache_key":"k","metadata":{"a":"b"},"client_metadata":{"c":"d"},
         "service_tier":"flex","safety_identifier":"s","user":"u","stream":true,"stream_options":{"include_obfuscation":false},
         "unknown":{"x":[1]}}
        """#

    @Test func `come through their own format with every leaf`() throws {
        let body = Array(Self.full.utf8)
        let again = try codec.encodeRequest(codec.decodeRequest(body))
        #expect(again.dropped.isEmpty)
        #expect(try leaves(again.body) == leaves(body))
        #expect(try codec.decodeRequest(again.body) == codec.decodeRequest(body))
    }

    @Test func `keep a string for input a string`() throws {
        let body = Array(#"{"model":"m","input":"Hi"}"#.utf8)
        #expect(try codec.encodeRequest(codec.decodeRequest(body)).body == body)
    }

    @Test func `make one message of what the model did in one turn, in order`() throws {
        let request = try decode(Self.full)
        #expect(request.messages.map(\.role) == [.system, .user, .user, .assistant, .tool, .tool, .assistant])
        let kinds = request.messages[3].parts.map { part in
            switch part {
            case .reasoning: "reasoning"
            case .text: "text"
            case .toolCall: "call"
            case .other(let type, _): type
            default: "?"
            }
        }
        #expect(kinds == ["reasoning", "text", "call", "call", "web_search_call", "text"])
        #expect(request.messages[3].reasoning == "A\n\nB" && request.reasoningEffort == "high")
        #expect(request.limits.maxCompletionTokens == 500)
    }

    @Test func `become a chat completion's with every loss named in the caller's words`() throws {
        let lowered = try lowered(Self.full)
        #expect(
            lowered.dropped
                == [
                    "input[reasoning]", "input[6]", "input[10]", "tools[1].description", "tools[3]", "text.new",
                    "reasoning.mode",
                    "include[1]", "max_tool_calls", "truncation", "client_metadata", "unknown",
                ].sorted(by: { lowered.dropped.firstIndex(of: $0) ?? 99 < lowered.dropped.firstIndex(of: $1) ?? 99 })
        )
        let request = lowered.request
        #expect(request.dialect == .openAIChat && request.metadata == nil && request.sampling.logprobs == true)
        #expect(request.streamOptions?.includeUsage == true)
        #expect(request.messages.map(\.role) == [.system, .user, .user, .assistant, .tool, .tool, .user])
        #expect(request.messages[3].toolCalls.map(\.name) == ["files__read", "patch"])
        #expect(request.messages[3].toolCalls[1].arguments == #"{"input":"*** Begin"}"#)
        #expect(request.toolChoice == .required)
        let names = request.tools?.map { if case .function(let function) = $0 { function.name } else { "?" } }
        #expect(names == ["f", "patch"])
        if case .function(let function)? = request.tools?.last {
            #expect(function.description?.contains("start: /x/") == true)
        }
        #expect(lowered.callerPath("messages[1].content") == "input[0].content")
        #expect(lowered.callerPath("messages[2].content[1].image_url.detail") == "input[1].content[1].detail")
        #expect(lowered.callerPath("messages[2].content[2].file.filename") == "input[1].content[2].filename")
        #expect(lowered.callerPath("messages[3].tool_calls[1].function.arguments") == "input[5].arguments")
        #expect(lowered.callerPath("messages[0].content") == "instructions")
        #expect(lowered.callerPath("messages[3].content[1]") == "input[7].content[0]")
        #expect(lowered.callerPath("tools[1].function.parameters") == "tools[2].parameters")
        #expect(lowered.callerPath("response_format.json_schema.name") == "text.format.name")
        #expect(lowered.callerPath("max_completion_tokens") == "max_output_tokens")
        #expect(lowered.callerPath("reasoning_effort") == "reasoning.effort")
    }

    @Test func `send functions as strict where this dialect means it and the schema allows it`() throws {
        let lowered = try lowered(
            #"""
            {"input":"x","tools":[
              {"type":"function","name":"a","parameters":{"type":"object","properties":{"p":{"type":"object","properties":{},"additionalProperties":false}},"required":["p"],"additionalProperties":false}},
              {"type":"function","name":"b","parameters":{"type":"object","properties":{"p":{"type":"object","properties":{}}},"required":["p"],"additionalProperties":false}},
              {"type":"function","name":"c","parameters":{"type":"object","properties":{"p":{}},"required":[],"additionalProperties":false}},
              {"type":"function","name":"d","strict":false,"parameters":{"type":"object","properties":{},"additionalProperties":false}}]}
            """#
        )
        let strict = lowered.request.tools?.map { tool -> Bool? in
            if case .function(let one) = tool { one.strict } else { nil }
        }
        #expect(strict == [true, nil, nil, false])
    }

    @Test func `put results behind their calls and pictures of results where chat completions can see them`() throws {
        let sent = try chat(
            #"""
            {"input":[{"type":"function_call","call_id":"a","name":"f","arguments":"{}"},
              {"type":"function_call","call_id":"b","name":"f","arguments":"{}"},
              {"type":"function_call_output","call_id":"b","output":[{"type":"input_image","image_url":"data:image/png;base64,AA"}]},
              {"role":"user","content":"Go on."},{"type":"function_call_output","call_id":"a","output":"1"}]}
            """#
        )
        let order = try JSON.withView(of: Array(sent.utf8)) { view in
            view.member("messages")?.elements.map {
                ($0.member("role")?.string() ?? "") + ($0.member("tool_call_id")?.string() ?? "")
            }
        }
        #expect(order == ["assistant", "toola", "toolb", "user", "user"])
        #expect(
            sent.contains(
                #"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}]}"#
            )
        )
    }

    @Test func `tolerate explicit nulls and arguments as an object`() throws {
        let request = try decode(
            #"""
            {"input":[{"type":"reasoning","id":"r","summary":[],"encrypted_content":null,"content":null,"status":null},
              {"type":"function_call","call_id":"c","name":"f","arguments":{"a":1},"namespace":null},
              {"type":"function_call_output","call_id":"c","output":""}],
             "instructions":null,"tools":null,"text":null,"reasoning":null,"metadata":null,"tool_choice":null,"stream":null}
            """#
        )
        #expect(request.messages[0].toolCalls.map(\.arguments) == [#"{"a":1}"#])
        #expect(try request.lowered(for: .openAIChat).dropped.isEmpty)
    }

    @Test func `take chat messages in place of items`() throws {
        let request = try decode(
            #"""
            {"messages":[{"role":"system","content":"S"},{"role":"user","content":[{"type":"text","text":"Hi"},
              {"type":"image_url","image_url":{"url":"https://e.org/x.png"}}]},
              {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
              {"role":"tool","tool_call_id":"c","content":"1"}],"route":"auto","fallbacks":[{"model":"x"}]}
            """#
        )
        #expect(request.messages.map(\.role) == [.system, .user, .assistant, .tool])
        #expect(request.gateway.route == .auto && request.gateway.fallbacks == ["x"])
        let sent = try codec.encodeRequest(request).body
        let items = try JSON.withView(of: sent) { view in
            view.member("input")?.elements.map { $0.member("type")?.string() ?? $0.member("role")?.string() ?? "" }
        }
        #expect(items == ["system", "user", "function_call", "function_call_output"])
        #expect(
            try request.lowered(for: .openAIChat).callerPath("messages[1].content[1].image_url")
                == "messages[1].content[1]"
        )
    }

    @Test(arguments: [
        (#"{"input":"x","conversation":"c"}"#, "conversation"), (#"{"input":"x","prompt":{"id":"p"}}"#, "prompt"),
        (#"{"input":[{"type":"item_reference","id":"i"}]}"#, "input[0]"),
        (#"{"input":"x","previous_response_id":"r"}"#, "previous_response_id"),
        (#"{"input":[{"role":"user","content":[{"type":"input_image","file_id":"f"}]}]}"#, "input[0].content[0]"),
        (
            #"{"input":[{"role":"user","content":[{"type":"input_file","file_url":"https://e.org/a"}]}]}"#,
            "input[0].content[0].file_url"
        ),
    ])
    func `are refused where leaving something out would change what is asked`(_ body: String, _ param: String) throws {
        let error = #expect(throws: GatewayError.self) { try lowered(body) }
        #expect(error?.param == param)
    }

    @Test(arguments: [
        (#"{"input":1}"#, "input"), (#"{"input":[{"role":"user"}]}"#, "input[0].content"),
        (#"{"input":[{"type":"function_call","call_id":"c"}]}"#, "input[0].name"),
        (#"{"input":[{"type":"function_call_output","call_id":"c"}]}"#, "input[0].output"),
        (#"{"input":"x","tools":[{"name":"f"}]}"#, "tools[0].type"),
        (#"{"input":"x","tools":[{"type":"function"}]}"#, "tools[0].name"),
        (#"{"input":"x","max_output_tokens":0}"#, "max_output_tokens"),
        (#"{"input":"x","text":{"format":{}}}"#, "text.format.type"),
    ])
    func `name the member that cannot be used`(_ body: String, _ param: String) throws {
        let error = #expect(throws: GatewayError.self) { try decode(body) }
        #expect(error?.param == param)
    }
}

@Suite("Chat requests to OpenAI responses") struct ChatToResponsesTests {
    let codec = OpenAIResponsesCodec(origin: "here")

    private func encode(_ text: String) throws -> EncodedRequest {
        try codec.encodeRequest(OpenAIChatCodec().decodeRequest(Array(text.utf8)))
    }

    @Test func `are written as the vendor's own documents show`() throws {
        let encoded = try encode(
            #"""
            {"model":"m","max_completion_tokens":512,"temperature":0.2,
             "messages":[
              {"role":"system","content":"Be brief."},
              {"role":"user","content":[{"type":"text","text":"Weather in Oslo and Rome?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
              {"role":"assistant","content":"Looking.","tool_calls":[
                {"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}},
                {"id":"call_2","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}}]},
              {"role":"tool","tool_call_id":"call_1","content":"4 C"},
              {"role":"tool","tool_call_id":"call_2","content":"Error: timeout"}],
             "tools":[{"type":"function","function":{"name":"weather","description":"City weather","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}],
             "tool_choice":"auto","parallel_tool_calls":false}
            """#
        )
        let expected = #"""
            {"model":"m","max_output_tokens":512,"temperature":0.2,"instructions":"Be brief.","store":false,
             "input":[
              {"role":"user","content":[{"type":"input_text","text":"Weather in Oslo and Rome?"},{"type":"input_image","detail":"auto","image_url":"data:image/png;base64,AAAA"}]},
              {"role":"assistant","content":[{"type":"output_text","text":"Looking.","annotations":[]}]},
              {"type":"function_call","call_id":"call_1","name":"weather","arguments":"{\"city\":\"Oslo\"}"},
              {"type":"function_call","call_id":"call_2","name":"weather","arguments":"{\"city\":\"Rome\"}"},
              {"type":"function_call_output","call_id":"call_1","output":"4 C"},
              {"type":"function_call_output","call_id":"call_2","output":"Error: timeout"}],
             "tools":[{"type":"function","name":"weather","description":"City weather","strict":false,"parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}],
             "tool_choice":"auto","parallel_tool_calls":false}
            """#
        let plain = expected.replacing(
            #"[{"type":"output_text","text":"Looking.","annotations":[]}]"#,
            with: #""Looking.""#
        )
        #expect(try canonical(encoded.body) == canonical(Array(plain.utf8)))
        #expect(encoded.dropped.isEmpty)
    }

    @Test(arguments: [
        (#""n":2"#, "n"), (#""stop":["x"]"#, "stop"), (#""modalities":["text","audio"]"#, "modalities"),
        (#""functions":[]"#, "functions"), (#""audio":{"voice":"v"}"#, "audio"),
        (#""tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"odd"}"#, "tool_choice"),
    ])
    func `are refused where leaving something out would change the answer`(_ member: String, _ param: String) throws {
        let error = #expect(throws: GatewayError.self) {
            try encode(#"{"model":"m","messages":[{"role":"user","content":"x"}],"# + member + "}")
        }
        #expect(error?.param == param)
    }

    @Test func `name what they lose`() throws {
        let encoded = try encode(
            #"""
            {"model":"m","messages":[{"role":"user","content":"x","name":"n"},
              {"role":"assistant","content":"y","reasoning_content":"r"},{"role":"user","content":"z"}],
             "seed":1,"presence_penalty":1,"frequency_penalty":0,"top_k":3,"logit_bias":{},"max_tokens":5,"odd":1,"prompt_cache_key":"k"}
            """#
        )
        #expect(
            Set(encoded.dropped) == [
                "messages[0].name", "messages[1].reasoning_content", "seed", "presence_penalty", "top_k", "logit_bias",
                "max_tokens", "odd",
            ]
        )
        #expect(String(decoding: encoded.body, as: UTF8.self).contains(#""prompt_cache_key":"k""#))
    }

    @Test func `ask for log-probabilities and reasoning in this dialect's words`() throws {
        let encoded = try encode(
            #"{"messages":[{"role":"user","content":"x"}],"logprobs":true,"top_logprobs":3,"reasoning_effort":"low","verbosity":"high","response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"},"strict":true}}}"#
        )
        let sent = try leaves(encoded.body)
        #expect(sent[".include[0]"] == "\"message.output_text.logprobs")
        #expect(sent[".include[1]"] == "\"reasoning.encrypted_content")
        #expect(sent[".top_logprobs"] == "3.0" && sent[".reasoning.effort"] == "\"low")
        #expect(sent[".text.verbosity"] == "\"high" && sent[".text.format.schema.type"] == "\"object")
        #expect(encoded.dropped.isEmpty)
    }

    @Test func `give reasoning back to the account that made it and to no other`() throws {
        let message = { (origin: String) in
            #"{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y","thinking_blocks":[{"type":"thinking","thinking":"t","signature":"gAAA","index":0,"origin":"\#(origin)"}]},{"role":"user","content":"z"}]}"#
        }
        let own = try encode(message("here"))
        let sent = try leaves(own.body)
        #expect(sent[".input[1].encrypted_content"] == "\"gAAA" && sent[".input[1].summary[0].text"] == "\"t")
        #expect(own.dropped.isEmpty && sent[".include[0]"] == "\"reasoning.encrypted_content")
        let other = try encode(message("there"))
        #expect(other.dropped == ["messages[1].thinking_blocks"])
    }

    @Test func `fit names and ids to the vendor's rules and back`() throws {
        let long = String(repeating: "n", count: 70)
        let encoded = try encode(
            #"""
            {"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[
              {"id":"\#(long)","type":"function","function":{"name":"a b","arguments":""}}]},
              {"role":"tool","tool_call_id":"\#(long)","content":"1"}],
             "tools":[{"type":"function","function":{"name":"a b"}},{"type":"function","function":{"name":"a_b"}}],
             "tool_choice":{"type":"function","function":{"name":"a b"}}}
            """#
        )
        let sent = try leaves(encoded.body)
        let renamed = try #require(encoded.renamedTools.first)
        #expect(encoded.renamedTools.count == 1 && renamed.key.hasPrefix("a_b_") && renamed.value == "a b")
        for place in [".input[1].name", ".tools[0].name", ".tool_choice.name"] {
            #expect(sent[place] == "\"" + renamed.key)
        }
        #expect(sent[".tools[1].name"] == "\"a_b")
        #expect(sent[".input[1].call_id"]?.utf8.count == 65 && sent[".input[1].call_id"] == sent[".input[2].call_id"])
        #expect(sent[".input[1].arguments"] == "\"{}")
    }

    @Test func `keep tools with free text`() throws {
        let encoded = try encode(
            #"""
            {"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"c","type":"custom","custom":{"name":"p","input":"raw"}}]},
              {"role":"tool","tool_call_id":"c","content":"ok"}],
             "tools":[{"type":"custom","custom":{"name":"p","description":"d","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"s"}}}}],
             "tool_choice":{"type":"custom","custom":{"name":"p"}}}
            """#
        )
        let sent = try leaves(encoded.body)
        #expect(sent[".tools[0].format.definition"] == "\"s" && sent[".tools[0].name"] == "\"p")
        #expect(sent[".input[1].input"] == "\"raw" && sent[".input[2].type"] == "\"custom_tool_call_output")
        #expect(sent[".tool_choice.type"] == "\"custom" && encoded.dropped.isEmpty)
    }
}
