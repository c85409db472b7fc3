// Fuzzes the OpenAI responses codec: facts, requests of both formats, streams whole against cut, answers and failures.
import MartletCore
import MartletDialects
import MartletWire

/// Runs one input; stops the process when two ways to read the same bytes disagree.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    checkFacts(bytes)
    checkTranslation(bytes)
    checkRequest(bytes)
    checkStream(bytes)
    checkAnswer(bytes)
    return 0
}

private func expect(_ condition: Bool, _ message: String) {
    precondition(condition, message)
}

/// What a codec takes the facts take as well, and neither ever traps.
private func checkFacts(_ bytes: [UInt8]) {
    var scanner = JSONScanner()
    guard (try? scanner.finish(bytes.span)) != nil else { return }
    bytes.withUnsafeBytes { body in
        _ = OpenAIResponsesShape.isResponses(body, scanner: scanner)
        guard let facts = try? OpenAIResponsesFacts.read(body, scanner: scanner) else { return }
        let splice = OpenAIResponsesSplice.edits(body, scanner: scanner, facts: facts, upstreamModel: "m")
        expect((try? JSONDocument(splice.render(bytes))) != nil, "a spliced body is no JSON")
    }
}

private func expectNames(_ dropped: [String]) {
    expect(
        dropped.allSatisfy { path in path.utf8.allSatisfy { 0x20 <= $0 && $0 < 0x7F } },
        "a path that cannot stand in a header"
    )
    expect(Set(dropped).count == dropped.count, "a path is named twice")
}

/// Whether bytes are valid, or nest deeper than is taken: the caller's own values can move further in.
private func isValid(_ bytes: [UInt8]) -> Bool {
    (try? JSONDocument(bytes, limits: JSONLimits(maxDepth: 200))) != nil
}

/// Whatever a chat client sends: what comes out is valid, and stable.
private func checkTranslation(_ bytes: [UInt8]) {
    guard let request = try? OpenAIChatCodec().decodeRequest(bytes) else { return }
    let codec = OpenAIResponsesCodec(origin: "here")
    guard let encoded = try? codec.encodeRequest(request) else { return }
    expectNames(encoded.dropped)
    expect(isValid(encoded.body), "no valid JSON is sent")
    guard let read = try? codec.decodeRequest(encoded.body), let again = try? codec.encodeRequest(read) else { return }
    expect((try? codec.decodeRequest(again.body)) == read, "a translated request changed on its way")
}

/// A request in the format itself survives a round trip, and can be lowered for every target.
private func checkRequest(_ bytes: [UInt8]) {
    let codec = OpenAIResponsesCodec(origin: "here")
    guard let request = try? codec.decodeRequest(bytes) else { return }
    if let once = try? codec.encodeRequest(request) {
        expectNames(once.dropped)
        expect(isValid(once.body), "no valid JSON is sent")
        if let second = try? codec.decodeRequest(once.body), let twice = try? codec.encodeRequest(second),
            let third = try? codec.decodeRequest(twice.body)
        {
            expect(third == second, "a request changed on its way through the codec")
        }
    }
    for target in [Dialect.openAIChat, .anthropicMessages, .ollamaChat] {
        guard let lowered = try? request.lowered(for: target) else { continue }
        expectNames(lowered.dropped)
        if target == .openAIChat {
            guard let encoded = try? OpenAIChatCodec().encodeRequest(lowered.request) else { continue }
            expect(isValid(encoded.body), "no valid chat request")
        } else if let encoded = try? AnthropicMessagesCodec(origin: "here").encodeRequest(lowered.request) {
            expect(isValid(encoded.body), "no valid messages request")
            for path in encoded.dropped { _ = lowered.callerPath(path) }
        }
    }
    let context = CallerContext(id: RecordID(high: 1, low: 2), created: 1, request: request)
    let message = ChatMessage(role: .assistant, parts: request.messages.flatMap(\.parts))
    let answer = OpenAIResponsesCodec(context: context).answer(
        ChatResponse(choices: [.init(index: 0, message: message, finishReason: .stop)])
    )
    expect(isValid(answer.body), "no valid answer")
    guard let record = StoredResponse(request: request, response: answer.body) else { return }
    guard let effective = try? ResponseHistory.effective(request, after: [record]) else { return }
    _ = try? codec.encodeRequest(effective)
    _ = try? ResponseHistory.inputItemsPage([record, record], limit: 3)
}

private struct Decoded: Equatable {
    var chunks: [ChatChunk] = []
    var failure: ChatFailure?

    init(_ reads: [ArraySlice<UInt8>]) {
        var decoder = OpenAIResponsesStreamDecoder()
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
    var encoder = OpenAIResponsesStreamEncoder(context: nil)
    var output: [UInt8] = []
    for chunk in whole.chunks { encoder.encode(chunk, into: &output) }
    encoder.finish(into: &output)
    let again = Decoded([output[...]])
    switch again.failure {
    case nil, .upstream?: break
    case .cut?, .malformed?: expect(false, "the encoder's stream cannot be read")
    }
    expect(encoder.finalResponse.map { isValid($0) } ?? false, "no response at the end")
    var openAI = OpenAIChatStreamEncoder(includeUsage: true)
    for chunk in whole.chunks { openAI.encode(chunk, into: &output) }
    openAI.finish(into: &output)
}

/// Whole answers survive a round trip; failures never trap.
private func checkAnswer(_ bytes: [UInt8]) {
    let codec = OpenAIResponsesCodec()
    _ = codec.decodeFailure(bytes)
    guard let response = try? codec.decodeResponse(bytes) else { return }
    let once = codec.encodeResponse(response)
    guard let second = try? codec.decodeResponse(once) else {
        return expect(!isValid(once), "an answer cannot be read again")
    }
    expect(isValid(codec.encodeResponse(second)), "an answer is no JSON")
    _ = OpenAIChatCodec().encodeResponse(response)
}
