import MartletCore
import MartletDialects
import MartletWire
import Synchronization
import Testing

/// A stream, and what an OpenAI client gets of it in the end.
struct GeminiStreamCase: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    var openAI: String?
    var failure: String?

    var testDescription: String { name }

    static let all: [GeminiStreamCase] = {
        let files = Fixture.all("Gemini/streams")
        return files.filter { $0.name.hasSuffix(".sse") }.map { stream in
            GeminiStreamCase(stream, files.first { $0.name == stream.name.dropLast(4) + ".json" })
        }
    }()

    private init(_ stream: Fixture, _ expected: Fixture?) {
        name = stream.name
        bytes = stream.bytes
        guard let expected, let document = try? JSONDocument(expected.bytes) else { return }
        document.withView { view in
            openAI = view.member("openai").map { canonical($0) }
            failure = view.member("failure")?.string()
        }
    }
}

/// What a decoder makes of a stream, the end included.
struct GeminiDecoded: Equatable {
    var chunks: [ChatChunk] = []
    var failure: ChatFailure?

    init(_ reads: [[UInt8]], memory: GeminiSignatures? = nil) {
        var decoder = GeminiStreamDecoder(origin: "here", memory: memory)
        do throws(ChatFailure) {
            for read in reads { try decoder.decode(read.span, into: &chunks) }
            try decoder.finish(into: &chunks)
        } catch {
            failure = error
        }
    }

    var response: ChatResponse {
        var accumulator = ChatAccumulator()
        for chunk in chunks { accumulator.add(chunk) }
        return accumulator.response
    }

    var failureText: String? {
        switch failure {
        case nil: nil
        case .cut?: "cut"
        case .malformed?: "malformed"
        case .upstream(let failure)?: "\(failure.type ?? ""): \(failure.message)"
        }
    }
}

@Suite("Gemini streams") struct GeminiStreamTests {
    @Test(arguments: GeminiStreamCase.all)
    func `decode alike however they are cut`(_ sample: GeminiStreamCase) {
        let whole = GeminiDecoded([sample.bytes])
        for reads in cuts(of: sample.bytes) { #expect(GeminiDecoded(reads) == whole) }
    }

    @Test(arguments: GeminiStreamCase.all.filter { $0.failure == nil })
    func `give an OpenAI client the answer the corpus says`(_ sample: GeminiStreamCase) throws {
        let decoded = GeminiDecoded([sample.bytes])
        #expect(decoded.failure == nil)
        #expect(try canonical(OpenAIChatCodec().encodeResponse(decoded.response)) == sample.openAI)
    }

    @Test(arguments: GeminiStreamCase.all.filter { $0.failure != nil })
    func `that end badly never look complete`(_ sample: GeminiStreamCase) {
        #expect(GeminiDecoded([sample.bytes]).failureText == sample.failure)
    }

    @Test(arguments: GeminiStreamCase.all.filter { $0.failure == nil })
    func `decode to the same answer again after encoding`(_ sample: GeminiStreamCase) throws {
        let decoded = GeminiDecoded([sample.bytes])
        var encoder = GeminiStreamEncoder()
        var bytes: [UInt8] = []
        for chunk in decoded.chunks { encoder.encode(chunk, into: &bytes) }
        encoder.finish(into: &bytes)
        let again = GeminiDecoded([bytes])
        #expect(again.failure == nil)
        #expect(again.response == decoded.response)
    }

    @Test func `name their account on each signature and keep those of calls`() throws {
        let sample = try Fixture.named("call.sse", in: "Gemini/streams")
        let memory = GeminiSignatures(SignatureTable())
        let response = GeminiDecoded([sample.bytes], memory: memory).response
        guard case .reasoning(let sealed)? = response.choices[0].message.parts.first else {
            Issue.record("no sealed reasoning before the call")
            return
        }
        #expect(sealed.signature == "gemini:here:CiQBAAAA" && sealed.origin == "here" && sealed.text.isEmpty)
        let call = ChatMessage(
            role: .assistant,
            parts: [.toolCall(ChatToolCall(id: "fc-1", name: "get_time", arguments: "{}"))]
        )
        let history = [ChatMessage(role: .user, text: "?"), call]
        for (account, signature) in [("here", "CiQBAAAA"), ("there", "skip_thought_signature_validator")] {
            let codec = GeminiCodec(origin: account, memory: memory)
            let sent = try codec.encodeRequest(ChatRequest(model: "gemini-3.5-flash", messages: history))
            #expect(try leaves(sent.body)[".contents[1].parts[0].thoughtSignature"] == "\"" + signature)
        }
    }
}

/// Signatures in a table.
final class SignatureTable: GeminiSignatureStore {
    private let known = Mutex<[String: String]>([:])

    func signature(ofCall id: String, account: String) -> String? {
        known.withLock { $0["\(account):\(id)"] }
    }

    func keep(_ signature: String, ofCall id: String, account: String) {
        known.withLock { $0["\(account):\(id)"] = signature }
    }
}
