import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Quirks of requests") struct QuirkEditorTests {
    /// What becomes of a caller's body, and what is named.
    private func edited(
        _ body: String,
        _ change: (inout ChatQuirks) -> Void
    ) throws -> (body: String, dropped: [String]) {
        var quirks = ChatQuirks()
        change(&quirks)
        var dropped: [String] = []
        let text = try spliced(body, OpenAIChatFacts.read) { bytes, scanner, facts in
            var splice = OpenAIChatSplice.edits(
                bytes,
                scanner: scanner,
                facts: facts,
                upstreamModel: "up",
                acceptsStreamUsage: true
            )
            dropped = OpenAIChatQuirkEdits.add(quirks, to: &splice, bytes, scanner: scanner, facts: facts)
            return splice
        }
        return (text, dropped)
    }

    private static let hi = #""messages":[{"role":"user","content":"Hi"}]"#

    @Test func `every byte stays but those of the members a quirk is about`() throws {
        let body =
            #"{ "x" : [1, 2.50 ,"é"],"seed":7 , "model": "up","messages": [ {"role":"user", "content":"H\u0069"} ] }"#
        let seen = try edited(body) { $0.drop = ["seed"] }
        #expect(seen.body == body.replacing(#""seed":7 , "#, with: ""))
        #expect(seen.dropped == ["seed"])
        #expect(try edited(body) { _ in }.body == body)
    }

    @Test func `the limit of tokens goes by the name the server knows; of two the lower one holds`() throws {
        func limit(_ members: String, _ limit: ChatQuirks.TokenLimit) throws -> (String, [String]) {
            let seen = try edited("{\"model\":\"up\",\(members),\(Self.hi)}") { $0.tokenLimit = limit }
            return (seen.body.replacing("," + Self.hi, with: "").replacing(#""model":"up","#, with: ""), seen.dropped)
        }
        #expect(try limit(#""max_completion_tokens":5"#, .maxTokens) == (#"{"max_tokens":5}"#, []))
        #expect(try limit(#""max_tokens":5"#, .maxCompletionTokens) == (#"{"max_completion_tokens":5}"#, []))
        #expect(try limit(#""max_tokens":5"#, .either) == (#"{"max_tokens":5}"#, []))
        let both = #""max_tokens":5,"max_completion_tokens":6"#
        #expect(try limit(both, .maxTokens) == (#"{"max_tokens":5}"#, ["max_completion_tokens"]))
        #expect(try limit(both, .either) == (#"{"max_completion_tokens":5}"#, ["max_completion_tokens"]))
        let same = #""max_tokens":5,"max_completion_tokens":5"#
        #expect(try limit(same, .maxCompletionTokens) == (#"{"max_completion_tokens":5}"#, []))
        #expect(try limit(#""max_tokens":null,"max_completion_tokens":6"#, .maxTokens) == (#"{"max_tokens":6}"#, []))
    }

    @Test func `what says nothing is left out without a word, and members for the gateway are not named`() throws {
        let body = #"{"model":"up","route":"cloud","store":false,"n":1,"user":null,"logit_bias":{"1":2},"#
        let seen = try edited(body + Self.hi + "}") { $0.members = ["messages", "temperature"] }
        #expect(seen.body == #"{"model":"up",\#(Self.hi)}"#)
        #expect(seen.dropped == ["logit_bias"])
    }

    @Test func `names, levels and numbers become the server's`() throws {
        let body = #"{"model":"up","seed":1,"reasoning_effort":"xhigh","logprobs":true,"top_logprobs":4,"#
        let seen = try edited(body + Self.hi + "}") { quirks in
            quirks.rename = [.init(from: "seed", to: "random_seed")]
            quirks.efforts = [.init(from: "xhigh", to: "high")]
            quirks.countsLogprobs = true
        }
        #expect(
            seen.body == #"{"model":"up","random_seed":1,"reasoning_effort":"high","logprobs":4,\#(Self.hi)}"#
        )
        let none = try edited(#"{"model":"up","reasoning_effort":"none",\#(Self.hi)}"#) { quirks in
            quirks.noEffort = ExtraMember(name: "thinking", value: JSONText(#"{"type":"disabled"}"#))
        }
        #expect(none.body == #"{"model":"up",\#(Self.hi),"thinking":{"type":"disabled"}}"#)
    }

    @Test func `ids of calls become ones of the length, the same ones in call and result, and fine ones stay`() throws {
        let body = #"""
            {"model":"up","messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"D681PevKs","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"call_1","content":"1"},{"role":"tool","tool_call_id":"D681PevKs","content":"2"}]}
            """#
        let seen = try edited(body) { $0.callIDLength = 9 }
        let ids = seen.body.matches(of: /"(?:id|tool_call_id)":"([A-Za-z0-9]+)"/).map { String($0.output.1) }
        #expect(ids.count == 4 && ids[0] == ids[2] && ids[1] == "D681PevKs" && ids[3] == ids[1])
        #expect(ids[0].utf8.count == 9 && ids[0] != "call_1")
        #expect(seen.dropped.isEmpty)
    }

    @Test func `a user who speaks right after results is answered first, where the server wants that`() throws {
        let body =
            #"{"model":"up","messages":[{"role":"tool","tool_call_id":"a","content":"1"}, {"role":"user","content":"b"}]}"#
        let seen = try edited(body) { $0.bridgeAfterTool = "OK." }
        #expect(
            seen.body
                == body.replacing(
                    #"{"role":"user""#,
                    with: #"{"role":"assistant","content":"OK."},{"role":"user""#
                )
        )
    }

    @Test func `earlier reasoning stands where the server looks for it`() throws {
        func history(_ message: String, _ change: (inout ChatQuirks) -> Void) throws -> (String, [String]) {
            let body = "{\"model\":\"up\",\"messages\":[{\"role\":\"assistant\",\(message)}]}"
            let seen = try edited(body, change)
            let start = #"{"model":"up","messages":[{"role":"assistant","#
            return (String(seen.body.dropFirst(start.count).dropLast(3)), seen.dropped)
        }
        let said = #""content":"Hi","reasoning_content":"Hm""#
        #expect(try history(said) { $0.history = .reasoning } == (#""content":"Hi","reasoning":"Hm""#, []))
        #expect(try history(said) { $0.history = .omitted } == (#""content":"Hi""#, ["messages[0].reasoning_content"]))
        #expect(
            try history(said) { $0.history = .parts }.0
                == #""content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm"}]},{"type":"text","text":"Hi"}]"#
        )
        let calls = #""content":null,"tool_calls":[{"id":"a"}]"#
        #expect(
            try history(calls) { $0.wantsReasoningWithCalls = true }.0 == calls + #","reasoning_content":"""#
        )
        #expect(try history(said) { $0.wantsReasoningWithCalls = true }.0 == said)
        #expect(try history(calls) { $0.refusesNull = true }.0 == #""tool_calls":[{"id":"a"}]"#)
    }

    @Test func `tools and formats that a server ignores or refuses are said in another way`() throws {
        let tools =
            #""tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"$schema":"x","type":"object"}}}]"#
        func tool(_ more: String, _ change: (inout ChatQuirks) -> Void) throws -> (String, [String]) {
            let seen = try edited("{\"model\":\"up\",\(tools)\(more),\(Self.hi)}", change)
            return (seen.body.replacing("," + Self.hi, with: "").replacing(#"{"model":"up","#, with: "{"), seen.dropped)
        }
        let none = try edited("{\"model\":\"up\",\(tools),\"tool_choice\":\"none\",\(Self.hi)}") {
            $0.ignoresNoTools = true
        }
        #expect(none.body == "{\"model\":\"up\",\(Self.hi)}" && none.dropped.isEmpty)
        let required = try tool(#","tool_choice":"required""#) { $0.ignoresRequired = true }
        #expect(required.0.contains(#""tool_choice":{"type":"function","function":{"name":"f"}}"#))
        let plain = try tool("") { quirks in
            quirks.refusesStrict = true
            quirks.dropFromSchemas = ["$schema"]
        }
        #expect(plain.0 == #"{"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]}"#)
        #expect(plain.1 == ["tools[0].function.strict"])
        let text = try tool(#","response_format":{"type":"text"}"#) { $0.refusesTextFormat = true }
        #expect(text.0 == "{\(tools)}" && text.1.isEmpty)
        let object = try edited(#"{"model":"up","response_format":{"type":"json_object"},\#(Self.hi)}"#) {
            $0.formats = .schemaOnly
        }
        #expect(
            object.body.contains(#"{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"}}}"#)
        )
    }

    @Test func `quirks that change nothing touch nothing`() {
        #expect(!ChatQuirks().touchesRequests)
        var answers = ChatQuirks()
        answers.thinksInTags = true
        answers.shapeExcludes = [.tools]
        #expect(!answers.touchesRequests)
        var reasoning = ChatQuirks()
        reasoning.dropForReasoning = ["stop"]
        #expect(!reasoning.forModel(reasons: false).touchesRequests)
        #expect(reasoning.forModel(reasons: true).drop == ["stop"])
    }

    @Test func `a request that is written anew is changed in the same way, in the caller's names`() throws {
        var quirks = ChatQuirks()
        quirks.refusesStrict = true
        quirks.drop = ["user"]
        let codec = try #require(Dialect.openAIChat.codec(CodecSettings(account: "a", chatQuirks: quirks)))
        var request = ChatRequest(model: "m", messages: [ChatMessage(role: .user, text: "Hi")])
        request.user = "u"
        request.tools = [.function(ChatFunction(name: "f", description: nil, parameters: nil, strict: true))]
        let encoded = try codec.encodeRequest(request)
        #expect(!String(decoding: encoded.body, as: UTF8.self).contains("strict"))
        #expect(encoded.dropped == ["tools[0].function.strict", "user"])
        let left = try codec.leavingOut(["messages", "tools"]).encodeRequest(request)
        #expect(left.body == Array(#"{"model":"m"}"#.utf8))
        #expect(left.dropped == ["tools[0].function.strict", "user", "messages", "tools"])
    }
}
