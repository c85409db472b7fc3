// Fuzzes the Anthropic messages codec: requests of both formats, as a surface and as an upstream; streams whole against
// cut, answers and failures.
import MartletCore
import MartletDialects
import MartletWire

/// Runs one input; stops the process when two ways to read the same bytes disagree.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    checkTranslation(bytes)
    checkRequest(bytes)
    checkFacts(bytes)
    checkCaller(bytes)
    checkStream(bytes)
    checkAnswer(bytes)
    return 0
}

private func expect(_ condition: Bool, _ message: String) {
    precondition(condition, message)
}

/// Whatever an OpenAI client sends: what comes out is valid, its losses can stand in a header, and it is stable.
private func checkTranslation(_ bytes: [UInt8]) {
    guard let request = try? OpenAIChatCodec().decodeRequest(bytes) else { return }
    for version in [AnthropicVersion.june2023, .october2026] {
        let codec = AnthropicMessagesCodec(version: version, origin: "here")
        guard let encoded = try? codec.encodeRequest(request) else { continue }
        expect(
            encoded.dropped.allSatisfy { path in path.utf8.allSatisfy { 0x20 <= $0 && $0 < 0x7F } },
            "a path that cannot stand in a header"
        )
        expect(Set(encoded.dropped).count == encoded.dropped.count, "a path is named twice")
        guard (try? JSONDocument(encoded.body)) != nil else {
            // The nesting of the caller's own values can grow beyond the limit where they move further in.
            expect((try? JSONDocument(encoded.body, limits: JSONLimits(maxDepth: 160))) != nil, "no valid JSON is sent")
            continue
        }
        guard let read = try? codec.decodeRequest(encoded.body) else { continue }
        guard let again = try? codec.encodeRequest(read) else { continue }
        expect((try? codec.decodeRequest(again.body)) == read, "a translated request changed on its way")
    }
}

/// A request in the format itself survives a round trip, unless results must be put in order first.
private func checkRequest(_ bytes: [UInt8]) {
    let codec = AnthropicMessagesCodec()
    guard let request = try? codec.decodeRequest(bytes), let once = try? codec.encodeRequest(request) else { return }
    guard let second = try? codec.decodeRequest(once.body) else { return }
    guard let twice = try? codec.encodeRequest(second), let third = try? codec.decodeRequest(twice.body) else {
        return expect(false, "what was sent once cannot be sent again")
    }
    expect(third == second, "a request changed on its way through the codec")
}

/// Facts never trap, and what is edited by them is valid and names the model that was asked for.
private func checkFacts(_ bytes: [UInt8]) {
    var scanner = JSONScanner()
    guard (try? scanner.finish(bytes.span)) != nil else { return }
    let edited: [UInt8]? = bytes.withUnsafeBytes { body in
        guard let facts = try? AnthropicMessagesFacts.read(body, scanner: scanner, isCount: bytes.count % 2 == 0) else {
            return nil
        }
        return AnthropicMessagesSplice.edits(body, scanner: scanner, facts: facts, upstreamModel: "up/m").render(bytes)
    }
    guard let edited else { return }
    guard let document = try? JSONDocument(edited) else { return expect(false, "an edited body is no JSON") }
    let isNamed = document.withView { $0.member("model")?.equalsString("up/m") ?? false }
    expect(isNamed, "an edited body names another model")
}

/// Whatever an Anthropic client sends to targets of other dialects: valid, and its losses can stand in a header.
private func checkCaller(_ bytes: [UInt8]) {
    _ = AnthropicThreads.messageID(ofAnswer: bytes)
    _ = AnthropicBetas.dropped([String(decoding: bytes.prefix(200), as: UTF8.self)])
    let codec = AnthropicMessagesCodec()
    guard let request = try? codec.decodeCountRequest(bytes) else { return }
    expect(AnthropicTokenCount.estimate(request) >= 0, "an estimate below nothing")
    try? AnthropicVersion.october2026.check(request)
    for target in [Dialect.openAIChat, .ollamaChat] {
        guard let encoded = try? target.codec(CodecSettings(account: "there"))?.encodeRequest(request) else { continue }
        expect(
            encoded.dropped.allSatisfy { path in path.utf8.allSatisfy { 0x20 <= $0 && $0 < 0x7F } },
            "a path that cannot stand in a header"
        )
        // The nesting of the caller's own values can grow beyond the limit where they move further in.
        expect((try? JSONDocument(encoded.body, limits: JSONLimits(maxDepth: 160))) != nil, "no valid JSON is sent")
        if target == .openAIChat {
            expect(Set(encoded.dropped).count == encoded.dropped.count, "a path is named twice")
        }
    }
}

private struct Decoded: Equatable {
    var chunks: [ChatChunk] = []
    var failure: ChatFailure?

    init(_ reads: [ArraySlice<UInt8>]) {
        var decoder = AnthropicMessagesStreamDecoder()
        do throws(ChatFailure) {
            for read in reads { try decoder.decode(Array(read).span, into: &chunks) }
            try decoder.finish()
        } catch {
            failure = error
        }
    }
}

/// Cuts change nothing, and what is encoded again can be read, with one end.
private func checkStream(_ bytes: [UInt8]) {
    let whole = Decoded([bytes[...]])
    let middle = Int(bytes[0]) * bytes.count / 256
    let step = max(1, Int(bytes[bytes.count - 1]) % 23)
    expect(Decoded([bytes[..<middle], bytes[middle...]]) == whole, "the decoder depends on the cuts")
    let pieces = stride(from: 0, to: bytes.count, by: step).map { bytes[$0..<min($0 + step, bytes.count)] }
    expect(Decoded(pieces) == whole, "the decoder depends on the cuts")
    var encoder = AnthropicMessagesStreamEncoder()
    var output: [UInt8] = []
    for chunk in whole.chunks { encoder.encode(chunk, into: &output) }
    encoder.finish(into: &output)
    let again = Decoded([output[...]])
    switch again.failure {
    case nil, .upstream?: break
    case .cut?, .malformed?: expect(false, "the encoder's stream cannot be read")
    }
    checkOpenAIStream(bytes)
    var openAI = OpenAIChatStreamEncoder(includeUsage: true)
    for chunk in whole.chunks { openAI.encode(chunk, into: &output) }
    openAI.finish(into: &output)
}

/// The stream of an OpenAI upstream, told to an Anthropic caller, can be read, with one end.
private func checkOpenAIStream(_ bytes: [UInt8]) {
    var decoder = OpenAIChatCodec().makeStreamDecoder()
    var chunks: [ChatChunk] = []
    try? decoder.decode(bytes.span, into: &chunks)
    let caller = CallerContext(id: RecordID(high: 1, low: 2), created: 3, estimatedInputTokens: 4)
    var encoder = AnthropicMessagesCodec(context: caller).makeStreamEncoder(includeUsage: true)
    var output: [UInt8] = []
    for chunk in chunks { encoder.encode(chunk, into: &output) }
    encoder.finish(into: &output)
    switch Decoded([output[...]]).failure {
    case nil, .upstream?: break
    case .cut?, .malformed?: expect(false, "the encoder's stream cannot be read")
    }
}

/// Whole answers survive a round trip; failures never trap.
private func checkAnswer(_ bytes: [UInt8]) {
    let codec = AnthropicMessagesCodec()
    _ = codec.decodeFailure(bytes)
    guard let response = try? codec.decodeResponse(bytes) else { return }
    let once = codec.encodeResponse(response)
    guard let second = try? codec.decodeResponse(once) else { return expect(false, "an answer cannot be read again") }
    expect((try? codec.decodeResponse(codec.encodeResponse(second))) == second, "an answer changed on its way")
    _ = OpenAIChatCodec().encodeResponse(response)
}
