import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Anthropic facts") struct AnthropicFactsTests {
    /// Scans a body and reads its facts, as the request path does.
    private func facts(_ body: String, isCount: Bool = false) throws -> RequestFacts {
        let body = Array(body.utf8)
        var scanner = JSONScanner()
        try scanner.finish(body.span)
        return try body.withUnsafeBytes { try AnthropicMessagesFacts.read($0, scanner: scanner, isCount: isCount) }
    }

    private func request(_ members: String) -> String {
        #"{"model":"claude/x","max_tokens":9,"messages":[{"role":"user","content":"hello"}]\#(members)}"#
    }

    @Test func `are read from a request with everything in it`() throws {
        let body = request(
            #","system":[{"type":"text","text":"four"}],"stream":true,"tools":[{"name":"t","input_schema":{}}],"#
                + #""route":"auto","provider":"claude","smart_routing":false,"fallbacks":["a/b","c"],"temperature":1,"#
                + #""thread":{"type":"continue","previous_message_id":"msg_1"}"#
        )
        let facts = try facts(body)
        #expect(facts.model == ModelName("claude/x") && facts.stream && facts.includeUsage && facts.maxTokens == 9)
        #expect(facts.modelValue.map { String(decoding: Array(body.utf8)[$0], as: UTF8.self) } == #""claude/x""#)
        #expect(facts.messageCount == 1 && facts.toolCount == 1 && facts.toolBytes == 32 && facts.textBytes == 9)
        #expect(facts.route == .auto && facts.provider == "claude" && facts.smartRouting == false)
        #expect(facts.fallbacks == [ModelName("a/b"), ModelName("c")])
        #expect(facts.gatewayMembers == [.route, .provider, .smartRouting, .fallbacks])
        #expect(facts.thread == .resume(previousMessageID: "msg_1"))
    }

    @Test(arguments: [
        #","fallbacks":[{"model":"claude-opus-4-8"}]"#, #","fallbacks":"default""#, #","provider":{"order":[]}"#,
        #","route":{"type":"price"}"#, #","smart_routing":{"a":1}"#, #","fallbacks":null,"route":null"#,
        #","fallbacks":[]"#,
    ])
    func `leave a vendor's own fields of the same names alone`(_ members: String) throws {
        let facts = try facts(request(members))
        #expect(facts.gatewayMembers.isEmpty && facts.fallbacks.isEmpty)
        #expect(try splice(request(members), model: "claude/x") == request(members))
    }

    @Test(arguments: [
        (#","thread":{"type":"create"}"#, MessageThread.create), (#","thread":{"type":"fork"}"#, .other),
        (#","thread":{}"#, .other),
    ])
    func `tell a thread`(_ member: String, _ thread: MessageThread) throws {
        #expect(try facts(request(member)).thread == thread)
        #expect(try facts(request(#","thread":null"#)).thread == nil)
    }

    @Test func `need no limit to count tokens`() throws {
        let body = #"{"model":"m","messages":[{}]}"#
        #expect(try facts(body, isCount: true).maxTokens == nil)
        let error = #expect(throws: GatewayError.self) { try facts(body) }
        #expect(error?.code == .missingRequiredParameter && error?.param == "max_tokens")
    }

    @Test(arguments: [
        (#","stream":1"#, "stream"), (#","temperature":1.5"#, "temperature"), (#","top_p":-1"#, "top_p"),
        (#","top_k":-2"#, "top_k"), (#","stop_sequences":"x""#, "stop_sequences"),
        (#","stop_sequences":["a",1]"#, "stop_sequences[1]"), (#","system":{}"#, "system"), (#","tools":1"#, "tools"),
        (#","tools":["x"]"#, "tools[0]"), (#","thread":1"#, "thread"), (#","provider":"""#, "provider"),
        (#","route":"locl""#, "route"), (#","route":7"#, "route"),
        (#","thread":{"type":"continue"}"#, "thread.previous_message_id"), (#","fallbacks":["a b"]"#, "fallbacks[0]"),
    ])
    func `refuse what cannot be meant, and name it`(_ member: String, _ param: String) throws {
        let error = #expect(throws: GatewayError.self) { try facts(request(member)) }
        #expect(error?.code == .invalidValue && error?.param == param)
    }

    @Test(arguments: [
        (#"{"max_tokens":1,"messages":[]}"#, "messages"), (#"{"max_tokens":1,"messages":"x"}"#, "messages"),
        (#"{"max_tokens":1,"messages":[1]}"#, "messages[0]"), (#"{"max_tokens":-1,"messages":[{}]}"#, "max_tokens"),
        (#"{"max_tokens":1,"messages":[{}],"model":"a b"}"#, "model"),
    ])
    func `refuse wrong values of what must be there`(_ body: String, _ param: String) throws {
        let error = #expect(throws: GatewayError.self) { try facts(body) }
        #expect(error?.code == .invalidValue && error?.param == param)
    }

    private func splice(_ text: String, model: String, drop: [String] = []) throws -> String {
        let body = Array(text.utf8)
        var scanner = JSONScanner()
        try scanner.finish(body.span)
        let facts = try facts(text)
        let splice = body.withUnsafeBytes {
            AnthropicMessagesSplice.edits(
                $0,
                scanner: scanner,
                facts: facts,
                upstreamModel: model,
                dropParams: drop
            )
        }
        return String(decoding: splice.render(body), as: UTF8.self)
    }

    @Test func `edit the model and the gateway's members, and no other byte`() throws {
        let body =
            #"{ "model" : "claude/x", "route":"auto", "max_tokens":1.0e1 ,"messages":[{"content":"\u0041 "}],"#
            + #" "stream":true, "context_management":{"edits":[]},"fallbacks":["a"],"x":1}"#
        let expected =
            #"{ "model" : "claude-opus-5", "max_tokens":1.0e1 ,"messages":[{"content":"\u0041 "}],"#
            + #" "stream":true, "context_management":{"edits":[]},"x":1}"#
        #expect(try splice(body, model: "claude-opus-5") == expected)
        #expect(try splice(body, model: "claude-opus-5", drop: ["x"]) == expected.replacing(#","x":1"#, with: ""))
    }
}
