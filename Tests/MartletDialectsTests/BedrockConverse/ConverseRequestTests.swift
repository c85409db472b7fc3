import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Converse requests") struct ConverseRequestTests {
    private static let claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"

    private func encoded(_ body: String, model: String = claude) throws -> EncodedRequest {
        var request = try OpenAIChatCodec().decodeRequest(Array(body.utf8))
        request.model = model
        return try BedrockConverseCodec(origin: "here", model: model).encodeRequest(request)
    }

    /// One conversation in both formats, as the service's documentation writes it.
    @Test func `hold a whole conversation`() throws {
        let body = #"""
            {"model":"m","max_completion_tokens":512,"temperature":0.2,
             "messages":[
              {"role":"system","content":"Be brief."},
              {"role":"user","content":[{"type":"text","text":"Weather in Oslo and Rome?"},
               {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
              {"role":"assistant","content":"Looking.","tool_calls":[
                {"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}},
                {"id":"call_2","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}}]},
              {"role":"tool","tool_call_id":"call_2","content":"timeout"},
              {"role":"tool","tool_call_id":"call_1","content":"4 C"}],
             "tools":[{"type":"function","function":{"name":"weather","description":"City weather",
              "parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}],
             "tool_choice":"required"}
            """#
        let expected = #"""
            {"system":[{"text":"Be brief."}],
             "messages":[
              {"role":"user","content":[{"text":"Weather in Oslo and Rome?"},
               {"image":{"format":"png","source":{"bytes":"AAAA"}}}]},
              {"role":"assistant","content":[{"text":"Looking."},
                {"toolUse":{"toolUseId":"call_1","name":"weather","input":{"city":"Oslo"}}},
                {"toolUse":{"toolUseId":"call_2","name":"weather","input":{"city":"Rome"}}}]},
              {"role":"user","content":[
                {"toolResult":{"toolUseId":"call_1","content":[{"text":"4 C"}]}},
                {"toolResult":{"toolUseId":"call_2","content":[{"text":"timeout"}]}}]}],
             "inferenceConfig":{"maxTokens":512,"temperature":0.2},
             "toolConfig":{"tools":[{"toolSpec":{"name":"weather","description":"City weather","inputSchema":{"json":
              {"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}}],
              "toolChoice":{"any":{}}}}
            """#
        let sent = try encoded(body)
        #expect(try canonical(sent.body) == canonical(Array(expected.utf8)))
        #expect(sent.dropped.isEmpty)
    }

    @Test func `of its own callers are sent as they came`() throws {
        let body = Array(
            #"""
            {"system":[{"text":"Be brief."},{"cachePoint":{"type":"default"}}],
             "messages":[{"role":"user","content":[{"text":"a"},{"image":{"format":"png","source":{"bytes":"AAAA"}}},
              {"image":{"format":"png","source":{"s3Location":{"uri":"s3://b/k","bucketOwner":"1"}}}},
              {"document":{"name":"d","format":"pdf","source":{"bytes":"AAAA"},"citations":{"enabled":true}}},
              {"document":{"name":"e","source":{"text":"words"}}},{"video":{"format":"mp4","source":{"bytes":"AA=="}}},
              {"guardContent":{"text":{"text":"x"}}},{"cachePoint":{"type":"default","ttl":"1h"}}]},
              {"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"t","signature":"s"}}},
               {"reasoningContent":{"redactedContent":"AAAA"}},
               {"toolUse":{"toolUseId":"s","name":"nova_grounding","input":{},"type":"server_tool_use"}},
               {"toolUse":{"toolUseId":"c","name":"f","input":{"a":1}}}]},
              {"role":"user","content":[{"toolResult":{"toolUseId":"c","content":[{"json":{"a":1}},{"text":"b"}],
               "status":"error"}}]}],
             "inferenceConfig":{"maxTokens":5,"temperature":0.5,"topP":0.25,"stopSequences":["x"]},
             "toolConfig":{"tools":[{"toolSpec":{"name":"f","description":"d","inputSchema":{"json":{}},"strict":true}},
              {"systemTool":{"name":"nova_grounding"}},{"cachePoint":{"type":"default"}}],
              "toolChoice":{"tool":{"name":"f"}}},
             "additionalModelRequestFields":{"top_k":1},"additionalModelResponseFieldPaths":["/a"],
             "guardrailConfig":{"guardrailIdentifier":"a","guardrailVersion":"1"},"later":{"b":[1]}}
            """#.utf8
        )
        let codec = BedrockConverseCodec()
        let sent = try codec.encodeRequest(codec.decodeRequest(body))
        #expect(try canonical(sent.body) == canonical(body))
        #expect(sent.dropped.isEmpty)
    }

    @Test func `name at most four cache points, and none where the model has no cache`() throws {
        let mark = #","cache_control":{"type":"ephemeral"}"#
        let parts = (1...6).map { #"{"type":"text","text":"t\#($0)"\#(mark)}"# }.joined(separator: ",")
        let body = #"{"messages":[{"role":"user","content":[\#(parts)]}]}"#
        let sent = try encoded(body)
        #expect(String(decoding: sent.body, as: UTF8.self).split(separator: #""cachePoint""#).count == 5)
        let first = ["messages[0].content[0].cache_control", "messages[0].content[1].cache_control"]
        #expect(sent.dropped == first)
        #expect(try encoded(body, model: "meta.llama3-3-70b-instruct-v1:0").dropped.count == 6)
    }

    @Test func `give documents names of their own`() throws {
        func file(_ name: String) -> String {
            #"{"type":"file","file":{"filename":"\#(name)","file_data":"data:text/csv;base64,AAAA"}}"#
        }
        let parts = ["a.csv", "a_csv", "  ", "größe  (1).csv"].map(file).joined(separator: ",")
        let sent = try encoded(#"{"messages":[{"role":"user","content":[\#(parts)]}]}"#, model: "amazon.nova-pro-v1:0")
        let names = try NamedLeaf.all(sent.body).filter { $0.path.hasSuffix("document.name") }.map(\.text)
        #expect(names == ["a-csv", "a-csv-2", "document", "gr--e (1)-csv".replacing("gr--e", with: "gr----e")])
        // A turn with documents needs a text beside them.
        #expect(String(decoding: sent.body, as: UTF8.self).contains(#"{"text":"Documents: a.csv, "#))
    }

    @Test func `refuse what the model cannot see`() throws {
        let cases = [
            (#"{"type":"image_url","image_url":{"url":"https://e.org/a.png"}}"#, "image_url.url"),
            (#"{"type":"image_url","image_url":{"url":"data:image/tiff;base64,AAAA"}}"#, "image_url.url"),
            (#"{"type":"file","file":{"file_id":"file-1"}}"#, "file.file_id"),
            (#"{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}"#, "input_audio"),
        ]
        for (part, param) in cases {
            let body = #"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},\#(part)]}]}"#
            let error = #expect(throws: GatewayError.self) { try encoded(body) }
            #expect(error?.param == "messages[0].content[1].\(param)")
        }
        for member in [#""n":2"#, #""logprobs":true"#, #""functions":[{"name":"f"}]"#] {
            #expect(throws: GatewayError.self) {
                try encoded(#"{"messages":[{"role":"user","content":"a"}],\#(member)}"#)
            }
        }
    }

    @Test func `take what stands in S3 by its address`() throws {
        let part = #"{"type":"image_url","image_url":{"url":"s3://bucket/a.jpg"}}"#
        let sent = try encoded(#"{"messages":[{"role":"user","content":[\#(part)]}]}"#, model: "amazon.nova-pro-v1:0")
        let expected = #"{"image":{"format":"jpeg","source":{"s3Location":{"uri":"s3://bucket/a.jpg"}}}}"#
        #expect(String(decoding: sent.body, as: UTF8.self).contains(expected))
    }

    @Test func `begin with the user, whoever began`() throws {
        let body = #"{"messages":[{"role":"assistant","content":"Hi"},{"role":"user","content":"a"}]}"#
        let roles = try BedrockConverseCodec().decodeRequest(encoded(body).body).messages.map(\.role)
        #expect(roles == [.user, .assistant, .user])
    }

    @Test func `say system texts to models without them as the user`() throws {
        let body = #"{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"a"}]}"#
        let sent = try BedrockConverseCodec().decodeRequest(encoded(body, model: "amazon.titan-text-express-v1").body)
        #expect(sent.messages.map(\.role) == [.user])
        #expect(sent.messages[0].text == "<system>Be brief.</system>a")
    }

    @Test func `send thinking back to its account only`() throws {
        func dropped(_ origin: String, model: String) throws -> [String] {
            let block = #"{"type":"thinking","thinking":"t","signature":"s","origin":"\#(origin)"}"#
            return try encoded(
                #"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b","thinking_blocks":["#
                    + block + #"]},{"role":"user","content":"c"}]}"#,
                model: model
            ).dropped
        }
        #expect(try dropped("here", model: Self.claude) == [])
        #expect(try dropped("here", model: "openai.gpt-oss-120b-1:0") == [])
        #expect(try dropped("there", model: Self.claude) == ["messages[1].thinking_blocks"])
    }

    @Test func `ask for a schema as text where the model follows one`() throws {
        let schema = #"{"type":"object","properties":{"a":{"type":"string"}}}"#
        let body =
            #"{"messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_schema","json_schema":"#
            + #"{"name":"s","description":"d","schema":\#(schema)}}}"#
        let sent = try NamedLeaf.all(encoded(body).body)
        let place = "outputConfig.textFormat.structure.jsonSchema."
        func value(_ name: String) -> String? { sent.first { $0.path == place + name }?.text }
        #expect(value("name") == "s" && value("description") == "d")
        #expect(value("schema")?.contains(#""additionalProperties":false"#) == true)
    }
}
