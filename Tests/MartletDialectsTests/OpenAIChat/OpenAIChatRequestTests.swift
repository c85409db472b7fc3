import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("OpenAI chat requests") struct OpenAIChatRequestTests {
    let codec = OpenAIChatCodec()

    @Test(arguments: Fixture.all("requests"))
    func `decode to the same value again after encoding`(_ fixture: Fixture) throws {
        let request = try codec.decodeRequest(fixture.bytes)
        #expect(try codec.decodeRequest(codec.encodeGatewayRequest(request)) == request)
    }

    @Test(arguments: Fixture.all("requests"))
    func `keep every leaf, known and unknown`(_ fixture: Fixture) throws {
        let before = try leaves(fixture.bytes)
        let after = try leaves(codec.encodeGatewayRequest(try codec.decodeRequest(fixture.bytes)))
        // Where the two forms of one value differ on the wire: a lone stop text becomes a list.
        let renamed = [".stop": ".stop[0]"]
        for (path, value) in before {
            #expect(after[path] == value || after[renamed[path] ?? path] == value, "\(path)")
        }
        #expect(after.count == before.count)
    }

    @Test func `are typed in every part`() throws {
        let request = try codec.decodeRequest(Fixture.named("full.json", in: "requests").bytes)
        #expect(request.model == "openai/gpt-5.5")
        #expect(
            request.messages.map(\.role.name).joined(separator: " ")
                == "system developer user assistant tool tool assistant critic user"
        )
        let parts = request.messages[2].parts
        guard case .image(let image) = parts[1], case .audio(let audio) = parts[2], case .file(let file) = parts[3],
            case .other(let type, _) = parts[5]
        else { return #expect(Bool(false), "\(parts)") }
        #expect(request.messages[2].text == "What is in these? é😀 \"quoted\" \\ line\nnext")
        #expect(image.url == "https://example.org/a.png" && image.detail == "low" && image.innerExtra.count == 1)
        #expect(audio.base64 == "UklGRg==" && audio.format == "wav")
        #expect(file.filename == "a.pdf" && file.fileID == nil)
        #expect(type == "video_url")
        let calls = request.messages[3].toolCalls
        #expect(calls.map(\.id) == ["call_1", "call_2"] && calls.map(\.kind) == [.function, .custom])
        #expect(calls.map(\.arguments) == [#"{"tz":"UTC"}"#, "date -u"])
        #expect(request.messages[3].reasoning == "I need the time.")
        guard case .toolResult(let result) = request.messages[4].parts[0] else { return #expect(Bool(false)) }
        #expect(result.callID == "call_1" && result.content == [.text(ChatText("12:00"))])
        #expect(request.messages[6].refusal == "Not that.")
        #expect(request.limits == ChatLimits(maxCompletionTokens: 4096, maxTokens: 2048))
        #expect(request.sampling.seed == 9_007_199_254_740_993 && request.sampling.stop == ["\n\n", "END"])
        #expect(request.toolChoice == .function(name: "get_time") && request.tools?.count == 4)
        #expect(request.gateway.route == .auto && request.gateway.fallbacks == ["a/b", "c"])
        #expect(request.metadata?.map(\.name) == ["app", "tier"])
        #expect(request.extra.map(\.name).contains("x_big"))
    }

    @Test func `leave the gateway's members out towards an upstream, and a vendor's own in`() throws {
        let ours = try codec.decodeRequest(Fixture.named("full.json", in: "requests").bytes)
        let sent = try leaves(codec.encodeRequest(ours).body)
        #expect(
            !sent.keys.contains { $0.hasPrefix(".route") || $0.hasPrefix(".provider") || $0.hasPrefix(".fallbacks") }
        )
        #expect(sent[".smart_routing"] == nil && sent[".metadata.app"] == "\"demo")
        let vendors = try codec.decodeRequest(Fixture.named("odd.json", in: "requests").bytes)
        let passed = try leaves(codec.encodeRequest(vendors).body)
        #expect(passed[".provider.order[0]"] == "\"a" && passed[".route.type"] == "\"price")
        #expect(passed[".models[0]"] == "\"x")
    }

    @Test func `split the results of tools in one message into messages of their own`() throws {
        let results = ["a", "b"].map { ChatPart.toolResult(ChatToolResult(callID: $0, content: [.text(ChatText($0))])) }
        let message = ChatMessage(role: .user, parts: results + [.text(ChatText("go on"))])
        let body = try codec.encodeRequest(ChatRequest(model: "m", messages: [message])).body
        #expect(try codec.decodeRequest(body).messages.map(\.role) == [.tool, .tool, .user])
    }

    @Test(arguments: [
        (#"{"messages":[{"role":"user","content":[{"type":"text"}]}]}"#, "messages[0].content[0].text"),
        (#"{"messages":[{"content":"x"}]}"#, "messages[0].role"),
        (#"{"messages":[{"role":"user","content":7}]}"#, "messages[0].content"),
        (#"{"messages":[{"role":"tool","content":"x"}]}"#, "messages[0].tool_call_id"),
        (
            #"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":1}}]}]}"#,
            "messages[0].content[0].image_url.url"
        ),
        (#"{"messages":[{"role":"user","content":""}],"temperature":2.5}"#, "temperature"),
        (#"{"messages":[{"role":"user","content":""}],"n":0}"#, "n"),
        (#"{"messages":[{"role":"user","content":""}],"max_tokens":1.5}"#, "max_tokens"),
        (#"{"messages":[{"role":"user","content":""}],"max_tokens":2147483648}"#, "max_tokens"),
        (#"{"messages":[{"role":"user","content":""}],"seed":9223372036854775808}"#, "seed"),
        (
            #"{"messages":[{"role":"user","content":""}],"tools":[{"type":"function","function":{"name":1}}]}"#,
            "tools[0].function.name"
        ),
        (#"{"messages":[{"role":"user","content":""}],"stop":[1]}"#, "stop[0]"),
        (
            #"{"messages":[{"role":"user","content":""}],"stream_options":{"include_usage":1}}"#,
            "stream_options.include_usage"
        ),
        (#"{"messages":[]}"#, "messages"),
    ])
    func `name the field that is wrong`(_ body: String, _ param: String) {
        let error = #expect(throws: GatewayError.self) { try codec.decodeRequest(Array(body.utf8)) }
        #expect(error?.code == .invalidValue && error?.param == param)
    }

    @Test func `are refused when they are no JSON, too deep, or without messages`() {
        func code(_ body: String) -> GatewayError.Code? {
            #expect(throws: GatewayError.self) { try codec.decodeRequest(Array(body.utf8)) }?.code
        }
        #expect(code("{") == .invalidJSON)
        #expect(code(#"{"a":1,"a":2,"messages":[]}"#) == .invalidJSON)
        #expect(code(String(repeating: "[", count: 200)) == .jsonTooDeep)
        #expect(code("[]") == .invalidValue)
        #expect(code(#"{"model":"m"}"#) == .missingRequiredParameter)
    }
}
