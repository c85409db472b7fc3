// Fuzzes the smaller surfaces: embeddings, completions, gaps, Ollama's routes and the one-message chat. The first byte
// chooses the surface.
//
// Facts and codecs agree on what is a request, a request survives a round trip, splices and splits leave valid JSON, and
// streams decode alike however they are cut.
import MartletCore
import MartletDialects
import MartletWire

/// Runs one input; stops the process when two ways to read the same bytes disagree.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 1 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
    switch start[0] % 8 {
    case 0: checkEmbeddings(bytes)
    case 1: checkOllamaEmbeddings(bytes)
    case 2: check(bytes, OpenAICompletionsCodec()) { try OpenAICompletionsFacts.read($0, scanner: $1) }
    case 3: check(bytes, OllamaGenerateCodec()) { try OllamaGenerateFacts.read($0, scanner: $1) }
    case 4: check(bytes, OllamaChatCodec()) { try OllamaChatFacts.read($0, scanner: $1) }
    case 5: check(bytes, SimpleChatCodec()) { try SimpleChatFacts.read($0, scanner: $1) }
    case 6: checkGap(bytes)
    default: checkVector(bytes)
    }
    return 0
}

private func expect(_ condition: Bool, _ message: String) {
    precondition(condition, message)
}

private func isJSON(_ bytes: [UInt8]) -> Bool {
    var scanner = JSONScanner()
    return (try? scanner.finish(bytes.span)) != nil
}

private typealias Read = (UnsafeRawBufferPointer, borrowing JSONScanner) throws -> RequestFacts

/// Reads facts, and checks that the splice for a target of the same dialect leaves valid JSON with the new model.
@discardableResult
private func checkSplice(_ bytes: [UInt8], _ read: Read) -> RequestFacts? {
    var scanner = JSONScanner()
    guard (try? scanner.finish(bytes.span)) != nil else { return nil }
    guard let facts = bytes.withUnsafeBytes({ try? read($0, scanner) }) else { return nil }
    let splice = bytes.withUnsafeBytes {
        OllamaChatSplice.edits($0, scanner: scanner, facts: facts, upstreamModel: "up/stream", keepAlive: "5m")
    }
    let sent = splice.render(bytes)
    var check = JSONScanner()
    expect((try? check.finish(sent.span)) != nil, "the splice broke the body")
    let after = sent.withUnsafeBytes { try? read($0, check) }
    expect(after?.model == ModelName("up/stream"), "the splice did not set the model")
    expect(after?.gatewayMembers.isEmpty == true, "the splice left what speaks to the gateway")
    return facts
}

private func check(_ bytes: [UInt8], _ codec: some ChatCodec, _ read: Read) {
    checkSplice(bytes, read)
    if let request = try? codec.decodeRequest(bytes) {
        if let sent = try? codec.encodeRequest(request) {
            expect(isJSON(sent.body), "the codec wrote what is no JSON")
            expect((try? codec.decodeRequest(sent.body)) != nil, "the codec refuses its own request")
        }
        let chat = try? OpenAIChatCodec().encodeRequest(request)
        expect(chat.map { isJSON($0.body) } == true, "the request has no form as a chat")
        if let sent = try? OllamaChatCodec().encodeRequest(request) { expect(isJSON(sent.body), "nor for Ollama") }
    }
    if let response = try? codec.decodeResponse(bytes) {
        expect(isJSON(codec.encodeResponse(response)), "the codec wrote an answer that is no JSON")
    }
    _ = codec.decodeFailure(bytes)
    let whole = decode([bytes[...]], codec)
    let step = max(1, bytes.count % 23)
    let reads = stride(from: 0, to: bytes.count, by: step).map { bytes[$0..<min($0 + step, bytes.count)] }
    expect(decode(reads, codec) == whole, "the decoder depends on the cuts")
    var encoder = codec.makeStreamEncoder(includeUsage: true)
    var output: [UInt8] = []
    for chunk in whole.chunks { encoder.encode(chunk, into: &output) }
    encoder.finish(into: &output)
    if whole.failure == nil { expect(decode([output[...]], codec).failure == nil, "the encoder's stream is broken") }
}

private struct Decoded: Equatable {
    var chunks: [ChatChunk] = []
    var failure: ChatFailure?
}

private func decode(_ reads: [ArraySlice<UInt8>], _ codec: some ChatCodec) -> Decoded {
    var decoder = codec.makeStreamDecoder()
    var decoded = Decoded()
    do throws(ChatFailure) {
        for read in reads { try decoder.decode(Array(read).span, into: &decoded.chunks) }
        try decoder.finish(into: &decoded.chunks)
    } catch {
        decoded.failure = error
    }
    return decoded
}

private func checkEmbeddings(_ bytes: [UInt8]) {
    let codec = OpenAIEmbeddingsCodec()
    let facts = checkSplice(bytes) { try EmbeddingFacts.read($0, scanner: $1) }
    let request = try? codec.decodeRequest(bytes)
    if let facts, let request {
        expect(facts.messageCount == request.inputs.count, "facts and codec count differently")
    }
    guard let facts else { return }
    var scanner = JSONScanner()
    guard (try? scanner.finish(bytes.span)) != nil else { return }
    let limits = EmbeddingLimits(maxInputs: 1 + bytes.count % 5, maxTokens: bytes.count % 3 == 0 ? 9 : nil)
    bytes.withUnsafeBytes { body in
        guard let split = try? EmbeddingSplit(body, scanner: scanner, limits: limits) else { return }
        expect(split.count == facts.messageCount, "the split has other inputs than the facts")
        if let request { expect(request.calls(limits).count == split.calls.count, "values and bytes part differently") }
        let splice = BodySplice.edits(body, scanner: scanner, facts: facts, upstreamModel: "up")
        for call in split.calls.indices {
            let sent = split.body(of: call, bytes, splice)
            expect(isJSON(sent), "a part is no JSON")
            if let request {
                let part = try? codec.decodeRequest(sent)
                expect(part?.inputs == request.part(split.calls[call]).inputs, "a part has other inputs")
            }
        }
    }
    if let request {
        let again = (try? codec.encodeRequest(request)).flatMap { try? codec.decodeRequest($0.body) }
        expect(again?.inputs == request.inputs, "a request changed on its way through the codec")
    }
}

private func checkOllamaEmbeddings(_ bytes: [UInt8]) {
    let form: OllamaEmbedCodec.Form = bytes.count % 2 == 0 ? .embed : .embeddings
    let codec = OllamaEmbedCodec(form: form)
    checkSplice(bytes) { try OllamaEmbedFacts.read($0, scanner: $1, form: form) }
    if let request = try? codec.decodeRequest(bytes), let sent = try? codec.encodeRequest(request) {
        expect(isJSON(sent.body), "the codec wrote what is no JSON")
    }
    for count in 0...2 {
        if let response = try? codec.decodeResponse(bytes, count: count) {
            expect(response.vectors.count == count, "an answer has not one vector for each input")
        }
    }
}

private func checkGap(_ bytes: [UInt8]) {
    _ = try? LlamaInfillCodec().decodeRequest(bytes)
    check(bytes, LlamaInfillCodec()) { try OpenAICompletionsFacts.read($0, scanner: $1) }
    guard let request = try? MistralFIMCodec().decodeRequest(bytes) else { return }
    for route in [FIMRoute.fim, .suffix, .completions, .generate, .infill] {
        guard let plan = try? FIMPlan(request, route: route, family: .qwenCoder) else { continue }
        expect(isJSON(plan.request.body), "a request for a gap is no JSON")
    }
}

private func checkVector(_ bytes: [UInt8]) {
    let vector = EmbeddingVector.base64(bytes)
    if let values = vector.values {
        let packed = EmbeddingVector.floats(values).encoded(as: .base64)
        expect(packed?.values?.map(\.bitPattern) == values.map(\.bitPattern), "a vector changed in base64")
        let text = vector.encoded(as: .float)
        expect(text?.values?.map(\.bitPattern) == values.map(\.bitPattern), "a vector changed as text")
    }
    guard let response = try? OpenAIEmbeddingsCodec().decodeResponse(bytes, count: 1) else { return }
    let request = EmbeddingRequest(model: nil, inputs: [.text("x")])
    if let sent = try? OpenAIEmbeddingsCodec().encodeResponse(response, to: request, model: nil) {
        expect(isJSON(sent), "an answer is no JSON")
    }
}
