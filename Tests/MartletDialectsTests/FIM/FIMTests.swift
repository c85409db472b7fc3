import MartletCore
import MartletDialects
import MartletWire
import Testing

@Suite("Filling gaps") struct FIMTests {
    @Test(arguments: [
        ("qwen2.5-coder:7b", FIMFamily.qwenCoder), ("Qwen/Qwen2.5-Coder-32B", .qwenCoder),
        ("qwen3-coder:30b", .qwenCoder),
        ("codellama:13b", .codeLlama), ("meta-llama/CodeLlama-7b-hf", .codeLlama), ("code-llama", .codeLlama),
        ("starcoder2:3b", .starCoder), ("bigcode/starcoder2-15b", .starCoder), ("stable-code:3b", .starCoder),
        ("codeqwen:7b", .starCoder), ("deepseek-coder:6.7b", .deepSeekCoder), ("deepseek-coder-v2:16b", .deepSeekCoder),
        ("codegemma:2b", .codeGemma), ("google/codegemma-7b", .codeGemma), ("codestral:22b", .codestral),
        ("Codestral-22B-v0.1", .codestral), ("granite-code:8b", .granite),
        ("ibm-granite/granite-8b-code-base", .granite),
        ("granite3.3:8b", .granite), ("granite-3.3-8b-base", .granite), ("granite4:micro", .granite4),
        ("granite-4.0-h-tiny", .granite4),
    ])
    func `models are told by their names`(_ model: String, _ family: FIMFamily) {
        #expect(FIMFamily(model: model) == family)
    }

    @Test(arguments: [
        "", "qwen2.5:14b", "llama3.2", "gpt-5.5", "deepseek-r1", "granite3.1-moe", "mistral", "gemma3", "é",
    ])
    func `models that fill no gaps are not mistaken for others`(_ model: String) {
        #expect(FIMFamily(model: model) == nil)
    }

    @Test(arguments: [
        (FIMFamily.qwenCoder, "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>"), (.codeLlama, "<PRE> P <SUF>S <MID>"),
        (.starCoder, "<fim_prefix>P<fim_suffix>S<fim_middle>"), (.codestral, "[SUFFIX]S[PREFIX]P"),
        (.deepSeekCoder, "<｜fim▁begin｜>P<｜fim▁hole｜>S<｜fim▁end｜>"),
        (.codeGemma, "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>"),
        (.granite, "<fim_prefix>P<fim_suffix>S<fim_middle>"),
        (.granite4, "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>"),
    ])
    func `prompts have the tokens of the family`(_ family: FIMFamily, _ prompt: String) {
        #expect(family.prompt(prefix: "P", suffix: "S") == prompt)
        #expect(!family.stop.isEmpty && family.stop.count <= OpenAIChatFacts.maxStops)
    }

    private func request(model: String = "qwen2.5-coder:7b", suffix: String? = "S") throws -> ChatRequest {
        let tail = suffix.map { #","suffix":"\#($0)""# } ?? ""
        let body =
            #"{"model":"\#(model)","prompt":"P","max_tokens":9,"temperature":0.25,"random_seed":7,"stop":"END","#
            + #""stream":true,"min_tokens":2,"x":1\#(tail)}"#
        return try MistralFIMCodec().decodeRequest(Array(body.utf8))
    }

    private func plan(_ route: FIMRoute, _ request: ChatRequest, family: FIMFamily? = nil) throws -> FIMPlan {
        try FIMPlan(request, route: route, family: family, settings: OllamaSettings(context: nil, truncates: nil))
    }

    @Test func `requests are told by their suffix, and those of Mistral's route always`() throws {
        #expect(try FIMPlan.isFIM(request()) && FIMPlan.isFIM(request(suffix: nil)))
        let plain = try OpenAICompletionsCodec().decodeRequest(Array(#"{"prompt":"P","suffix":""}"#.utf8))
        #expect(!FIMPlan.isFIM(plain))
        let error = #expect(throws: GatewayError.self) {
            try MistralFIMCodec().decodeRequest(Array(#"{"prompt":"P","suffix":1}"#.utf8))
        }
        #expect(error?.param == "suffix")
    }

    @Test func `requests to Mistral keep their own members`() throws {
        let plan = try plan(.fim, request())
        #expect(
            plan.path == "/fim/completions" && plan.streamType == "text/event-stream" && plan.request.dropped == ["x"]
        )
        let sent = try leaves(plan.request.body)
        #expect(sent[".prompt"] == "\"P" && sent[".suffix"] == "\"S" && sent[".random_seed"] == "7.0")
        #expect(sent[".min_tokens"] == "2.0" && sent[".stop[0]"] == "\"END" && sent[".max_tokens"] == "9.0")
        #expect(try MistralFIMCodec().encodeRequest(request()).body == plan.request.body)
    }

    @Test func `prompts of a family go to completions as they are`() throws {
        let plan = try plan(.completions, request())
        let sent = try leaves(plan.request.body)
        #expect(plan.path == "/completions" && sent[".prompt"] == "\"<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>")
        #expect(sent[".stop[0]"] == "\"END" && sent[".stop[1]"] == "\"<|endoftext|>" && sent[".suffix"] == nil)
        #expect(sent[".seed"] == "7.0")
    }

    @Test func `targets that know what a suffix is get it`() throws {
        let sent = try leaves(try plan(.suffix, request(model: "deepseek-chat")).request.body)
        #expect(sent[".prompt"] == "\"P" && sent[".suffix"] == "\"S" && sent[".stop[1]"] == nil)
    }

    @Test func `an Ollama gets the prompt without its template`() throws {
        let plan = try plan(.generate, request(model: "codellama:7b"))
        let sent = try leaves(plan.request.body)
        #expect(plan.path == "/api/generate" && plan.streamType == "application/x-ndjson")
        #expect(sent[".prompt"] == "\"<PRE> P <SUF>S <MID>" && sent[".raw"] == "true" && sent[".suffix"] == nil)
        #expect(sent[".options.num_predict"] == "9.0" && sent[".options.stop[1]"] == "\"<EOT>")
        #expect(plan.request.dropped == ["min_tokens", "x"])
    }

    @Test func `llama-server puts the tokens in itself, whatever the model`() throws {
        let plan = try plan(.infill, request(model: "unheard"))
        #expect(plan.path == "/infill" && plan.request.dropped == ["min_tokens", "x"])
        let sent = try leaves(plan.request.body)
        #expect(sent[".input_prefix"] == "\"P" && sent[".input_suffix"] == "\"S" && sent[".n_predict"] == "9.0")
        let codec = LlamaInfillCodec()
        let back = try codec.decodeRequest(plan.request.body)
        #expect(try codec.encodeRequest(back).body == plan.request.body)
    }

    @Test(arguments: [FIMRoute.completions, .generate])
    func `a model of no known family is refused, unless the family is said`(_ route: FIMRoute) throws {
        #expect(route.needsFamily)
        let request = try request(model: "llama3.2")
        let error = #expect(throws: GatewayError.self) { try plan(route, request) }
        #expect(error?.code == .unsupportedParameter && error?.param == "suffix")
        #expect(try leaves(plan(route, request, family: .codestral).request.body)[".prompt"] == "\"[SUFFIX]S[PREFIX]P")
    }

    @Test func `a conversation is no gap`() throws {
        var request = try request()
        request.messages.append(ChatMessage(role: .assistant, text: "x"))
        #expect(throws: GatewayError.self) { try plan(.infill, request) }
    }

    @Test func `answers are those of chat completions`() throws {
        let generated =
            #"{"model":"m","created_at":"2026-09-21T14:13:20Z","response":"mid","done":true,"done_reason":"stop"}"#
        let response = try plan(.generate, request()).codec.decodeResponse(Array(generated.utf8))
        let sent = try leaves(MistralFIMCodec().encodeResponse(response))
        #expect(sent[".object"] == "\"chat.completion" && sent[".choices[0].message.content"] == "\"mid")
        #expect(
            MistralFIMCodec.callerPath("seed") == "random_seed" && MistralFIMCodec.callerPath("messages[0]") == "prompt"
        )
    }
}

@Suite("llama-server's infill") struct LlamaInfillTests {
    private let codec = LlamaInfillCodec()
    private let stream =
        #"data: {"content":"mi","stop":false}"# + "\n\n" + #"data: {"content":"d","stop":false}"# + "\n\n"
        + #"data: {"content":"","stop":true,"model":"m","stop_type":"limit","tokens_evaluated":3,"tokens_predicted":2}"#
        + "\n\n"

    @Test func `answers tell text, tokens and why they end`() throws {
        let body =
            #"{"content":"mid","stop":true,"model":"m","stop_type":"eos","tokens_evaluated":3,"tokens_predicted":2}"#
        let response = try codec.decodeResponse(Array(body.utf8))
        #expect(response.choices[0].message.text == "mid" && response.choices[0].finishReason == .stop)
        #expect(response.usage?.counts == Usage(inputTokens: 3, outputTokens: 2) && response.model == "m")
        #expect(String(decoding: codec.encodeResponse(response), as: UTF8.self) == body)
        let error = #expect(throws: ChatFailure.self) {
            try codec.decodeResponse(Array(#"{"error":{"code":501,"message":"no FIM"}}"#.utf8))
        }
        #expect(error == .upstream(UpstreamFailure(message: "no FIM", code: "501")))
        #expect(throws: ChatFailure.self) { try codec.decodeResponse(Array("{}".utf8)) }
    }

    @Test func `streams decode alike however they are cut, and encode to the same bytes`() {
        let whole = decoded([Array(stream.utf8)], with: codec)
        #expect(whole.failure == nil && accumulated(whole.chunks).choices[0].message.text == "mid")
        #expect(accumulated(whole.chunks).choices[0].finishReason == .length)
        for reads in cuts(of: Array(stream.utf8)) { #expect(decoded(reads, with: codec).chunks == whole.chunks) }
        #expect(encoded(whole.chunks, with: codec.makeStreamEncoder(includeUsage: true)) == stream)
        #expect(decoded([Array(stream.utf8.prefix(60))], with: codec).failure == .cut)
        let broken = #"data: {"content":"a","stop":false}"# + "\n\ndata: {\"error\":{\"message\":\"no\"}}\n\n"
        let failed = decoded([Array(broken.utf8)], with: codec)
        #expect(failed.chunks.last?.error?.message == "no" && failed.failure != nil)
    }
}
