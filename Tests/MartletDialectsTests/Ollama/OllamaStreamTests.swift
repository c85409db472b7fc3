import MartletCore
import MartletDialects
import Testing

/// What a decoder makes of a stream, the end included.
struct OllamaDecoded: Equatable {
    var chunks: [ChatChunk] = []
    var failure: ChatFailure?

    init(_ reads: [[UInt8]], endsLines: Bool = false) {
        var decoder = OllamaStreamDecoder()
        do throws(ChatFailure) {
            for read in reads { try decoder.decode(read.span, into: &chunks) }
            if endsLines { try decoder.finish(into: &chunks) } else { try decoder.finish() }
        } catch {
            failure = error
        }
    }

    init(_ name: String, endsLines: Bool = false) throws {
        self.init([try Fixture.named(name, in: "Ollama/streams").bytes], endsLines: endsLines)
    }

    /// The chunks put together.
    var response: ChatResponse {
        var accumulator = ChatAccumulator()
        for chunk in chunks { accumulator.add(chunk) }
        return accumulator.response
    }
}

@Suite("Ollama chat streams") struct OllamaStreamTests {
    @Test(arguments: Fixture.all("Ollama/streams"))
    func `decode alike however they are cut`(_ fixture: Fixture) {
        for endsLines in [false, true] {
            let whole = OllamaDecoded([fixture.bytes], endsLines: endsLines)
            for reads in cuts(of: fixture.bytes) { #expect(OllamaDecoded(reads, endsLines: endsLines) == whole) }
        }
    }

    @Test(arguments: [
        "text.ndjson", "tools.ndjson", "one-line.ndjson", "length.ndjson", "empty-answer.ndjson", "logprobs.ndjson",
        "crlf.ndjson",
    ])
    func `give the same answer again after encoding`(_ name: String) throws {
        let decoded = try OllamaDecoded(name)
        #expect(decoded.failure == nil)
        var encoder = OllamaStreamEncoder()
        var bytes: [UInt8] = []
        for chunk in decoded.chunks { encoder.encode(chunk, into: &bytes) }
        encoder.finish(into: &bytes)
        let again = OllamaDecoded([bytes])
        #expect(again.failure == nil)
        #expect(again.response.choices == decoded.response.choices && again.response.usage == decoded.response.usage)
        #expect(
            Set(again.response.extra) == Set(decoded.response.extra) && again.response.model == decoded.response.model
        )
    }

    @Test func `put together give the whole answer`() throws {
        let text = try OllamaDecoded("text.ndjson").response
        #expect(text.choices[0].message == ChatMessage(role: .assistant, text: "Hello \"é😀\"\né😀"))
        #expect(text.usage?.counts == Usage(inputTokens: 26, outputTokens: 28) && text.created == 1_787_338_102)
        #expect(text.extra.map(\.name).contains("total_duration"))
        let tools = try OllamaDecoded("tools.ndjson").response.choices[0]
        #expect(tools.message.reasoning == "Two cities." && tools.message.text == "Looking.")
        #expect(tools.message.toolCalls.map(\.name) == ["weather", "weather", "time"])
        #expect(tools.message.toolCalls.map(\.arguments) == [#"{"city":"Oslo"}"#, #"{"city":"Rome"}"#, "{}"])
        #expect(tools.finishReason == .toolCalls)
        let lone = try OllamaDecoded("one-line.ndjson").response.choices[0]
        #expect(lone.finishReason == .toolCalls && lone.message.toolCalls[0].arguments == #"{"a":1}"#)
        #expect(try OllamaDecoded("length.ndjson").response.choices[0].finishReason == .length)
    }

    @Test(arguments: [
        ("cut.ndjson", ChatFailure.cut), ("cut-in-line.ndjson", .cut), ("empty.ndjson", .cut),
        ("no-newline.ndjson", .cut),
        (
            "error-midway.ndjson",
            .upstream(
                UpstreamFailure(message: "an error was encountered while running the model: CUDA error")
            )
        ),
        ("error-first.ndjson", .upstream(UpstreamFailure(message: "model runner has unexpectedly stopped"))),
        ("not-an-object.ndjson", .malformed("the answer is no object")),
        ("no-message.ndjson", .malformed("the answer has no message")),
    ])
    func `that end before their time never look complete`(_ name: String, _ failure: ChatFailure) throws {
        let decoded = try OllamaDecoded(name)
        #expect(decoded.failure == failure)
        #expect(!decoded.chunks.contains { $0.choices.contains { $0.finishReason != nil } })
    }

    @Test(arguments: ["broken-json.ndjson", "login-page.ndjson"])
    func `with a line that is no JSON fail`(_ name: String) throws {
        let failure = try OllamaDecoded(name).failure
        guard case .malformed = failure else { return #expect(Bool(false), "\(String(describing: failure))") }
    }

    @Test func `may lack the ending of their last line when that is asked for`() throws {
        let whole = try OllamaDecoded("text.ndjson")
        #expect(try OllamaDecoded("no-newline.ndjson", endsLines: true) == whole)
        #expect(try OllamaDecoded("cut-in-line.ndjson", endsLines: true).failure == .cut)
        #expect(try OllamaDecoded("cut.ndjson", endsLines: true).failure == .cut)
    }

    @Test func `with a line over the limit fail and stay failed`() {
        var decoder = OllamaStreamDecoder()
        var chunks: [ChatChunk] = []
        func failure(_ read: [UInt8]) -> ChatFailure? {
            do throws(ChatFailure) { try decoder.decode(read.span, into: &chunks) } catch { return error }
            return nil
        }
        let malformed = ChatFailure.malformed("a line of the stream is over its limit")
        #expect(failure([UInt8](repeating: UInt8(ascii: "x"), count: OllamaStreamDecoder.maxLine + 1)) == malformed)
        #expect(failure([]) == malformed)
        #expect(throws: malformed) { try decoder.finish() }
    }

    @Test func `carry a call of many kilobytes in one line`() throws {
        let text = String(repeating: "é\\n", count: 300_000)
        let line =
            #"{"message":{"tool_calls":[{"function":{"name":"write","arguments":{"t":"\#(text)"}}}]},"done":true}"#
        let decoded = OllamaDecoded([Array(line.utf8.prefix(1_000)), Array((line + "\n").utf8.dropFirst(1_000))])
        #expect(decoded.failure == nil)
        #expect(decoded.response.choices[0].message.toolCalls[0].arguments == #"{"t":"\#(text)"}"#)
    }

    @Test func `of other formats are written as whole calls, and end with one line that counts`() throws {
        var encoder = OllamaStreamEncoder()
        var bytes: [UInt8] = []
        func chunk(_ delta: ChatChunk.ToolCallDelta) -> ChatChunk {
            var choice = ChatChunk.Choice()
            choice.toolCalls = [delta]
            return ChatChunk(choices: [choice])
        }
        encoder.encode(ChatChunk(id: "a", created: 5, model: "m", choices: [.init(role: .assistant)]), into: &bytes)
        #expect(bytes.isEmpty)
        encoder.encode(ChatChunk(choices: [.init(content: "x\n", reasoning: "Hm")]), into: &bytes)
        encoder.encode(chunk(.init(index: 1, id: "c2", name: "g", arguments: "")), into: &bytes)
        encoder.encode(chunk(.init(index: 0, id: "c1", name: "f", arguments: "{\"a\":")), into: &bytes)
        encoder.encode(chunk(.init(index: 0, arguments: "\n1}")), into: &bytes)
        encoder.encode(ChatChunk(choices: [.init(finishReason: .toolCalls)]), into: &bytes)
        encoder.encode(ChatChunk(usage: ChatUsage(Usage(inputTokens: 1, outputTokens: 2))), into: &bytes)
        encoder.finish(into: &bytes)
        encoder.fail(GatewayError(.internalError, "late"), into: &bytes)
        let head = #"{"model":"m","created_at":"1970-01-01T00:00:05Z","message":{"role":"assistant","content":"#
        let calls =
            #"[{"id":"c1","function":{"index":0,"name":"f","arguments":{"a": 1}}},"#
            + #"{"id":"c2","function":{"index":1,"name":"g","arguments":{}}}]"#
        let expected = [
            head + #""x\n","thinking":"Hm"},"done":false}"#,
            head + #""","tool_calls":\#(calls)},"done":false}"#,
            head + #"""},"done":true,"done_reason":"stop","prompt_eval_count":1,"eval_count":2}"#,
        ]
        #expect(String(decoding: bytes, as: UTF8.self) == expected.joined(separator: "\n") + "\n")
    }

    @Test func `that fail end with an error line and no last one`() {
        var encoder = OllamaStreamEncoder()
        var bytes: [UInt8] = []
        encoder.fail(GatewayError(.streamInterrupted, "Cut."), into: &bytes)
        encoder.finish(into: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "{\"error\":\"Cut.\"}\n")
        var other = OllamaStreamEncoder()
        var line: [UInt8] = []
        other.encode(ChatChunk(error: UpstreamFailure(message: "boom")), into: &line)
        other.finish(into: &line)
        #expect(String(decoding: line, as: UTF8.self) == "{\"error\":\"boom\"}\n")
    }
}
