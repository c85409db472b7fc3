import MartletCore
import MartletDialects
import MartletWire
import Testing

/// A request in OpenAI's format, and what is sent for it in Gemini's.
struct GeminiRequestCase: Sendable, CustomTestStringConvertible {
    let name: String
    var origin: String?
    var request: [UInt8] = []
    var sent: String?
    var dropped: [String] = []
    var renamed: [String: String] = [:]
    var error: (code: String, param: String)?

    var testDescription: String { name }

    static let all = Fixture.all("Gemini/requests").map(GeminiRequestCase.init)

    private init(_ fixture: Fixture) {
        name = fixture.name
        guard let document = try? JSONDocument(fixture.bytes) else { return }
        document.withView { view in
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
        try GeminiCodec(origin: origin).encodeRequest(OpenAIChatCodec().decodeRequest(request))
    }
}

@Suite("Gemini requests, golden") struct GeminiRequestGoldenTests {
    @Test(arguments: GeminiRequestCase.all.filter { $0.error == nil })
    func `are sent as the corpus says, and name what they lose`(_ sample: GeminiRequestCase) throws {
        let encoded = try sample.encode()
        #expect(try canonical(encoded.body) == sample.sent)
        #expect(encoded.dropped == sample.dropped)
        #expect(encoded.renamedTools == sample.renamed)
    }

    @Test(arguments: GeminiRequestCase.all.filter { $0.error != nil })
    func `are refused where the caller would get something else`(_ sample: GeminiRequestCase) {
        let error = #expect(throws: GatewayError.self) { try sample.encode() }
        #expect(error?.code.rawValue == sample.error?.code && error?.param == sample.error?.param)
        #expect(error?.code.status == 400)
    }

    @Test func `have a corpus`() { #expect(GeminiRequestCase.all.count > 70) }

    @Test(arguments: GeminiRequestCase.all.filter { $0.error == nil })
    func `in their own format come through unchanged`(_ sample: GeminiRequestCase) throws {
        let codec = GeminiCodec(origin: sample.origin)
        let sent = try sample.encode().body
        let request = try codec.decodeRequest(sent)
        let again = try codec.encodeRequest(request)
        #expect(again.dropped.isEmpty)
        #expect(try codec.decodeRequest(again.body) == request)
        #expect(try canonical(again.body) == canonical(sent))
    }

    @Test func `come back from Gemini's format with the same calls and results`() throws {
        let sample = try #require(GeminiRequestCase.all.first { $0.name == "conversation.json" })
        let sent = try GeminiCodec().decodeRequest(sample.encode().body)
        let again = try OpenAIChatCodec().decodeRequest(OpenAIChatCodec().encodeRequest(sent).body)
        let known = try OpenAIChatCodec().decodeRequest(sample.request)
        #expect(again.messages.flatMap(\.toolCalls).map(\.id) == known.messages.flatMap(\.toolCalls).map(\.id))
        #expect(again.messages.map(\.role) == known.messages.map(\.role))
        #expect(again.messages.map(\.text) == known.messages.map(\.text))
    }
}
