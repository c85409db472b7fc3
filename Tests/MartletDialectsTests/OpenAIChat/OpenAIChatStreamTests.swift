import MartletCore
import MartletDialects
import Testing

/// What a decoder makes of a stream, the end included.
struct Decoded: Equatable {
    var chunks: [ChatChunk] = []
    var failure: ChatFailure?

    init(_ reads: [[UInt8]]) {
        var decoder = OpenAIChatStreamDecoder()
        do throws(ChatFailure) {
            for read in reads { try decoder.decode(read.span, into: &chunks) }
            try decoder.finish()
        } catch {
            failure = error
        }
    }
}

@Suite("OpenAI chat streams") struct OpenAIChatStreamTests {
    @Test(arguments: Fixture.all("streams"))
    func `decode alike however they are cut`(_ fixture: Fixture) {
        let whole = Decoded([fixture.bytes])
        for reads in cuts(of: fixture.bytes) { #expect(Decoded(reads) == whole) }
    }

    @Test(arguments: [
        "text.sse", "padded.sse", "tools.sse", "reasoning.sse", "choices.sse", "crlf.sse", "filter-first.sse",
    ])
    func `decode to the same chunks again after encoding`(_ name: String) throws {
        let decoded = Decoded([try Fixture.named(name, in: "streams").bytes])
        #expect(decoded.failure == nil)
        var encoder = OpenAIChatStreamEncoder(includeUsage: true)
        var bytes: [UInt8] = []
        for chunk in decoded.chunks { encoder.encode(chunk, into: &bytes) }
        encoder.finish(into: &bytes)
        #expect(Self.accumulated(Decoded([bytes]).chunks) == Self.accumulated(decoded.chunks))
        // Only the chunks of a first choice may differ: the encoder adds a role that was not there.
        #expect(Decoded([bytes]).chunks.count == decoded.chunks.count)
    }

    static func accumulated(_ chunks: [ChatChunk]) -> ChatResponse {
        var accumulator = ChatAccumulator()
        for chunk in chunks { accumulator.add(chunk) }
        return accumulator.response
    }

    @Test func `put together give the whole answer`() throws {
        let text = Self.accumulated(Decoded([try Fixture.named("text.sse", in: "streams").bytes]).chunks)
        #expect(text.choices[0].message.text == "Let me look\n\n at \"it\" é😀 é😀 now.")
        #expect(text.choices[0].finishReason == .stop && text.usage?.counts.cacheReadTokens == 64)
        let tools = Self.accumulated(Decoded([try Fixture.named("tools.sse", in: "streams").bytes]).chunks)
        let calls = tools.choices[0].message.toolCalls
        #expect(calls.map(\.arguments) == [#"{"tz":"UTC"}"#, "date"] && calls.map(\.name) == ["get_time", "shell"])
        let reasoning = Self.accumulated(Decoded([try Fixture.named("reasoning.sse", in: "streams").bytes]).chunks)
        #expect(reasoning.choices[0].message.reasoning?.hasSuffix("now.xHm.") == true)
        #expect(reasoning.choices[0].finishReason == .stop)
    }

    @Test(arguments: [
        ("cut.sse", ChatFailure.cut), ("role-only.sse", .cut), ("empty.sse", .cut),
        ("error-midway.sse", .upstream(UpstreamFailure(message: "boom", type: "server_error", code: "500"))),
        ("error-first.sse", .upstream(UpstreamFailure(message: "no such model"))),
        ("error-event.sse", .upstream(UpstreamFailure(message: "bad", type: "BadRequestError", code: "400"))),
    ])
    func `that end before their time never look complete`(_ name: String, _ failure: ChatFailure) throws {
        #expect(Decoded([try Fixture.named(name, in: "streams").bytes]).failure == failure)
    }

    @Test(arguments: ["no-mark.sse", "no-blank-line.sse", "keepalives.sse", "several-data-lines.sse", "cr-mixed.sse"])
    func `of servers with habits are complete all the same`(_ name: String) throws {
        #expect(Decoded([try Fixture.named(name, in: "streams").bytes]).failure == nil)
    }

    @Test func `with an event that is no JSON fail`() throws {
        let failure = Decoded([try Fixture.named("broken-json.sse", in: "streams").bytes]).failure
        guard case .malformed = failure else { return #expect(Bool(false), "\(String(describing: failure))") }
    }

    @Test func `begin with the role, keep id and model, and tell usage only when asked`() {
        func encoded(includeUsage: Bool) -> String {
            var encoder = OpenAIChatStreamEncoder(includeUsage: includeUsage)
            var bytes: [UInt8] = []
            let usage = ChatUsage(Usage(inputTokens: 1, outputTokens: 2))
            encoder.encode(ChatChunk(id: "a", created: 5, model: "m", choices: [.init(content: "x\n")]), into: &bytes)
            encoder.encode(ChatChunk(choices: [.init(finishReason: .stop)], usage: usage), into: &bytes)
            encoder.finish(into: &bytes)
            encoder.fail(GatewayError(.internalError, "late"), into: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }
        let head = #"data: {"id":"a","object":"chat.completion.chunk","created":5,"model":"m","choices":["#
        let first = head + #"{"index":0,"delta":{"role":"assistant","content":"x\n"},"finish_reason":null}]"#
        let second = head + #"{"index":0,"delta":{},"finish_reason":"stop"}]"#
        let counts = #""usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}"#
        #expect(encoded(includeUsage: false) == "\(first)}\n\n\(second)}\n\ndata: [DONE]\n\n")
        #expect(
            encoded(includeUsage: true)
                == "\(first),\"usage\":null}\n\n\(second),\"usage\":null}\n\n\(head)],\(counts)}\n\ndata: [DONE]\n\n"
        )
    }

    @Test func `that fail end with an error event and no mark`() {
        var encoder = OpenAIChatStreamEncoder(includeUsage: true)
        var bytes: [UInt8] = []
        encoder.fail(ChatFailure.cut.interruption, into: &bytes)
        encoder.finish(into: &bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasPrefix(#"data: {"error":{"message":"#) && text.contains(#""code":"stream_interrupted""#))
        #expect(!text.contains("[DONE]"))
    }
}
