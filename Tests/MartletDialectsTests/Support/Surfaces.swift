import MartletCore
import MartletDialects
import MartletWire

/// Scans a body and reads its facts, as the request path does.
func facts(
    _ body: String,
    _ read: (UnsafeRawBufferPointer, borrowing JSONScanner) throws -> RequestFacts
) throws -> RequestFacts {
    let bytes = Array(body.utf8)
    var scanner = JSONScanner()
    try scanner.finish(bytes.span)
    return try bytes.withUnsafeBytes { try read($0, scanner) }
}

/// Scans a body and applies edits to it.
func spliced(
    _ body: String,
    _ read: (UnsafeRawBufferPointer, borrowing JSONScanner) throws -> RequestFacts,
    _ edits: (UnsafeRawBufferPointer, borrowing JSONScanner, RequestFacts) throws -> JSONSplice
) throws -> String {
    let bytes = Array(body.utf8)
    var scanner = JSONScanner()
    try scanner.finish(bytes.span)
    let splice = try bytes.withUnsafeBytes { try edits($0, scanner, try read($0, scanner)) }
    return String(decoding: splice.render(bytes), as: UTF8.self)
}

/// The context of a caller of the tests.
func callerContext(model: String? = "asked", includeUsage: Bool = true) -> CallerContext {
    CallerContext(
        id: RecordID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001),
        created: 1_790_000_000,
        model: model,
        includeUsage: includeUsage
    )
}

/// Decodes a stream from its reads.
func decoded(
    _ reads: [[UInt8]],
    with codec: some ChatCodec
) -> (chunks: [ChatChunk], failure: ChatFailure?) {
    var decoder = codec.makeStreamDecoder()
    var chunks: [ChatChunk] = []
    do throws(ChatFailure) {
        for read in reads { try decoder.decode(read.span, into: &chunks) }
        try decoder.finish(into: &chunks)
    } catch {
        return (chunks, error)
    }
    return (chunks, nil)
}

/// The whole answer of a stream.
func accumulated(_ chunks: [ChatChunk]) -> ChatResponse {
    var accumulator = ChatAccumulator()
    for chunk in chunks { accumulator.add(chunk) }
    return accumulator.response
}

/// Encodes chunks as a stream that ends well.
func encoded(_ chunks: [ChatChunk], with encoder: some ChatStreamEncoder) -> String {
    var encoder = encoder
    var bytes: [UInt8] = []
    for chunk in chunks { encoder.encode(chunk, into: &bytes) }
    encoder.finish(into: &bytes)
    return String(decoding: bytes, as: UTF8.self)
}
