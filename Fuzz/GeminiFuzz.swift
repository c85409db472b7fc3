// Fuzzes Gemini's codec, as an upstream of other formats and in its own words, its embeddings, and Claude on Vertex AI:
// requests, streams whole against cut, answers and failures.
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
    checkStream(bytes)
    checkAnswer(bytes)
    checkEmbeddings(bytes)
    checkVertex(bytes)
    return 0
}

private func expect(_ condition: Bool, _ message: String) {
    precondition(condition, message)
}

/// The nesting of the caller's own values can grow beyond the limit where they move further in.
private func isJSON(_ bytes: [UInt8]) -> Bool {
    (try? JSONDocument(bytes, limits: JSONLimits(maxDepth: 160))) != nil
}

private func isHeader(_ path: String) -> Bool { path.utf8.allSatisfy { 0x20 <= $0 && $0 < 0x7F } }

/// Whatever clients of other formats send: what comes out is valid, its losses can stand in a header, and it is stable.
private func checkTranslation(_ bytes: [UInt8]) {
    for model in ["gemini-2.5-flash", "gemini-3.5-flash"] {
        let codec = GeminiCodec(traits: GeminiModelTraits(model: model), origin: "here")
        for request in [
            try? OpenAIChatCodec().decodeRequest(bytes), try? AnthropicMessagesCodec().decodeCountRequest(bytes),
        ] {
            guard let request, let encoded = try? codec.encodeRequest(request) else { continue }
            expect(encoded.dropped.allSatisfy(isHeader), "a path that cannot stand in a header")
            expect(Set(encoded.dropped).count == encoded.dropped.count, "a path is named twice")
            expect(isJSON(encoded.body), "no valid JSON is sent")
            guard let read = try? codec.decodeRequest(encoded.body), let again = try? codec.encodeRequest(read) else {
                continue
            }
            expect((try? codec.decodeRequest(again.body)) == read, "a translated request changed on its way")
        }
    }
}

/// A request in the format itself survives a round trip, and others can read it.
private func checkRequest(_ bytes: [UInt8]) {
    let codec = GeminiCodec(origin: "here")
    guard let request = try? codec.decodeRequest(bytes), let once = try? codec.encodeRequest(request) else { return }
    guard let second = try? codec.decodeRequest(once.body) else { return }
    guard let twice = try? codec.encodeRequest(second), let third = try? codec.decodeRequest(twice.body) else {
        return expect(false, "what was sent once cannot be sent again")
    }
    expect(third == second, "a request changed on its way through the codec")
    for target in [Dialect.openAIChat, .anthropicMessages, .ollamaChat] {
        guard let sent = try? target.codec(CodecSettings(account: "there"))?.encodeRequest(request) else { continue }
        expect(isJSON(sent.body), "no valid JSON is sent to others")
    }
}

private func decode(_ reads: [ArraySlice<UInt8>]) -> (chunks: [ChatChunk], failure: ChatFailure?) {
    var decoder = GeminiStreamDecoder(origin: "here")
    var chunks: [ChatChunk] = []
    do throws(ChatFailure) {
        for read in reads {
            let bytes = Array(read)
            try decoder.decode(bytes.span, into: &chunks)
        }
        try decoder.finish(into: &chunks)
    } catch {
        return (chunks, error)
    }
    return (chunks, nil)
}

/// A stream says the same however it is cut, and what it says can be told in every format.
private func checkStream(_ bytes: [UInt8]) {
    let whole = decode([bytes[...]])
    let middle = bytes.count / 2
    let halves = decode([bytes[..<middle], bytes[middle...]])
    expect(whole.chunks == halves.chunks && whole.failure == halves.failure, "a stream depends on its reads")
    if bytes.count < 2_000 {
        let single = decode(bytes.indices.map { bytes[$0...$0] })
        expect(whole.chunks == single.chunks && whole.failure == single.failure, "a stream depends on its bytes")
    }
    var encoder = GeminiStreamEncoder()
    var openAI = OpenAIChatStreamEncoder(includeUsage: true)
    var anthropic = AnthropicMessagesStreamEncoder()
    var output: [UInt8] = []
    var rest: [UInt8] = []
    for chunk in whole.chunks where chunk.error == nil {
        encoder.encode(chunk, into: &output)
        openAI.encode(chunk, into: &rest)
        anthropic.encode(chunk, into: &rest)
    }
    encoder.finish(into: &output)
    guard whole.failure == nil else { return }
    let again = decode([output[...]])
    expect(again.failure == nil, "a stream that was written cannot be read")
}

private func checkAnswer(_ bytes: [UInt8]) {
    let codec = GeminiCodec(origin: "here")
    let said = codec.decodeFailure(bytes)
    expect(isJSON(codec.encodeFailure(said, status: 500)), "an error is no JSON")
    let used = codec.usage(ofRefused: bytes)
    expect(used.map { 0...Usage.largestCount ~= $0.inputTokens } ?? true, "a count beyond belief")
    guard let response = try? codec.decodeResponse(bytes) else { return }
    let again = codec.encodeResponse(response)
    expect(isJSON(again), "an answer is no JSON")
    expect(isJSON(OpenAIResponsesCodec().encodeResponse(response)), "an answer as a response is no JSON")
    expect(isJSON(OpenAIChatCodec().encodeResponse(response)), "an answer for OpenAI's clients is no JSON")
    expect(isJSON(AnthropicMessagesCodec().encodeResponse(response)), "an answer for Anthropic's clients is no JSON")
}

private func checkEmbeddings(_ bytes: [UInt8]) {
    for form in [GeminiEmbedCodec.Form.batch, .vertexBatch, .predict] {
        let codec = GeminiEmbedCodec(form: form)
        for request in [try? codec.decodeRequest(bytes), try? OpenAIEmbeddingsCodec().decodeRequest(bytes)] {
            guard let request, let sent = try? codec.encodeRequest(request) else { continue }
            expect(isJSON(sent.body) && sent.dropped.allSatisfy(isHeader), "no valid request for vectors")
        }
        guard let response = try? codec.decodeResponse(bytes, count: 1) else { continue }
        let request = EmbeddingRequest(model: "m", inputs: [.text("a")])
        guard let again = try? codec.encodeResponse(response, to: request, model: nil) else { continue }
        expect((try? codec.decodeResponse(again, count: 1)) != nil, "vectors that were written cannot be read")
    }
}

/// Edits for Vertex AI leave valid JSON without a model.
private func checkVertex(_ bytes: [UInt8]) {
    var scanner = JSONScanner()
    guard (try? scanner.finish(bytes.span)) != nil else { return }
    let edited: [UInt8]? = bytes.withUnsafeBytes { body in
        guard let facts = try? AnthropicMessagesFacts.read(body, scanner: scanner, isCount: false) else { return nil }
        return AnthropicVertexSplice.edits(body, scanner: scanner, facts: facts).render(bytes)
    }
    guard let edited else { return }
    guard let document = try? JSONDocument(edited) else { return expect(false, "an edited body is no JSON") }
    document.withView { view in
        expect(view.member("model") == nil && view.member("anthropic_version") != nil, "an edited body names a model")
    }
}
