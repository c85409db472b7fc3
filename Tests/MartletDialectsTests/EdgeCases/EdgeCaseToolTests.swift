import MartletCore
import MartletDialects
import Testing

/// Cases about calls of tools and their results that translators are known to get wrong, by their numbers.
@Suite("Edge cases, tools") struct EdgeCaseToolTests {
    @Test func `1 parallel results in messages of their own become one user message, in the order of the calls`() throws
    {
        let results = ["b", "a", "c"].map { EdgeCase.result($0, #""\#($0)""#) }.joined(separator: ",")
        let sent = try EdgeCase.anthropic("\(EdgeCase.user),\(EdgeCase.calls("a", "b", "c")),\(results)").leaves
        let ids = (0...2).map { sent[".messages[2].content[\($0)].tool_use_id"] }
        #expect(ids == ["\"a", "\"b", "\"c"] && sent[".messages[3].role"] == nil)
    }

    @Test func `2 no result is made up while the real one follows`() throws {
        let messages = "\(EdgeCase.user),\(EdgeCase.calls("a")),\(EdgeCase.calls("b")),"
        let sent = try EdgeCase.anthropic(messages + "\(EdgeCase.result("a")),\(EdgeCase.result("b"))").leaves
        #expect(sent.filter { $0.key.hasSuffix(".tool_use_id") }.count == 2)
        #expect(sent.filter { $0.key.hasSuffix(".is_error") }.isEmpty)
    }

    @Test func `3 text of the same turn stands behind the results`() throws {
        let sent = try EdgeCase.anthropic(
            "\(EdgeCase.user),\(EdgeCase.calls("a")),\(EdgeCase.user),\(EdgeCase.result("a"))"
        ).leaves
        #expect(sent[".messages[2].content[0].type"] == "\"tool_result")
        #expect(sent[".messages[2].content[1].type"] == "\"text")
    }

    @Test func `4 a call and its result that were stored apart find each other`() throws {
        let other = #"{"role":"assistant","content":"Wait."}"#
        let sent = try EdgeCase.anthropic(
            "\(EdgeCase.user),\(EdgeCase.calls("a")),\(other),\(EdgeCase.user),\(EdgeCase.result("a"))"
        ).leaves
        let call = try #require(sent.first { $0.value == "\"tool_use" }?.key)
        let result = try #require(sent.first { $0.value == "\"tool_result" }?.key)
        #expect(call.hasPrefix(".messages[1]") && result == ".messages[2].content[0].type")
    }

    @Test func `32 a function without parameters, or of something else than an object, gets an empty object`() throws {
        for parameters in ["", #","parameters":null"#, #","parameters":{}"#, #","parameters":{"type":"string"}"#] {
            let tools = #""tools":[{"type":"function","function":{"name":"f"\#(parameters)}}]"#
            let sent = try EdgeCase.anthropic(EdgeCase.user, tools).leaves
            #expect(sent[".tools[0].input_schema.type"] == "\"object")
            let ollama = try EdgeCase.ollama(EdgeCase.user, tools)
            #expect(ollama[".tools[0].function.parameters.type"] != nil)
        }
    }

    @Test func `36 a result of parts stays parts where they are taken and becomes a text elsewhere`() throws {
        let parts = #"[{"type":"text","text":"one"},{"type":"text","text":"two"}]"#
        let messages = "\(EdgeCase.user),\(EdgeCase.calls("a")),\(EdgeCase.result("a", parts))"
        let sent = try EdgeCase.anthropic(messages).leaves
        #expect((0...1).map { sent[".messages[2].content[0].content[\($0)].text"] } == ["\"one", "\"two"])
        #expect(try EdgeCase.ollama(messages)[".messages[2].content"] == "\"one\ntwo")
    }

    @Test func `37 a history with calls and no tools this turn still shows the tools, and forbids them`() throws {
        let messages = "\(EdgeCase.user),\(EdgeCase.calls("a")),\(EdgeCase.result("a"))"
        let sent = try EdgeCase.anthropic(messages).leaves
        #expect(sent[".tools[0].name"] == "\"fa" && sent[".tool_choice.type"] == "\"none")
    }

    @Test func `39 names outside the charset are renamed, in history and definitions alike, and come back`() throws {
        let name = "get weather/now"
        let tools = #""tools":[{"type":"function","function":{"name":"\#(name)","description":" "}}]"#
        let call = #"{"id":"a:1","type":"function","function":{"name":"\#(name)","arguments":"{}"}}"#
        let made = #"{"id":"b","type":"function","function":{"name":"made up","arguments":"{}"}}"#
        let messages = #"\#(EdgeCase.user),{"role":"assistant","tool_calls":[\#(call),\#(made)]},"#
        let encoded = try EdgeCase.anthropic(messages + "\(EdgeCase.result("a:1")),\(EdgeCase.result("b"))", tools)
        let sent = try #require(encoded.leaves[".tools[0].name"])
        #expect(
            encoded.leaves[".messages[1].content[0].name"] == sent && encoded.renamed[String(sent.dropFirst())] == name
        )
        #expect(encoded.leaves[".tools[0].description"] == nil)
        let id = try #require(encoded.leaves[".messages[1].content[0].id"])
        #expect(encoded.leaves[".messages[2].content[0].tool_use_id"] == id && !id.contains(":"))
        let other = try #require(encoded.leaves[".messages[1].content[1].name"])
        #expect(!other.contains(" ") && other != sent)
    }

    @Test func `empty arguments are an empty object where objects are wanted`() throws {
        for arguments in ["", " "] {
            let messages = "\(EdgeCase.user),\(EdgeCase.calls("a", arguments: arguments)),\(EdgeCase.result("a"))"
            let request = try OpenAIChatCodec().decodeRequest(Array(#"{"messages":[\#(messages)]}"#.utf8))
            let bodies = try [
                AnthropicMessagesCodec().encodeRequest(request).body, OllamaChatCodec().encodeRequest(request).body,
            ]
            for body in bodies {
                let text = String(decoding: body, as: UTF8.self)
                #expect(text.contains(#""input":{}"#) || text.contains(#""arguments":{}"#))
            }
        }
    }
}
