import MartletCore
import MartletDialects
import MartletWire
import Testing

/// The known troubles of gateways, on every surface whose answers are texts.
@Suite("Edge cases of the smaller surfaces") struct SurfaceEdgeCaseTests {
    /// The codecs, by name.
    private static let codecs: [(name: String, codec: any ChatCodec)] = [
        ("completions", OpenAICompletionsCodec()), ("simple", SimpleChatCodec()), ("generate", OllamaGenerateCodec()),
        ("chat of Ollama", OllamaChatCodec()), ("infill", LlamaInfillCodec()), ("fim", MistralFIMCodec()),
    ]

    private func stream(_ chunks: [ChatChunk], _ codec: some ChatCodec, fails: Bool = false) -> [UInt8] {
        var encoder = codec.makeStreamEncoder(includeUsage: true)
        var bytes: [UInt8] = []
        for chunk in chunks { encoder.encode(chunk, into: &bytes) }
        if fails { encoder.fail(GatewayError(.streamInterrupted, "It broke."), into: &bytes) }
        encoder.finish(into: &bytes)
        return bytes
    }

    private func text(_ text: String, usage: Int64? = nil, finish: FinishReason? = nil) -> ChatChunk {
        ChatChunk(
            id: "a",
            created: 1_790_000_000,
            model: "m",
            choices: [ChatChunk.Choice(content: text, finishReason: finish)],
            usage: usage.map { ChatUsage(Usage(inputTokens: 3, outputTokens: $0)) }
        )
    }

    @Test func `usage on all chunks: the last counts, and is told once`() {
        for (name, codec) in Self.codecs {
            let bytes = stream([text("a", usage: 1), text("b", usage: 2), text("", usage: 3, finish: .stop)], codec)
            let answer = decoded([bytes], with: codec)
            #expect(answer.failure == nil, "\(name)")
            #expect(answer.chunks.compactMap(\.usage).map(\.counts.outputTokens) == [3], "\(name)")
            #expect(accumulated(answer.chunks).choices.first?.message.text == "ab", "\(name)")
        }
    }

    @Test func `an error in the middle is no normal end`() {
        for (name, codec) in Self.codecs {
            let answer = decoded([stream([text("a")], codec, fails: true)], with: codec)
            #expect(answer.failure != nil && answer.chunks.last?.error != nil, "\(name)")
            #expect(!answer.chunks.contains { $0.choices.contains { $0.finishReason != nil } }, "\(name)")
            let upstream = ChatChunk(error: UpstreamFailure(message: "It broke."))
            let told = decoded([stream([text("a"), upstream, text("b", finish: .stop)], codec)], with: codec)
            #expect(told.failure != nil && accumulated(told.chunks).choices.first?.message.text == "a", "\(name)")
        }
    }

    @Test func `a chunk without choices breaks nothing`() {
        for (name, codec) in Self.codecs {
            let answer = decoded([stream([ChatChunk(model: "m"), text("a", finish: .length)], codec)], with: codec)
            #expect(answer.failure == nil && accumulated(answer.chunks).choices[0].finishReason == .length, "\(name)")
        }
    }

    @Test func `a stream that ends early is cut and says nothing of an end`() {
        for (name, codec) in Self.codecs {
            var encoder: any ChatStreamEncoder = codec.makeStreamEncoder(includeUsage: true)
            var bytes: [UInt8] = []
            encoder.encode(text("a"), into: &bytes)
            #expect(decoded([bytes], with: codec).failure == .cut, "\(name)")
        }
    }

    @Test func `usage that nobody told is not made up`() throws {
        for (name, codec) in Self.codecs {
            let answer = decoded([stream([text("a", finish: .stop)], codec)], with: codec)
            #expect(answer.chunks.allSatisfy { $0.usage == nil }, "\(name)")
            let whole = ChatResponse(model: "m", choices: accumulated(answer.chunks).choices)
            #expect(try codec.decodeResponse(codec.encodeResponse(whole)).usage == nil, "\(name)")
        }
    }

    @Test func `errors and failures have the shape of the surface`() throws {
        for (name, codec) in Self.codecs {
            let error = try leaves(codec.encodeError(GatewayError(.modelNotFound, "No such model.")))
            let failure = try leaves(codec.encodeFailure(UpstreamFailure(message: "No."), status: 404))
            let isOllama = codec is OllamaChatCodec || codec is OllamaGenerateCodec
            #expect(error[isOllama ? ".error" : ".error.message"] == "\"No such model.", "\(name)")
            #expect(failure[isOllama ? ".error" : ".error.message"] == "\"No.", "\(name)")
            #expect(
                codec.decodeFailure(codec.encodeFailure(UpstreamFailure(message: "No."), status: 400)).message == "No."
            )
        }
    }
}
