import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Ollama chat facts") struct OllamaChatFactsTests {
    private func read(_ body: String) throws -> RequestFacts {
        try facts(body) { try OllamaChatFacts.read($0, scanner: $1) }
    }

    @Test func `are read from a request with everything in it`() throws {
        let body = try Fixture.named("full.json", in: "Ollama/requests").bytes
        let facts = try read(String(decoding: body, as: UTF8.self))
        let request = try plainOllama.decodeRequest(body)
        #expect(facts.model == ModelName("qwen3:14b") && !facts.stream && facts.includeUsage)
        #expect(facts.messageCount == request.messages.count && facts.imageParts == 5)
        #expect(facts.toolCount == request.tools?.count && facts.outputTokenLimit == 256)
        #expect(facts.bodyBytes == body.count && facts.toolBytes > 2)
    }

    @Test(arguments: [
        (#"{"model":"m"}"#, true), (#"{"model":"m","stream":null}"#, true), (#"{"model":"m","stream":true}"#, true),
        (#"{"model":"m","stream":false}"#, false),
    ])
    func `stream unless told otherwise`(_ body: String, _ isStream: Bool) throws {
        #expect(try read(body).stream == isStream)
        #expect(try plainOllama.decodeRequest(Array(body.utf8)).stream == isStream)
    }

    @Test func `take what speaks to the gateway and no limit for one`() throws {
        let facts = try read(#"{"model":"m","route":"cloud","options":{"num_predict":-1},"fallbacks":["b"]}"#)
        #expect(facts.route == .cloud && facts.outputTokenLimit == nil && facts.fallbacks == [ModelName("b")])
    }

    @Test(arguments: [
        (#""messages":{}"#, "messages"), (#""messages":["x"]"#, "messages[0]"), (#""tools":{}"#, "tools"),
        (#""options":[]"#, "options"), (#""stream":1"#, "stream"), (#""model":{}"#, "model"),
    ])
    func `refuse what cannot be meant, and name it`(_ member: String, _ param: String) {
        let error = #expect(throws: GatewayError.self) { try read("{\(member)}") }
        #expect(error?.code == .invalidValue && error?.param == param)
    }
}

@Suite("Ollama as a surface") struct OllamaSurfaceTests {
    private func splice(_ body: String, keepAlive: String?, drop: [String] = []) throws -> String {
        try spliced(body, { try OllamaChatFacts.read($0, scanner: $1) }) { body, scanner, facts in
            OllamaChatSplice.edits(
                body,
                scanner: scanner,
                facts: facts,
                upstreamModel: "llama3.2:3b",
                keepAlive: keepAlive,
                dropParams: drop
            )
        }
    }

    @Test(arguments: [
        (nil, #"{"model":"llama3.2:3b", "x":1.0}"#), ("30m", #"{"model":"llama3.2:3b", "x":1.0,"keep_alive":"30m"}"#),
        ("-1", #"{"model":"llama3.2:3b", "x":1.0,"keep_alive":-1}"#),
    ])
    func `bodies pass to an Ollama with the touched members changed`(_ keepAlive: String?, _ sent: String) throws {
        #expect(try splice(#"{"model":"m", "x":1.0,"route":"auto"}"#, keepAlive: keepAlive) == sent)
    }

    @Test func `how long a model stays is the caller's to say`() throws {
        #expect(
            try splice(#"{"keep_alive":0,"model":"m"}"#, keepAlive: "1h") == #"{"keep_alive":0,"model":"llama3.2:3b"}"#
        )
        #expect(
            try splice(#"{"keep_alive":null,"model":"m"}"#, keepAlive: "1h")
                == #"{"keep_alive":"1h","model":"llama3.2:3b"}"#
        )
        #expect(
            try splice(#"{"keep_alive":0,"model":"m"}"#, keepAlive: "1h", drop: ["keep_alive"])
                == #"{"model":"llama3.2:3b"}"#
        )
    }

    @Test func `names may bear the tag latest`() {
        #expect(OllamaModelName.withoutLatest(ModelName("qwen3:latest")) == ModelName("qwen3"))
        #expect(OllamaModelName.withoutLatest(ModelName("a/b:latest")) == ModelName("a/b"))
        for name in ["qwen3", "qwen3:14b", ":latest", "latest", "qwen3:LATEST"] {
            #expect(OllamaModelName.withoutLatest(ModelName(name)) == nil)
        }
    }

    @Test func `answers tell the model as asked for, the time of the request, and durations`() throws {
        var response = ChatResponse(
            id: "x",
            created: 1,
            model: "up",
            choices: [
                ChatResponse.Choice(index: 0, message: ChatMessage(role: .assistant, text: "Hi"), finishReason: .length)
            ],
            usage: ChatUsage(Usage(inputTokens: 3, outputTokens: 2))
        )
        response.extra = [ExtraMember(name: "eval_duration", value: JSONText("7"))]
        let durations = AnswerDurations(total: 5_000_000_000, load: nil, prompt: 1_500, answer: 4)
        let body = OllamaChatCodec(for: callerContext()).encodeResponse(response, durations: durations)
        #expect(
            String(decoding: body, as: UTF8.self)
                == #"{"model":"asked","created_at":"2026-09-21T14:13:20Z","#
                + #""message":{"role":"assistant","content":"Hi"},"done":true,"done_reason":"length","#
                + #""total_duration":5000000000,"prompt_eval_duration":1500,"eval_duration":4,"#
                + #""prompt_eval_count":3,"eval_count":2}"#
        )
    }

    @Test func `streams are lines that tell the model as asked for, and end with the tokens`() throws {
        var call = ChatChunk.Choice()
        call.toolCalls = [ChatChunk.ToolCallDelta(index: 0, id: "c1", kind: .function, name: "f", arguments: #"{"a""#)]
        var rest = ChatChunk.Choice(finishReason: .toolCalls)
        rest.toolCalls = [ChatChunk.ToolCallDelta(index: 0, arguments: ":1}")]
        let chunks = [
            ChatChunk(created: 5, model: "up", choices: [ChatChunk.Choice(role: .assistant, reasoning: "Hm")]),
            ChatChunk(choices: [ChatChunk.Choice(content: "Hi")]), ChatChunk(choices: [call]),
            ChatChunk(choices: [rest]), ChatChunk(usage: ChatUsage(Usage(inputTokens: 3, outputTokens: 2))),
        ]
        var encoder = OllamaChatCodec(for: callerContext()).makeStreamEncoder(includeUsage: true)
        encoder.durations = AnswerDurations(total: 9)
        let stream = encoded(chunks, with: encoder)
        let head = #"{"model":"asked","created_at":"2026-09-21T14:13:20Z","message":{"role":"assistant","#
        #expect(
            stream.split(separator: "\n").map(String.init) == [
                head + #""content":"","thinking":"Hm"},"done":false}"#, head + #""content":"Hi"},"done":false}"#,
                head
                    + #""content":"","tool_calls":[{"id":"c1","function":{"index":0,"name":"f","arguments":{"a":1}}}]},"#
                    + #""done":false}"#,
                head + #""content":""},"done":true,"done_reason":"stop","total_duration":9,"#
                    + #""prompt_eval_count":3,"eval_count":2}"#,
            ]
        )
        let again = decoded([Array(stream.utf8)], with: OllamaChatCodec())
        #expect(again.failure == nil && accumulated(again.chunks).choices[0].finishReason == .toolCalls)
    }

    @Test func `an error in the middle is a line of its own, and the last`() {
        var encoder = OllamaChatCodec(for: callerContext()).makeStreamEncoder(includeUsage: true)
        var bytes: [UInt8] = []
        encoder.encode(ChatChunk(choices: [ChatChunk.Choice(content: "Hi")]), into: &bytes)
        encoder.fail(GatewayError(.streamInterrupted, "It broke."), into: &bytes)
        encoder.finish(into: &bytes)
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 2 && lines[1] == #"{"error":"It broke."}"#)
    }

    @Test(arguments: [
        ("max_tokens", "options.num_predict"), ("temperature", "options.temperature"), ("stop[1]", "options.stop[1]"),
        ("reasoning_effort", "think"), ("response_format.json_schema.strict", "format"),
        ("messages[2].content[0].image_url.detail", "messages[2].content"),
        ("messages[1].reasoning_content", "messages[1].thinking"), ("messages[1].name", "messages[1].name"),
        ("options.mirostat", "options.mirostat"), ("tools[0].function.strict", "tools[0].function.strict"),
        ("keep_alive", "keep_alive"), ("messages", "messages"), ("", ""),
    ])
    func `what was dropped is named in Ollama's words`(_ path: String, _ name: String) {
        #expect(OllamaChatCodec.callerPath(path) == name)
    }

    @Test func `requests to OpenAI name what only Ollama has`() throws {
        let body =
            #"{"model":"m","messages":[{"role":"user","content":"Hi","x":1}],"keep_alive":"5m","truncate":true,"#
            + #""options":{"temperature":0,"mirostat":2,"num_ctx":8192,"a b":null},"think":"low","format":"json"}"#
        let encoded = try OpenAIChatCodec().encodeRequest(OllamaChatCodec().decodeRequest(Array(body.utf8)))
        #expect(encoded.dropped == ["keep_alive", "truncate", "options.mirostat", "options.num_ctx", "messages[0].x"])
        #expect(
            try leaves(encoded.body)
                == leaves(
                    Array(
                        (#"{"model":"m","messages":[{"role":"user","content":"Hi"}],"temperature":0,"stream":true,"#
                            + #""reasoning_effort":"low","response_format":{"type":"json_object"},"#
                            + #""stream_options":{"include_usage":true}}"#).utf8
                    )
                )
        )
    }
}

@Suite("Ollama loading") struct OllamaLoadTests {
    private func load(_ body: String, isChat: Bool = true) throws -> OllamaLoad? {
        let bytes = Array(body.utf8)
        var scanner = JSONScanner()
        try scanner.finish(bytes.span)
        return try bytes.withUnsafeBytes { body in
            let facts =
                isChat
                ? try OllamaChatFacts.read(body, scanner: scanner)
                : try OllamaGenerateFacts.read(body, scanner: scanner)
            return OllamaLoad(body, scanner: scanner, facts: facts)
        }
    }

    @Test(arguments: [
        (#"{"model":"m"}"#, OllamaLoad.load), (#"{"model":"m","messages":[]}"#, .load),
        (#"{"model":"m","keep_alive":"10m"}"#, .load), (#"{"model":"m","keep_alive":-1}"#, .load),
        (#"{"model":"m","keep_alive":0}"#, .unload), (#"{"model":"m","messages":[],"keep_alive":"0"}"#, .unload),
        (#"{"keep_alive":"0s"}"#, .unload), (#"{"keep_alive":"1h0m"}"#, .load), (#"{"keep_alive":""}"#, .load),
    ])
    func `is asked for without messages`(_ body: String, _ load: OllamaLoad) throws {
        #expect(try self.load(body) == load && self.load(body, isChat: false) == load)
    }

    @Test func `is not asked for with messages or a prompt`() throws {
        #expect(try load(#"{"messages":[{"role":"user","content":""}],"keep_alive":0}"#) == nil)
        #expect(try load(#"{"prompt":"x","keep_alive":0}"#, isChat: false) == nil)
        #expect(try load(#"{"prompt":"","system":"x"}"#, isChat: false) == .load)
    }

    @Test func `is answered without a model`() throws {
        let chat = OllamaLoad.load.answer(.ollamaChat, context: callerContext())
        #expect(
            String(decoding: chat, as: UTF8.self)
                == #"{"model":"asked","created_at":"2026-09-21T14:13:20Z","#
                + #""message":{"role":"assistant","content":""},"done":true,"done_reason":"load"}"#
        )
        let text = OllamaLoad.unload.answer(.ollamaGenerate, context: callerContext())
        #expect(try leaves(text)[".response"] == "\"" && leaves(text)[".done_reason"] == "\"unload")
    }
}

@Suite("Ollama's lists of models") struct OllamaCatalogTests {
    private let models = [
        OllamaModel(
            id: "local:qwen2.5-coder:14b",
            size: 8_988_124_069,
            modified: 1_790_000_000,
            family: "qwen2",
            parameterSize: "14.8B",
            quantization: "Q4_K_M",
            contextWindow: 32_768,
            capabilities: ["completion", "tools", "insert"]
        ), OllamaModel(id: "claude", modified: 0),
    ]

    @Test func `show all models`() throws {
        let list = try leaves(OllamaCatalog.tags(models))
        #expect(
            list[".models[0].name"] == "\"local:qwen2.5-coder:14b"
                && list[".models[0].model"] == list[".models[0].name"]
        )
        #expect(list[".models[0].size"] == "8988124069.0" && list[".models[1].modified_at"] == "\"1970-01-01T00:00:00Z")
        #expect(list[".models[0].details.families[0]"] == "\"qwen2" && list[".models[0].capabilities[2]"] == "\"insert")
        let digests = [list[".models[0].digest"], list[".models[1].digest"]].compactMap(\.self)
        #expect(digests.count == 2 && digests[0] != digests[1] && digests.allSatisfy { $0.count == 65 })
        #expect(try canonical(OllamaCatalog.tags([])) == #"{"models": []}"#)
    }

    @Test func `show what is ready, and until when`() throws {
        let list = try leaves(OllamaCatalog.processes(models, expires: 1_790_000_300))
        #expect(
            list[".models[0].expires_at"] == "\"2026-09-21T14:18:20Z" && list[".models[0].context_length"] == "32768.0"
        )
        #expect(list[".models[0].size_vram"] == "8988124069.0" && list[".models[1].context_length"] == "0.0")
    }

    @Test func `show one model with its context`() throws {
        let shown = try leaves(OllamaCatalog.show(models[0]))
        #expect(shown[".model_info.qwen2.context_length"] == "32768.0" && shown[".capabilities[1]"] == "\"tools")
        #expect(
            shown[".model_info.general.architecture"] == "\"qwen2" && shown[".details.quantization_level"] == "\"Q4_K_M"
        )
        #expect(try leaves(OllamaCatalog.show(models[1]))[".details.family"] == "\"")
        #expect(String(decoding: OllamaCatalog.version("1.2.3"), as: UTF8.self) == #"{"version":"1.2.3"}"#)
    }

    @Test(arguments: [
        (#"{"model":"a","name":"b"}"#, "a"), (#"{"name":"b"}"#, "b"), (#"{"model":"","name":"b"}"#, "b"), ("{}", nil),
        ("[]", nil), ("{", nil), (#"{"model":1}"#, nil),
    ])
    func `are asked for by either name`(_ body: String, _ model: String?) {
        #expect(OllamaCatalog.shownModel(Array(body.utf8)) == model)
    }
}
