import MartletCore
import MartletDialects
import MartletWire
import Testing

/// Scans a body and reads its facts, as the request path does.
func facts(_ body: [UInt8]) throws -> RequestFacts {
    var scanner = JSONScanner()
    try scanner.finish(body.span)
    return try body.withUnsafeBytes { try OpenAIChatFacts.read($0, scanner: scanner) }
}

@Suite("OpenAI chat facts") struct OpenAIChatFactsTests {
    @Test func `are read from a request with everything in it`() throws {
        let body = try Fixture.named("full.json", in: "requests").bytes
        let facts = try facts(body)
        #expect(facts.bodyBytes == body.count && facts.model == ModelName("openai/gpt-5.5"))
        #expect(facts.modelValue.map { String(decoding: body[$0], as: UTF8.self) } == #""openai\/gpt-5.5""#)
        #expect(facts.stream && facts.includeUsage)
        #expect(facts.includeUsageValue.map { String(decoding: body[$0], as: UTF8.self) } == "true")
        #expect(facts.route == .auto && facts.provider == "openai" && facts.smartRouting == false)
        #expect(facts.fallbacks == [ModelName("a/b"), ModelName("c")])
        #expect(facts.gatewayMembers == [.route, .provider, .smartRouting, .fallbacks])
        #expect(facts.hasApp && facts.messageCount == 9 && facts.toolCount == 4 && facts.imageParts == 1)
        #expect(facts.maxTokens == 2048 && facts.maxCompletionTokens == 4096 && facts.outputTokenLimit == 4096)
        #expect(facts.choiceCount == 1)
    }

    @Test(arguments: ["small.json", "odd.json"])
    func `count the same prompt text as the decoded request`(_ name: String) throws {
        let body = try Fixture.named(name, in: "requests").bytes
        #expect(try facts(body).textBytes == OpenAIChatCodec().decodeRequest(body).textBytes)
    }

    @Test func `leave a vendor's own fields of the same names alone`() throws {
        let facts = try facts(try Fixture.named("odd.json", in: "requests").bytes)
        #expect(facts.gatewayMembers.isEmpty && facts.route == nil && facts.provider == nil && facts.fallbacks.isEmpty)
    }

    @Test(arguments: ["", #""model":"","#, #""model":null,"#])
    func `take an absent, null or empty model for the default`(_ model: String) throws {
        #expect(try facts(Array("{\(model)\"messages\":[{}]}".utf8)).model == nil)
    }

    @Test func `find members whose names are escaped`() throws {
        let facts = try facts(
            Array(
                #"{"\u006dodel":"m","m\u0065ssages":[{}],"stream":true,"stream_options":{"include\u005fusage":true}}"#
                    .utf8
            )
        )
        #expect(facts.model == ModelName("m") && facts.messageCount == 1 && facts.includeUsage)
    }

    @Test(arguments: [
        (#""model":1"#, "model"), (#""model":"a b""#, "model"), (#""model":"ä""#, "model"),
        (#""model":"\u0000""#, "model"), ("\"model\":\"\(String(repeating: "m", count: 257))\"", "model"),
        (#""messages":"x""#, "messages"), (#""messages":[]"#, "messages"), (#""messages":{}"#, "messages"),
        (#""messages":[{},"x"]"#, "messages[1]"), (#""messages":[{"a":"\\\"]}"},[]]"#, "messages[1]"),
        ("\"messages\":[\(String(repeating: "{},", count: 10_000)){}]", "messages"),
        (#""tools":{}"#, "tools"), (#""tools":[1]"#, "tools[0]"),
        ("\"tools\":[\(String(repeating: "{},", count: 512)){}]", "tools"),
        (#""stop":1"#, "stop"), (#""stop":["a",1]"#, "stop[1]"),
        ("\"stop\":[\(String(repeating: "\"\",", count: 16))\"\"]", "stop"),
        (#""stream":"true""#, "stream"), (#""stream":1"#, "stream"), (#""stream_options":[]"#, "stream_options"),
        (#""stream_options":{"include_usage":"yes"}"#, "stream_options.include_usage"),
        (#""max_tokens":0"#, "max_tokens"), (#""max_tokens":-1"#, "max_tokens"), (#""max_tokens":1.5"#, "max_tokens"),
        (#""max_tokens":"5""#, "max_tokens"), (#""max_tokens":2147483648"#, "max_tokens"),
        (#""max_tokens":1e99"#, "max_tokens"), (#""max_completion_tokens":true"#, "max_completion_tokens"),
        (#""n":0"#, "n"), (#""seed":9223372036854775808"#, "seed"), (#""seed":0.5"#, "seed"),
        (#""top_logprobs":21"#, "top_logprobs"), (#""top_k":-2"#, "top_k"),
        (#""temperature":2.1"#, "temperature"), (#""temperature":-0.1"#, "temperature"),
        (#""temperature":"1""#, "temperature"),
        (#""temperature":1e400"#, "temperature"), (#""top_p":1.01"#, "top_p"),
        (#""presence_penalty":-2.5"#, "presence_penalty"), (#""frequency_penalty":3"#, "frequency_penalty"),
        (#""logprobs":1"#, "logprobs"), (#""parallel_tool_calls":"no""#, "parallel_tool_calls"),
        (#""store":0"#, "store"),
        (#""user":1"#, "user"), (#""user":"""#, "user"), ("\"user\":\"\(String(repeating: "u", count: 257))\"", "user"),
        (#""metadata":[]"#, "metadata"), (#""metadata":{"a":1}"#, "metadata"),
        ("\"metadata\":{\"\(String(repeating: "k", count: 65))\":\"\"}", "metadata"),
        ("\"metadata\":{\"k\":\"\(String(repeating: "v", count: 513))\"}", "metadata"),
        ("\"metadata\":{\((0...16).map { "\"k\($0)\":\"\"" }.joined(separator: ","))}", "metadata"),
        (#""smart_routing":"on""#, "smart_routing"), (#""provider":"""#, "provider"),
        (#""route":"locl""#, "route"), (#""route":7"#, "route"),
        (#""fallbacks":"x""#, "fallbacks"), (#""fallbacks":[{}]"#, "fallbacks[0]"),
        (#""fallbacks":["a",{"model":1}]"#, "fallbacks[1].model"),
        (#""fallbacks":["a b"]"#, "fallbacks[0]"), (#""fallbacks":[null]"#, "fallbacks[0]"),
    ])
    func `refuse what cannot be meant, and name it`(_ member: String, _ param: String) throws {
        let messages = member.hasPrefix("\"messages\"") ? "" : #","messages":[{}]"#
        let error = #expect(throws: GatewayError.self) { try facts(Array("{\(member)\(messages)}".utf8)) }
        #expect(error?.code == .invalidValue && error?.param == param)
    }

    @Test(arguments: [
        #""max_tokens":4.0"#, #""max_tokens":2147483647"#, #""max_tokens":null"#, #""n":1e0"#,
        #""seed":-9223372036854775808"#,
        #""temperature":0"#, #""temperature":2.0"#, #""temperature":null"#, #""stream":null"#,
        #""stream_options":null"#,
        #""stop":null"#, #""stop":"x""#, #""tools":null"#, #""metadata":null"#, #""user":null"#, #""top_k":-1"#,
        #""fallbacks":null"#, #""provider":null"#, #""route":null"#, #""route":{"type":"x"}"#, #""smart_routing":null"#,
        #""logprobs":null"#,
        #""unknown":[[{}]]"#, "\"user\":\"\(String(repeating: "u", count: 256))\"",
    ])
    func `accept what can`(_ member: String) throws {
        #expect(try facts(Array("{\(member),\"messages\":[{}]}".utf8)).messageCount == 1)
    }

    @Test(arguments: ["{}", #"{"model":"m"}"#, #"{"messages":null}"#])
    func `miss the messages`(_ body: String) {
        let error = #expect(throws: GatewayError.self) { try facts(Array(body.utf8)) }
        #expect(error?.code == .missingRequiredParameter && error?.param == "messages")
    }

    @Test(arguments: ["[]", "1", "\"x\"", "null"])
    func `refuse a body that is no object`(_ body: String) {
        let error = #expect(throws: GatewayError.self) { try facts(Array(body.utf8)) }
        #expect(error?.code == .invalidValue && error?.param == nil)
    }
}
