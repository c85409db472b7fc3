// Fuzzes the codecs of batches and files, and the marks of the prompt cache in bytes that pass through.
import MartletCore
import MartletDialects
import MartletWire

/// Runs one input; stops the process when what was read and written is read as something else.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    checkBodies(bytes)
    checkLines(bytes)
    checkMarks(bytes)
    return 0
}

private func checkBodies(_ bytes: [UInt8]) {
    if let batch = try? OpenAIBatch(decoding: bytes) {
        precondition((try? OpenAIBatch(decoding: batch.encoded())) == batch)
    }
    if let batch = try? AnthropicBatch(decoding: bytes) {
        precondition((try? AnthropicBatch(decoding: batch.encoded())) == batch)
    }
    if let file = try? OpenAIFile(decoding: bytes) {
        precondition((try? OpenAIFile(decoding: file.encoded())) == file)
    }
    if let request = try? OpenAIBatchRequest(decoding: bytes) {
        precondition((try? OpenAIBatchRequest(decoding: request.encoded())) == request)
    }
    if let page = try? BatchPage<OpenAIBatch>(openAI: bytes) {
        precondition((try? BatchPage<OpenAIBatch>(openAI: page.encodedOpenAI())) == page)
    }
    if let page = try? BatchPage<AnthropicBatch>(anthropic: bytes) {
        precondition((try? BatchPage<AnthropicBatch>(anthropic: page.encodedAnthropic())) == page)
    }
}

private func checkLines(_ bytes: [UInt8]) {
    let read = OpenAIBatchLines.items(bytes, endpoint: "/v1/embeddings")
    precondition(!(read.items.isEmpty && read.errors.isEmpty))
    let again = OpenAIBatchLines.items(OpenAIBatchLines.file(of: read.items), endpoint: "/v1/embeddings")
    precondition(again.items == read.items)
    if let items = try? AnthropicBatchLines.items(bytes) {
        precondition((try? AnthropicBatchLines.items(AnthropicBatchLines.body(of: items))) == items)
    }
    if let results = try? OpenAIBatchLines.results(bytes) {
        precondition((try? OpenAIBatchLines.results(OpenAIBatchLines.file(of: results) { "\($0)" })) == results)
    }
    if let results = try? AnthropicBatchLines.results(bytes) {
        precondition((try? AnthropicBatchLines.results(AnthropicBatchLines.file(of: results))) == results)
    }
}

/// What is marked is still JSON, and is not marked again.
private func checkMarks(_ bytes: [UInt8]) {
    func marked(_ bytes: [UInt8]) -> [UInt8]? {
        var scanner = JSONScanner()
        guard (try? scanner.finish(bytes.span)) != nil else { return nil }
        var splice = JSONSplice()

        bytes.withUnsafeBytes {
            AnthropicCacheSplice.addMarks(to: &splice, $0, scanner: scanner, mode: .auto, model: "claude-opus-5")
        }
        return splice.render(bytes)
    }
    let filler = #"{"system":[{"type":"text","text":""# + String(repeating: "word ", count: 500) + #""}],"messages":"#
    let long = Array(filler.utf8) + bytes + Array("}".utf8)
    for given in [bytes, long] {
        guard let once = marked(given) else { continue }
        guard let twice = marked(once) else { preconditionFailure("the marks broke the document") }
        precondition(twice == once, "marked twice")
    }
}
