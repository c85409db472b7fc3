import MartletCore
import MartletDialects
import MartletWire
import Testing

/// A codec that adds nothing to requests.
let plainOllama = OllamaChatCodec(settings: OllamaSettings(context: nil, truncates: nil))

/// Decodes a body of OpenAI's shape and encodes it for Ollama.
func ollamaBody(
    openAI body: String,
    codec: OllamaChatCodec = plainOllama
) throws -> (leaves: [String: String], dropped: [String]) {
    var dropped: [String] = []
    let request = try OpenAIChatCodec().decodeRequest(Array(body.utf8))
    return (try leaves(codec.encodeRequest(request, dropped: &dropped)), dropped)
}

@Suite("Ollama chat requests") struct OllamaRequestTests {
    let codec = plainOllama

    @Test(arguments: Fixture.all("Ollama/requests"))
    func `decode to the same value again after encoding`(_ fixture: Fixture) throws {
        var request = try codec.decodeRequest(fixture.bytes)
        var dropped: [String] = []
        if fixture.name == "old.json" {
            // Encoding names the tools of results and puts these into the order of the calls; once is enough.
            request = try codec.decodeRequest(codec.encodeRequest(request, dropped: &dropped))
            #expect(request.messages.map(\.name) == [nil, nil, "weather", "time", nil, "weather", "other", nil])
        }
        #expect(try codec.decodeRequest(codec.encodeRequest(request, dropped: &dropped)) == request)
        // The only name that is not Ollama's own is that of the schema.
        #expect(dropped.allSatisfy { $0 == "response_format.json_schema.name" })
    }

    @Test func `keep every leaf`() throws {
        let bytes = try Fixture.named("full.json", in: "Ollama/requests").bytes
        var before = try leaves(bytes)
        // Roles are written in lower case.
        before[".messages[1].role"] = "\"user"
        #expect(try leaves(codec.encodeRequest(codec.decodeRequest(bytes)).body) == before)
    }

    @Test func `are typed in every part`() throws {
        let request = try codec.decodeRequest(Fixture.named("full.json", in: "Ollama/requests").bytes)
        #expect(request.model == "qwen3:14b" && request.stream == false && request.reasoningEffort == "high")
        let pictures = request.messages[1].parts.compactMap { part in
            if case .image(let image) = part { String(image.url.prefix(24)) } else { nil }
        }
        #expect(
            pictures == ["data:image/png;base64,iV", "data:image/jpeg;base64,/", "data:image/webp;base64,U"]
        )
        #expect(request.messages[1].parts.last == .audio(ChatAudio(base64: "UklGRgAAAABXQVZFZm10", format: "wav")))
        #expect(request.messages[1].text == "What is this?\n\"é😀\"")
        #expect(request.messages[2].reasoning == "Two cities." && request.messages[2].text.isEmpty)
        #expect(request.messages[2].toolCalls.map(\.arguments) == [#"{"city": "Oslo", "days": 2.50}"#, "{}"])
        guard case .toolResult(let result) = request.messages[3].parts[0] else { return #expect(Bool(false)) }
        #expect(result == ChatToolResult(callID: "call_a1", content: [.text(ChatText("4 C"))]))
        #expect(request.limits.maxCompletionTokens == 256 && request.sampling.seed == 9_007_199_254_740_993)
        #expect(request.sampling.topK == 20 && request.sampling.stop == ["END", "\n\n"])
        #expect(request.sampling.logprobs == true && request.sampling.topLogprobs == 5)
        guard case .jsonSchema(let format) = request.responseFormat else { return #expect(Bool(false)) }
        #expect(format.schema?.bytes.first == UInt8(ascii: "{"))
        #expect(request.extra.map(\.name) == ["keep_alive", "truncate", "shift", "options"])
    }

    @Test func `of old clients get ids that tie results to their calls, the same each time`() throws {
        let bytes = try Fixture.named("old.json", in: "Ollama/requests").bytes
        let request = try codec.decodeRequest(bytes)
        #expect(request.stream == true && request.reasoningEffort == "none" && request.responseFormat == .jsonObject)
        let first = request.messages[1].toolCalls.map(\.id)
        let second = request.messages[4].toolCalls.map(\.id)
        let results = request.messages.compactMap { message -> String? in
            if case .toolResult(let result) = message.parts.first { result.callID } else { nil }
        }
        #expect(results.prefix(3) == [first[1], first[0], second[0]])
        // Equal calls at different places are different calls; a result without a call has an id too.
        #expect(Set(first + second + results).count == 4 && (first + second + results).allSatisfy { $0.count == 21 })
        #expect(try codec.decodeRequest(bytes) == request)
        #expect(request.extra.map(\.name) == ["keep_alive", "options"] && request.limits.maxCompletionTokens == nil)
    }

    @Test(arguments: [("made-elsewhere", "get_time"), ("made-elsewhere", nil), ("", "get_time")])
    func `whose calls have no ids take results with ids of their own`(_ id: String, _ tool: String?) throws {
        let name = tool.map { #","tool_name":"\#($0)""# } ?? ""
        let body = #"""
            {"model":"m","messages":[{"role":"user","content":"hi"},
            {"role":"assistant","content":"","tool_calls":[{"function":{"name":"get_time","arguments":{}}},
            {"id":"mine","function":{"name":"get_time","arguments":{}}}]},
            {"role":"tool","content":"noon","tool_call_id":"\#(id)"\#(name)},
            {"role":"tool","content":"sunny","tool_call_id":"mine"},
            {"role":"tool","content":"lost","tool_call_id":"nowhere"}]}
            """#
        let request = try codec.decodeRequest(Array(body.utf8))
        let results = request.messages.compactMap { message -> String? in
            if case .toolResult(let result) = message.parts.first { result.callID } else { nil }
        }
        // No call is left open for the last one.
        #expect(results == request.messages[1].toolCalls.map(\.id) + ["nowhere"])
    }

    @Test func `that only load a model have no messages`() throws {
        let request = try codec.decodeRequest(Fixture.named("load.json", in: "Ollama/requests").bytes)
        #expect(request.messages.isEmpty && request.extra.map(\.name) == ["keep_alive"])
    }

    @Test(arguments: [
        (#"{"messages":[{"content":"x"}]}"#, "messages[0].role"),
        (#"{"messages":[{"role":"user","content":[]}]}"#, "messages[0].content"),
        (#"{"messages":[{"role":"user","images":[1]}]}"#, "messages[0].images[0]"),
        (#"{"messages":[{"role":"assistant","tool_calls":[{"name":"f"}]}]}"#, "messages[0].tool_calls"),
        (#"{"messages":"x"}"#, "messages"),
        (#"{"format":"yaml"}"#, "format"),
        (#"{"think":"little"}"#, "think"),
        (#"{"stream":"yes"}"#, "stream"),
        (#"{"top_logprobs":21}"#, "top_logprobs"),
        (#"{"options":[]}"#, "options"),
        (#"{"options":{"temperature":"hot"}}"#, "options.temperature"),
        (#"{"options":{"top_k":2147483648}}"#, "options.top_k"),
        (#"{"options":{"stop":[1]}}"#, "options.stop[0]"),
        (#"{"model":1}"#, "model"),
    ])
    func `name the field that is wrong`(_ body: String, _ param: String) {
        let error = #expect(throws: GatewayError.self) { try codec.decodeRequest(Array(body.utf8)) }
        #expect(error?.code == .invalidValue && error?.param == param)
    }

    @Test func `are refused when they are no JSON, too deep, or no object`() {
        func code(_ body: String) -> GatewayError.Code? {
            #expect(throws: GatewayError.self) { try codec.decodeRequest(Array(body.utf8)) }?.code
        }
        #expect(code("{") == .invalidJSON && code("[]") == .invalidValue)
        #expect(code(String(repeating: "[", count: 200)) == .jsonTooDeep)
    }

    @Test func `read what speaks to the gateway and never send it on`() throws {
        let body = #"{"model":"m","messages":[],"route":"local","fallbacks":["a",{"model":"b"}],"smart_routing":false}"#
        let request = try codec.decodeRequest(Array(body.utf8))
        #expect(request.gateway.route == .local && request.gateway.fallbacks == ["a", "b"] && request.extra.isEmpty)
        var dropped: [String] = []
        #expect(try leaves(codec.encodeRequest(request, dropped: &dropped)) == [".model": "\"m", ".stream": "true"])
        #expect(dropped.isEmpty)
    }

    @Test(arguments: Fixture.all("Ollama/from-openai/in"))
    func `translated from OpenAI's are the recorded ones, and so is what they leave out`(_ fixture: Fixture) throws {
        let expected = try Fixture.named(fixture.name, in: "Ollama/from-openai/out").bytes
        let list = fixture.name.dropLast(5) + ".txt"
        let named = try Fixture.named(String(list), in: "Ollama/from-openai/dropped").bytes
        var dropped: [String] = []
        let request = try OpenAIChatCodec().decodeRequest(fixture.bytes)
        let body = OllamaChatCodec().encodeRequest(request, dropped: &dropped)
        #expect(try leaves(body) == leaves(expected))
        let names = String(decoding: named, as: UTF8.self).split(separator: "\n").map(String.init)
        #expect(dropped.sorted() == names.sorted())
        let takesFreeText = request.tools?.contains { if case .other(type: "custom", _) = $0 { true } else { false } }
        if request.sampling.count ?? 1 <= 1, takesFreeText != true {
            #expect(try OllamaChatCodec().encodeRequest(request).body == body)
        } else {
            #expect(throws: GatewayError.self) { try OllamaChatCodec().encodeRequest(request) }
        }
    }

    @Test(arguments: [
        (#""modalities":["text","audio"]"#, "modalities"), (#""audio":{"voice":"a","format":"wav"}"#, "audio"),
        (#""functions":[{"name":"f"}]"#, "functions"),
        (#""tools":[{"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"g"}}]"#, "tools[1]"),
        (#""n":2"#, "n"),
    ])
    func `refuse what cannot be left out`(_ members: String, _ param: String) throws {
        let body = #"{"model":"m","messages":[{"role":"user","content":"x"}],\#(members)}"#
        let request = try OpenAIChatCodec().decodeRequest(Array(body.utf8))
        let error = #expect(throws: GatewayError.self) { try OllamaChatCodec().encodeRequest(request) }
        #expect(error?.code == .unsupportedParameter && error?.param == param)
        let single = #expect(throws: GatewayError.self) { try OllamaGenerateCodec().encodeRequest(request) }
        #expect(single?.code == .unsupportedParameter && single?.param == param)
    }

    @Test(arguments: ["auto", "required"]) func `show the tools that are allowed, and no others`(_ mode: String) throws
    {
        let tools = ["f", "g"].map { #"{"type":"function","function":{"name":"\#($0)"}}"# }
        let choice =
            #"{"type":"allowed_tools","allowed_tools":{"mode":"\#(mode)","tools":[{"type":"function","#
            + #""function":{"name":"g"}}]}}"#
        let body =
            #"{"model":"m","messages":[{"role":"user","content":"x"}],"tools":[\#(tools.joined(separator: ","))],"#
            + #""tool_choice":\#(choice)}"#
        let encoded = try OllamaChatCodec().encodeRequest(OpenAIChatCodec().decodeRequest(Array(body.utf8)))
        let sent = try leaves(encoded.body)
        #expect(sent[".tools[0].function.name"] == "\"g" && sent[".tools[1].function.name"] == nil)
        #expect(encoded.dropped == (mode == "auto" ? [] : ["tool_choice"]))
    }

    @Test func `carry what the settings add unless the caller asked for it`() throws {
        let settings = OllamaSettings(context: OllamaContext(window: 2_048), keepAlive: "-1", shifts: true)
        let codec = OllamaChatCodec(settings: settings)
        let body = #"{"messages":[{"role":"user","content":"x"}]}"#
        let sent = try ollamaBody(openAI: body, codec: codec).leaves
        #expect(sent[".keep_alive"] == "-1.0" && sent[".truncate"] == "false" && sent[".shift"] == "true")
        #expect(sent[".options.num_ctx"] == "2048.0")
        let asked = try ollamaBody(
            openAI:
                #"{"messages":[{"role":"user","content":"x"}],"keep_alive":"5m","shift":false,"options":{"num_ctx":9}}"#,
            codec: codec
        ).leaves
        #expect(asked[".keep_alive"] == "\"5m" && asked[".shift"] == "false" && asked[".options.num_ctx"] == "9.0")
    }

    @Test(arguments: [
        ("none", "false"), ("minimal", "\"low"), ("low", "\"low"), ("medium", "\"medium"), ("high", "\"high"),
        ("xhigh", "\"max"), ("max", "\"max"), ("some", nil),
    ])
    func `turn the effort of reasoning into a level of thinking`(_ effort: String, _ think: String?) throws {
        let body = #"{"messages":[{"role":"user","content":"x"}],"reasoning_effort":"\#(effort)"}"#
        let sent = try ollamaBody(openAI: body)
        #expect(sent.leaves[".think"] == think)
        #expect(sent.dropped == (think == nil ? ["reasoning_effort"] : []))
        // A model that cannot think refuses all but `false`.
        let unable = OllamaChatCodec(settings: OllamaSettings(thinks: false))
        let kept = try ollamaBody(openAI: body, codec: unable)
        #expect(kept.leaves[".think"] == (effort == "none" ? "false" : nil))
        #expect(kept.dropped == (effort == "none" ? [] : ["reasoning_effort"]))
    }

    @Test(arguments: [
        ("data:image/png;base64,AAAA", "AAAA"), ("DATA:;charset=x;BASE64,AA", "AA=="),
        ("data:image/png;base64,_-8", "/+8="), ("data:image/png;base64,A%2BA%3D%3D", "A+A="),
        ("data:image/png;base64,A%2BAA", "A+AA"), ("data:,a%20b", "YSBi"), ("data:text/plain,a", "YQ=="),
        ("data:image/png;base64,AA=A", nil), ("data:image/png;base64,A", nil), ("data:image/png;base64,", nil),
        ("data:image/png;base64,A*AA", nil), ("data:,%4", nil), ("data:nothing", nil), ("file:///etc/passwd", nil),
        ("https://example.org/a.png", nil),
    ])
    func `unpack pictures and name those that are no data`(_ url: String, _ base64: String?) throws {
        let image = #"{"type":"image_url","image_url":{"url":"\#(url)"}}"#
        let sent = try ollamaBody(
            openAI: #"{"messages":[{"role":"user","content":[{"type":"text","text":"x"},\#(image)]}]}"#
        )
        #expect(sent.leaves[".messages[0].images[0]"] == base64.map { "\"" + $0 })
        #expect(sent.dropped == (base64 == nil ? ["messages[0].content[1]"] : []))
    }

    @Test(arguments: [
        (#"{\"a\":1}"#, [".a": "1.0"]), ("", [:]), (" \\n", [:]), ("{}", [:]), ("{broken", [".input": "\"{broken"]),
        ("[1]", [".input": "\"[1]"]), (#"{\"a\":1,\"a\":2}"#, [".input": "\"{\"a\":1,\"a\":2}"]),
    ])
    func `turn the text of arguments into an object, whatever it is`(_ text: String, _ object: [String: String]) throws
    {
        let call = #"{"id":"c","type":"function","function":{"name":"f","arguments":"\#(text)"}}"#
        let sent = try ollamaBody(openAI: #"{"messages":[{"role":"assistant","tool_calls":[\#(call)]}]}"#)
        let prefix = ".messages[0].tool_calls[0].function.arguments"
        let found = sent.leaves.filter { $0.key.hasPrefix(prefix) }
        #expect(found == Dictionary(uniqueKeysWithValues: object.map { (prefix + $0.key, $0.value) }))
        #expect(sent.dropped.isEmpty)
    }
}
