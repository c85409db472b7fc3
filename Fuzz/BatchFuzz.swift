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
    checkUpload(bytes)
    return 0
}

/// What is read again is read the same; the first reading may lack counts that are written as 0.
private func check<Value: Equatable>(_ value: Value?, _ again: (Value) throws -> Value) {
    guard let value else { return }
    guard let once = try? again(value) else { preconditionFailure("what was written cannot be read") }
    precondition((try? again(once)) == once)
}

private func checkBodies(_ bytes: [UInt8]) {
    check(try? OpenAIBatch(decoding: bytes)) { try OpenAIBatch(decoding: $0.encoded()) }
    check(try? AnthropicBatch(decoding: bytes)) { try AnthropicBatch(decoding: $0.encoded()) }
    check(try? OpenAIFile(decoding: bytes)) { try OpenAIFile(decoding: $0.encoded()) }
    check(try? OpenAIBatchRequest(decoding: bytes)) { try OpenAIBatchRequest(decoding: $0.encoded()) }
    check(try? BatchPage<OpenAIBatch>(openAI: bytes)) { try BatchPage(openAI: $0.encodedOpenAI()) }
    check(try? BatchPage<AnthropicBatch>(anthropic: bytes)) { try BatchPage(anthropic: $0.encodedAnthropic()) }
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

/// A form that is read as an upload is written as one that is read alike.
private func checkUpload(_ bytes: [UInt8]) {
    guard let boundary = MultipartBoundary("0"), let other = MultipartBoundary("0123456789abcdef0123456789abcdef"),
        let (upload, file) = try? OpenAIFileUpload.read(bytes, contentType: boundary.contentType)
    else { return }
    guard let body = try? upload.form(boundary: other).body(Array(bytes[file])) else { return }
    guard let again = try? OpenAIFileUpload.read(body, contentType: other.contentType) else {
        preconditionFailure("what was written cannot be read")
    }
    precondition(again.upload.purpose == upload.purpose && again.upload.expiresAfter == upload.expiresAfter)
    precondition(body[again.file].elementsEqual(bytes[file]))
}
