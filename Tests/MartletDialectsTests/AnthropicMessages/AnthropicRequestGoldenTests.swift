import MartletCore
import MartletDialects
import MartletWire
import Testing

/// A request in OpenAI's format, and what is sent for it in Anthropic's.
struct TranslationCase: Sendable, CustomTestStringConvertible {
    let name: String
    var version = AnthropicVersion.june2023
    var origin: String?
    var request: [UInt8] = []
    var sent: String?
    var dropped: [String] = []
    var renamed: [String: String] = [:]
    var error: (code: String, param: String)?

    var testDescription: String { name }

    static let all = Fixture.all("AnthropicMessages/requests").map(TranslationCase.init)

    private init(_ fixture: Fixture) {
        name = fixture.name
        guard let document = try? JSONDocument(fixture.bytes) else { return }
        document.withView { view in
            version = view.member("version")?.string().flatMap(AnthropicVersion.init(rawValue:)) ?? .june2023
            origin = view.member("origin")?.string()
            request = view.member("request")?.rawBytes ?? []
            sent = view.member("sent").map { canonical($0) }
            dropped = view.member("dropped")?.elements.compactMap { $0.string() } ?? []
            for member in view.member("renamed")?.members.map({ $0 }) ?? [] {
                renamed[member.key.string() ?? ""] = member.value.string()
            }
            if let error = view.member("error") {
                self.error = (error.member("code")?.string() ?? "", error.member("param")?.string() ?? "")
            }
        }
    }

    func encode() throws -> EncodedRequest {
        var request = try OpenAIChatCodec().decodeRequest(request)
        request.gateway = ChatRequest.GatewayExtensions()
        return try AnthropicMessagesCodec(version: version, origin: origin).encodeRequest(request)
    }
}

@Suite("Anthropic requests, golden") struct AnthropicRequestGoldenTests {
    @Test(arguments: TranslationCase.all.filter { $0.error == nil })
    func `are sent as the corpus says, and name what they lose`(_ sample: TranslationCase) throws {
        let encoded = try sample.encode()
        #expect(try canonical(encoded.body) == sample.sent)
        #expect(encoded.dropped == sample.dropped)
        #expect(encoded.renamedTools == sample.renamed)
    }

    @Test(arguments: TranslationCase.all.filter { $0.error != nil })
    func `are refused where the caller would get something else`(_ sample: TranslationCase) {
        let error = #expect(throws: GatewayError.self) { try sample.encode() }
        #expect(error?.code.rawValue == sample.error?.code && error?.param == sample.error?.param)
        #expect(error?.code.status == 400)
    }

    @Test func `have a corpus`() { #expect(TranslationCase.all.count > 70) }

    @Test func `come back from Anthropic's format with the same calls and results`() throws {
        let sample = try #require(TranslationCase.all.first { $0.name == "conversation.json" })
        let sent = try AnthropicMessagesCodec().decodeRequest(sample.encode().body)
        let again = try OpenAIChatCodec().decodeRequest(OpenAIChatCodec().encodeRequest(sent).body)
        #expect(try again.messages == OpenAIChatCodec().decodeRequest(sample.request).messages)
    }

    @Test func `give the caller's names back to tools that were renamed`() throws {
        let sample = try #require(TranslationCase.all.first { $0.name == "names-and-ids-outside-the-charset.json" })
        let names = try sample.encode().renamedTools
        var chunk = ChatChunk(choices: [ChatChunk.Choice()])
        chunk.choices[0].toolCalls = [ChatChunk.ToolCallDelta(index: 0, id: "a", name: "get_weather_now_6f2a0974")]
        chunk.restoreToolNames(names)
        #expect(chunk.choices[0].toolCalls[0].name == "get weather.now")
        var accumulator = ChatAccumulator()
        chunk.choices[0].toolCalls[0].name = "get_weather_now"
        accumulator.add(chunk)
        var response = accumulator.response
        response.restoreToolNames(names)
        #expect(response.choices[0].message.toolCalls[0].name == "get_weather_now")
    }

    @Test(arguments: TranslationCase.all.filter { $0.error == nil })
    func `in their own format come through unchanged`(_ sample: TranslationCase) throws {
        let codec = AnthropicMessagesCodec(version: sample.version)
        let sent = try sample.encode().body
        let request = try codec.decodeRequest(sent)
        let again = try codec.encodeRequest(request)
        #expect(again.dropped.isEmpty)
        #expect(try codec.decodeRequest(again.body) == request)
        #expect(try canonical(again.body) == canonical(sent))
    }
}
