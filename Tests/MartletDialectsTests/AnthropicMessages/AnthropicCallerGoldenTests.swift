import MartletCore
import MartletDialects
import MartletWire
import Testing

/// A request of an Anthropic client, and what targets of other dialects get of it.
struct CallerCase: Sendable, CustomTestStringConvertible {
    let name: String
    var request: [UInt8] = []
    var openAI: String?
    var dropped: [String] = []
    var renamed: [String: String] = [:]
    var ollama: String?
    var ollamaDropped: [String] = []
    var error: (code: String, param: String)?

    var testDescription: String { name }

    static let all = Fixture.all("AnthropicMessages/callers").map(CallerCase.init)

    private init(_ fixture: Fixture) {
        name = fixture.name
        guard let document = try? JSONDocument(fixture.bytes) else { return }
        document.withView { view in
            request = view.member("request")?.rawBytes ?? []
            openAI = view.member("openai").map { canonical($0) }
            ollama = view.member("ollama").map { canonical($0) }
            dropped = view.member("dropped")?.elements.compactMap { $0.string() } ?? []
            ollamaDropped = view.member("ollama_dropped")?.elements.compactMap { $0.string() } ?? []
            for member in view.member("renamed")?.members.map({ $0 }) ?? [] {
                renamed[member.key.string() ?? ""] = member.value.string()
            }
            if let error = view.member("error") {
                self.error = (error.member("code")?.string() ?? "", error.member("param")?.string() ?? "")
            }
        }
    }

    func encode(_ codec: some ChatCodec) throws -> EncodedRequest {
        try codec.encodeRequest(AnthropicMessagesCodec().decodeRequest(request))
    }
}

@Suite("Requests of Anthropic's callers, golden") struct AnthropicCallerGoldenTests {
    @Test(arguments: CallerCase.all.filter { $0.openAI != nil })
    func `reach an OpenAI target as the corpus says`(_ sample: CallerCase) throws {
        let encoded = try sample.encode(OpenAIChatCodec())
        let sent = try canonical(encoded.body)
        #expect(sent == sample.openAI)
        #expect(encoded.dropped == sample.dropped)
        #expect(encoded.renamedTools == sample.renamed)
    }

    @Test(arguments: CallerCase.all.filter { $0.ollama != nil })
    func `reach an Ollama target as the corpus says`(_ sample: CallerCase) throws {
        let encoded = try sample.encode(OllamaChatCodec())
        let sent = try canonical(encoded.body)
        #expect(sent == sample.ollama)
        #expect(encoded.dropped == sample.ollamaDropped)
    }

    @Test(arguments: CallerCase.all.filter { $0.error != nil })
    func `are refused where the model would not see what is meant`(_ sample: CallerCase) {
        let error = #expect(throws: GatewayError.self) { try sample.encode(OpenAIChatCodec()) }
        #expect(error?.code.rawValue == sample.error?.code && error?.param == sample.error?.param)
    }

    @Test func `have a corpus`() { #expect(CallerCase.all.count > 30) }

    @Test(arguments: [
        ("gpt-4.1", false), ("gpt-4o-mini", false), ("gpt-35-turbo", false), ("gpt-5", true), ("gpt-5.5-mini", true),
        ("openai/gpt-6", true), ("o3", true), ("o4-mini", true), ("olmo-2", false), ("gpt-oss:20b", false),
    ])
    func `bear the limit under the name that the model takes`(_ model: String, _ isNewer: Bool) throws {
        let body = #"{"model":"\#(model)","max_tokens":5,"messages":[{"role":"user","content":"a"}]}"#
        let request = try AnthropicMessagesCodec().decodeRequest(Array(body.utf8))
        let sent = try leaves(OpenAIChatCodec().encodeRequest(request).body)
        #expect((sent[".max_completion_tokens"] != nil) == isNewer && (sent[".max_tokens"] == nil) == isNewer)
    }

    @Test(arguments: [
        ("stop", "stop_sequences"), ("stop[1]", "stop_sequences[1]"), ("user", "metadata.user_id"),
        ("max_completion_tokens", "max_tokens"), ("response_format.json_schema.strict", "output_config.format"),
        ("tools[2].function.parameters", "tools[2].input_schema"), ("tools[2].function.strict", "tools[2].strict"),
        ("parallel_tool_calls", "tool_choice.disable_parallel_tool_use"), ("top_k", "top_k"),
        ("stop_sequences[1]", "stop_sequences[1]"), ("messages[0].content[1].source", "messages[0].content[1].source"),
    ])
    func `name what is dropped in the caller's terms`(_ path: String, _ name: String) {
        #expect(AnthropicMessagesCodec.callerPath(path) == name)
        #expect(AnthropicMessagesCodec.callerPath(name) == name)
    }
}
