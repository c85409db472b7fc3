import MartletCore
import MartletDialects
import MartletWire
import Testing

/// A stream, and what an OpenAI client gets of it in the end.
struct StreamCase: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    var openAI: String?
    var failure: String?

    var testDescription: String { name }

    static let all: [StreamCase] = {
        let files = Fixture.all("AnthropicMessages/streams")
        return files.filter { $0.name.hasSuffix(".sse") }.map { stream in
            StreamCase(stream, files.first { $0.name == stream.name.dropLast(4) + ".json" })
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
struct AnthropicDecoded: Equatable {
    var chunks: [ChatChunk] = []
    var failure: ChatFailure?

    init(_ reads: [[UInt8]], origin: String? = nil) {
        var decoder = AnthropicMessagesStreamDecoder(origin: origin)
        do throws(ChatFailure) {
            for read in reads { try decoder.decode(read.span, into: &chunks) }
            try decoder.finish()
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

@Suite("Anthropic streams") struct AnthropicStreamTests {
    @Test(arguments: StreamCase.all)
    func `decode alike however they are cut`(_ sample: StreamCase) {
        let whole = AnthropicDecoded([sample.bytes])
        for reads in cuts(of: sample.bytes) { #expect(AnthropicDecoded(reads) == whole) }
    }

    @Test(arguments: StreamCase.all.filter { $0.failure == nil })
    func `give an OpenAI client the answer the corpus says`(_ sample: StreamCase) throws {
        let decoded = AnthropicDecoded([sample.bytes])
        #expect(decoded.failure == nil)
        var response = decoded.response
        for index in response.choices.indices { response.choices[index].extra = [] }
        #expect(try canonical(OpenAIChatCodec().encodeResponse(response)) == sample.openAI)
    }

    @Test(arguments: StreamCase.all.filter { $0.failure != nil })
    func `that end badly never look complete`(_ sample: StreamCase) {
        #expect(AnthropicDecoded([sample.bytes]).failureText == sample.failure)
    }

    @Test(arguments: StreamCase.all.filter { $0.failure == nil })
    func `through an OpenAI stream say the same`(_ sample: StreamCase) throws {
        let decoded = AnthropicDecoded([sample.bytes])
        var encoder = OpenAIChatStreamEncoder(includeUsage: true)
        var bytes: [UInt8] = []
        for chunk in decoded.chunks { encoder.encode(chunk, into: &bytes) }
        encoder.finish(into: &bytes)
        let received = Decoded([bytes])
        #expect(received.failure == nil)
        var accumulator = ChatAccumulator()
        for chunk in received.chunks { accumulator.add(chunk) }
        var response = accumulator.response
        // What the client sees is the sealed thinking at its place; the parts between which it stood are joined.
        let message = response.choices[0].message
        let sealed = message.parts.compactMap { if case .reasoning(let one) = $0, one.isSealed { one } else { nil } }
        let expected = decoded.response.choices[0].message
        let original = expected.parts.compactMap { if case .reasoning(let one) = $0, one.isSealed { one } else { nil } }
        #expect(sealed == original && message.text == expected.text && message.toolCalls == expected.toolCalls)
        #expect(response.usage?.counts == decoded.response.usage?.counts)
        response.usage = nil
        #expect(response.choices[0].finishReason == decoded.response.choices[0].finishReason)
    }

    @Test(arguments: StreamCase.all.filter { $0.failure == nil })
    func `decode to the same answer again after encoding`(_ sample: StreamCase) throws {
        let decoded = AnthropicDecoded([sample.bytes])
        var encoder = AnthropicMessagesStreamEncoder()
        var bytes: [UInt8] = []
        for chunk in decoded.chunks { encoder.encode(chunk, into: &bytes) }
        encoder.finish(into: &bytes)
        let again = AnthropicDecoded([bytes])
        #expect(again.failure == nil)
        var second = again.response
        // Usage that is not known is told as nothing.
        if decoded.response.usage == nil { second.usage = nil }
        #expect(second == decoded.response)
        #expect(try Self.isWellFormed(bytes))
    }

    /// One start, blocks without gaps that do not overlap, one end.
    static func isWellFormed(_ bytes: [UInt8]) throws -> Bool {
        var parser = SSEParser()
        var types: [String] = []
        var open: Int64?
        var next: Int64 = 0
        for message in try parser.feed(bytes) {
            let (type, index) = try JSON.withView(of: message.data) { view in
                (view.member("type")?.string() ?? "", view.member("index")?.int64())
            }
            guard message.name.map({ String(decoding: $0, as: UTF8.self) }) == type else { return false }
            switch type {
            case "content_block_start":
                guard open == nil, index == next else { return false }
                open = index
                next += 1
            case "content_block_delta": guard index != nil, index == open else { return false }
            case "content_block_stop":
                guard index != nil, index == open else { return false }
                open = nil
            default: types.append(type)
            }
        }
        return open == nil && types == ["message_start", "message_delta", "message_stop"] && parser.pendingBytes == 0
    }

    /// A long stream of texts, each of which differs from the one before in another way.
    private static var texts: [String] {
        var generator = SeededGenerator(state: 7)
        let pieces = ["a", "é", "\\n", "\\\"", "\\\\", " ", "\\u0041", "{", "\u{1F600}", "0"]
        return (0..<300).map { _ in
            (0..<Int.random(in: 0...5, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }
                .joined()
        }
    }

    @Test func `with many texts read like each event on its own`() throws {
        let head = #"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"# + "\n\n"
        var stream = head
        var expected = ""
        for text in Self.texts {
            stream += #"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\#(text)"}}"#
            stream += "\n\n"
            expected += try JSON.withView(of: Array("\"\(text)\"".utf8)) { $0.string() ?? "" }
        }
        var decoder = AnthropicMessagesStreamDecoder()
        var chunks: [ChatChunk] = []
        try decoder.decode(Array(stream.utf8).span, into: &chunks)
        #expect(chunks.compactMap { $0.choices.first?.content }.joined() == expected)
        // The same chunks, with and without what forces the encoder to write every one of them in full.
        var (first, second) = (OpenAIChatStreamEncoder(includeUsage: true), OpenAIChatStreamEncoder(includeUsage: true))
        var (short, full): ([UInt8], [UInt8]) = ([], [])
        for var chunk in chunks {
            first.encode(chunk, into: &short)
            chunk.choices[0].opensPart = true
            second.encode(chunk, into: &full)
        }
        #expect(short == full)
        // Ended blocks take no more text, however alike the event.
        let late =
            stream + "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n" + stream.dropFirst(head.utf8.count)
        var other = AnthropicMessagesStreamDecoder()
        var again: [ChatChunk] = []
        try other.decode(Array(late.utf8).span, into: &again)
        #expect(again == chunks)
    }

    @Test func `tell the input at the start, for a stream that is cut off`() throws {
        let cut = try #require(StreamCase.all.first { $0.name == "cut.sse" })
        let counts = AnthropicDecoded([cut.bytes]).response.usage?.counts
        #expect(counts?.inputTokens == 2_060 && counts?.outputTokens == 1)
    }

    @Test func `mark thinking with the account it came from`() throws {
        let sample = try #require(StreamCase.all.first { $0.name == "redacted-thinking.sse" })
        let part = AnthropicDecoded([sample.bytes], origin: "here").response.choices[0].message.parts[0]
        #expect(part == .reasoning(ChatReasoning("", redacted: "D1", origin: "here")))
    }
}

@Suite("Anthropic streams of other models") struct AnthropicStreamEncoderTests {
    private static func encoded(_ choices: [ChatChunk.Choice], usage: ChatUsage? = nil) -> [UInt8] {
        var encoder = AnthropicMessagesStreamEncoder()
        var bytes: [UInt8] = []
        for choice in choices { encoder.encode(ChatChunk(id: "a", model: "m", choices: [choice]), into: &bytes) }
        if let usage { encoder.encode(ChatChunk(usage: usage), into: &bytes) }
        encoder.finish(into: &bytes)
        return bytes
    }

    private static func calls(_ deltas: ChatChunk.ToolCallDelta...) -> ChatChunk.Choice {
        var choice = ChatChunk.Choice()
        choice.toolCalls = deltas
        return choice
    }

    @Test func `buffer calls that come side by side`() throws {
        let bytes = Self.encoded([
            Self.calls(.init(index: 0, id: "a", name: "f", arguments: "{"), .init(index: 1, id: "b", name: "g")),
            Self.calls(.init(index: 1, arguments: "[")), Self.calls(.init(index: 0, arguments: "}")),
            Self.calls(.init(index: 1, arguments: "]")), ChatChunk.Choice(finishReason: .toolCalls),
        ])
        let calls = AnthropicDecoded([bytes]).response.choices[0].message.toolCalls
        #expect(calls.map(\.arguments) == ["{}", "[]"] && calls.map(\.id) == ["a", "b"])
        #expect(try AnthropicStreamTests.isWellFormed(bytes))
    }

    @Test func `say tool_use after a call, whatever the server says, and begin no empty block`() throws {
        let bytes = Self.encoded([
            ChatChunk.Choice(content: ""), Self.calls(.init(index: 0, id: "a", name: "f", arguments: "{}")),
            ChatChunk.Choice(content: "", finishReason: .stop),
        ])
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains(#""stop_reason":"tool_use""#) && !text.contains(#""type":"text""#))
    }

    @Test func `open a block for each change of kind`() throws {
        let bytes = Self.encoded([
            ChatChunk.Choice(reasoning: "hm"), ChatChunk.Choice(content: "a"), ChatChunk.Choice(content: "b"),
            Self.calls(.init(index: 0, id: "a", name: "f")), ChatChunk.Choice(content: "c", finishReason: .length),
        ])
        #expect(try AnthropicStreamTests.isWellFormed(bytes))
        let message = AnthropicDecoded([bytes]).response.choices[0].message
        #expect(message.parts.count == 4 && message.text == "abc" && message.toolCalls[0].arguments == "{}")
    }

    @Test func `end with an error when pieces of an ended call follow`() {
        let bytes = Self.encoded([
            Self.calls(.init(index: 0, id: "a", name: "f", arguments: "{")), ChatChunk.Choice(content: "x"),
            Self.calls(.init(index: 0, arguments: "}")), ChatChunk.Choice(finishReason: .toolCalls),
        ])
        #expect(AnthropicDecoded([bytes]).failureText?.hasPrefix("api_error: ") == true)
        #expect(!String(decoding: bytes, as: UTF8.self).contains("message_stop"))
    }

    @Test func `tell usage that came last, and a refusal for what it is`() {
        let usage = ChatUsage(
            Usage(
                inputTokens: 2_160,
                outputTokens: 41,
                cacheReadTokens: 2_048,
                cacheWriteTokens: 100,
                reasoningTokens: 18
            )
        )
        var refusal = ChatChunk.Choice(finishReason: .stop)
        refusal.refusal = "No."
        let response = AnthropicDecoded([Self.encoded([refusal], usage: usage)]).response
        #expect(response.usage?.counts == usage.counts)
        #expect(response.choices[0].message.refusal == "No." && response.choices[0].finishReason == .contentFilter)
    }

    @Test func `end with one record, good or bad`() {
        var encoder = AnthropicMessagesStreamEncoder()
        var bytes: [UInt8] = []
        encoder.encode(ChatChunk(choices: [.init(content: "a")]), into: &bytes)
        encoder.fail(GatewayError(.overloaded, "Busy."), into: &bytes)
        encoder.finish(into: &bytes)
        encoder.encode(ChatChunk(choices: [.init(content: "b")]), into: &bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        let end =
            #"{"type":"error","error":{"type":"overloaded_error","message":"Busy.","details":{"error_code":"overloaded"}}}"#
        #expect(text.hasSuffix("event: error\ndata: \(end)\n\n") && !text.contains("message_stop"))
    }

    @Test func `may be held open by pings`() {
        #expect(AnthropicDecoded([AnthropicMessagesStreamEncoder.pingEvent]) == AnthropicDecoded([]))
    }
}
