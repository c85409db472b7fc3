// Fuzzes the codecs of Bedrock and SageMaker: requests of all callers, streams whole against cut, answers and failures.
// For streams the input is taken as lines, each of which is the name of an event and its payload, so that the checksums
// of the frames are not what is fuzzed.
import MartletCore
import MartletDialects
import MartletWire

/// Runs one input; stops the process when two ways to read the same bytes disagree.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    checkTranslation(bytes)
    checkNative(bytes)
    checkStreams(bytes)
    checkAnswers(bytes)
    checkVectors(bytes)
    return 0
}

private func expect(_ condition: Bool, _ message: String) { precondition(condition, message) }

private let models = [
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-3-haiku-20240307-v1:0", "amazon.nova-2-lite-v1:0",
    "meta.llama3-3-70b-instruct-v1:0", "amazon.titan-text-express-v1", "mistral.mistral-large-2407-v1:0",
]

/// Whatever a client sends: what comes out is valid, its losses can stand in a header, and it can be read again.
private func checkTranslation(_ bytes: [UInt8]) {
    let model = models[Int(bytes[0]) % models.count]
    let callers: [ChatRequest?] = [
        try? OpenAIChatCodec().decodeRequest(bytes), try? AnthropicMessagesCodec().decodeCountRequest(bytes),
    ]
    for case var request? in callers {
        request.model = model
        let converse = BedrockConverseCodec(origin: "here", model: model)
        if let encoded = try? converse.encodeRequest(request) {
            check(encoded)
            // The nesting of the caller's own values can grow beyond the limit where they move further in.
            if let again = try? converse.decodeRequest(encoded.body) {
                let once = try? converse.encodeRequest(again)
                expect(once.flatMap { try? converse.decodeRequest($0.body) } == again, "a request changed on its way")
            }
        }
        if request.dialect == .anthropicMessages {
            let betas = ["interleaved-thinking-2025-05-14", "later"]
            if let encoded = try? BedrockAnthropicCodec(betas: betas).encodeRequest(request) { check(encoded) }
        }
        for container in [SageMakerContainer.openAI, .tgi] {
            if let encoded = try? SageMakerChatCodec(container: container).encodeRequest(request) { check(encoded) }
        }
    }
}

private func check(_ encoded: EncodedRequest) {
    expect(
        encoded.dropped.allSatisfy { path in path.utf8.allSatisfy { 0x20 <= $0 && $0 < 0x7F } },
        "a path that cannot stand in a header"
    )
    expect(Set(encoded.dropped).count == encoded.dropped.count, "a path is named twice")
    expect((try? JSONDocument(encoded.body, limits: JSONLimits(maxDepth: 170))) != nil, "no valid JSON is sent")
    for header in encoded.headers {
        expect(header.value.utf8.allSatisfy { 0x20 <= $0 && $0 < 0x7F }, "a header that cannot be sent")
    }
}

/// A request in the format itself survives a round trip.
private func checkNative(_ bytes: [UInt8]) {
    let codec = BedrockConverseCodec()
    guard let request = try? codec.decodeRequest(bytes), let once = try? codec.encodeRequest(request) else { return }
    guard let second = try? codec.decodeRequest(once.body), let twice = try? codec.encodeRequest(second) else { return }
    expect((try? codec.decodeRequest(twice.body)) == second, "a request changed on its way through the codec")
}

private struct Decoded: Equatable {
    var chunks: [ChatChunk] = []
    var failure: ChatFailure?

    init(_ reads: [ArraySlice<UInt8>], _ codec: some ChatCodec) {
        var decoder = codec.makeStreamDecoder()
        do throws(ChatFailure) {
            for read in reads { try decoder.decode(Array(read).span, into: &chunks) }
            try decoder.finish(into: &chunks)
        } catch {
            failure = error
        }
    }
}

/// Puts each line of an input into a frame: `name payload` an event, `!name payload` an exception.
private func frames(_ bytes: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = []
    for line in bytes.split(separator: 0x0A, maxSplits: 64) {
        let parts = line.split(separator: 0x20, maxSplits: 1)
        guard let first = parts.first else { continue }
        let payload = parts.count > 1 ? Array(parts[1]) : []
        let name = String(decoding: first.prefix(60), as: UTF8.self)
        let isException = name.hasPrefix("!")
        let message =
            isException
            ? AWSEventMessage(exception: String(name.dropFirst()), payload: payload)
            : AWSEventMessage(event: name, payload: payload)
        message.append(to: &stream)
    }
    return stream
}

private func checkStreams(_ bytes: [UInt8]) {
    let made = frames(bytes)
    for stream in [bytes, made] where !stream.isEmpty {
        checkStream(stream, bytes, BedrockConverseCodec(origin: "here", model: "m"))
        checkStream(stream, bytes, BedrockAnthropicCodec(origin: "here"))
        checkStream(stream, bytes, SageMakerChatCodec())
    }
}

/// Cuts change nothing, and what is encoded again can be read, with one end.
private func checkStream(_ stream: [UInt8], _ seed: [UInt8], _ codec: some ChatCodec) {
    let whole = Decoded([stream[...]], codec)
    let middle = Int(seed[0]) * stream.count / 256
    let step = max(1, Int(seed[seed.count - 1]) % 23)
    expect(Decoded([stream[..<middle], stream[middle...]], codec) == whole, "the decoder depends on the cuts")
    let pieces = stride(from: 0, to: stream.count, by: step).map { stream[$0..<min($0 + step, stream.count)] }
    expect(Decoded(pieces, codec) == whole, "the decoder depends on the cuts")
    var encoder = codec.makeStreamEncoder(includeUsage: true)
    var output: [UInt8] = []
    for chunk in whole.chunks { encoder.encode(chunk, into: &output) }
    encoder.finish(into: &output)
    switch Decoded([output[...]], codec).failure {
    case nil, .upstream?: break
    case .cut?, .malformed?: expect(false, "the encoder's stream cannot be read")
    }
    for caller in [Dialect.openAIChat, .anthropicMessages] {
        guard let own = caller.codec(CodecSettings(account: "there")) else { continue }
        var encoder = own.makeStreamEncoder(includeUsage: true)
        for chunk in whole.chunks { encoder.encode(chunk, into: &output) }
        encoder.finish(into: &output)
    }
}

/// Whole answers survive a round trip; failures never trap.
private func checkAnswers(_ bytes: [UInt8]) {
    let codec = BedrockConverseCodec()
    _ = (codec.decodeFailure(bytes), SageMakerChatCodec().decodeFailure(bytes))
    _ = BedrockError.name(String(decoding: bytes, as: UTF8.self))
    guard let response = try? codec.decodeResponse(bytes) else { return }
    let once = codec.encodeResponse(response)
    guard let second = try? codec.decodeResponse(once) else { return expect(false, "an answer cannot be read again") }
    expect((try? codec.decodeResponse(codec.encodeResponse(second))) == second, "an answer changed on its way")
    _ = (OpenAIChatCodec().encodeResponse(response), AnthropicMessagesCodec().encodeResponse(response))
}

/// Requests and answers for vectors never trap.
private func checkVectors(_ bytes: [UInt8]) {
    for model in ["amazon.titan-embed-text-v2:0", "amazon.titan-embed-image-v1", "cohere.embed-v4:0"] {
        guard let codec = BedrockEmbedCodec(model: model) else { return expect(false, "no codec for vectors") }
        if let request = try? OpenAIEmbeddingsCodec().decodeRequest(bytes), let sent = try? codec.encodeRequest(request)
        {
            check(sent)
        }
        for count in 1...2 { _ = try? codec.decodeResponse(bytes, count: count) }
        if let request = try? codec.decodeRequest(bytes) { _ = try? codec.encodeRequest(request) }
    }
}
