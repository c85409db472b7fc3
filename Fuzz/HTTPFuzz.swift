// Reads a response whole and cut, and checks that both give the same head, body, end and failure.
// The first byte chooses method and limits, the second seeds the cuts; the rest is also read as Retry-After.

private struct Outcome: Equatable {
    var head: [UInt8]?
    var framing: HTTPResponseHead.Framing?
    var keepsAlive: Bool?
    var body: [UInt8] = []
    var ended = false
    var leftover = 0
    var failure: HTTPReadError?
    var atEOF: HTTPReadEnd?
    var canReuse = false
}

private func read(_ reads: [[UInt8]], _ isHEAD: Bool, _ limits: HTTPReadLimits) -> Outcome {
    var reader = HTTPResponseReader(requestWasHEAD: isHEAD, limits: limits)
    var outcome = Outcome()
    for read in reads {
        var buffer = read
        let hadHead = reader.head != nil
        let output = buffer.withUnsafeMutableBytes { bytes in reader.consume(bytes) }
        precondition(output.body.lowerBound >= 0 && output.body.upperBound <= buffer.count)
        precondition(output.body.count + output.leftover <= buffer.count)
        precondition(output.headCompleted == (!hadHead && reader.head != nil))
        precondition(output.body.isEmpty || reader.head != nil)
        outcome.body += buffer[output.body]
        outcome.ended = output.ended
        outcome.leftover += output.leftover
        outcome.failure = output.failure
        if output.failure != nil { break }
    }
    if let head = reader.head {
        outcome.head = head.rawBytes
        outcome.framing = head.framing
        outcome.keepsAlive = head.keepsAlive
        checkHead(head)
    }
    outcome.canReuse = reader.canReuseConnection
    outcome.atEOF = reader.finish()
    return outcome
}

private func checkHead(_ head: HTTPResponseHead) {
    precondition(head.status >= 200 && head.status <= 599)
    precondition(head.framing != .chunked || head.contentLength == nil)
    precondition(head.rawBytes.suffix(4) == [0x0D, 0x0A, 0x0D, 0x0A])
    head.forEachField { name, value in
        precondition(HTTPField.isToken(Array(name)) && HTTPField.isValidValue(Array(value)))
        precondition(head.value(of: Array(name)) != nil)
    }
    _ = head.isContentType("text/event-stream")
    _ = head.shouldRetry
    _ = RetryAfter(retryAfter: head.retryAfter, retryAfterMs: head.retryAfterMs, dateNow: 0)
}

private func checkRetryAfter(_ bytes: [UInt8]) {
    for now: Int64 in [0, 784_111_777, 1_800_000_000, .min, .max] {
        for wait in [
            RetryAfter(retryAfter: bytes, retryAfterMs: nil, dateNow: now),
            RetryAfter(retryAfter: nil, retryAfterMs: bytes, dateNow: now),
        ] {
            guard let delay = wait.delay else { continue }
            precondition(delay >= .zero && delay <= RetryAfter.longest && !wait.isOverLimit)
        }
    }
}

/// Cuts bytes into reads of 0...7 or, rarely, more bytes, as a seed says.
private func cut(_ bytes: [UInt8], _ seed: UInt8) -> [[UInt8]] {
    var reads: [[UInt8]] = []
    var state = UInt32(seed) &* 2_654_435_761 | 1
    var start = 0
    while start < bytes.count {
        state = state &* 1_664_525 &+ 1_013_904_223
        let length = Int(state >> 28) == 15 ? 40 : Int(state >> 29)
        let end = min(bytes.count, start + length)
        reads.append(Array(bytes[start..<end]))
        start = end
    }
    return reads
}

/// Runs one input as a response.
@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    guard size >= 2 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: data, count: size))
    let bytes = Array(input[2...])
    checkRetryAfter(bytes)
    let isHEAD = input[0] & 1 == 1
    var limits = HTTPReadLimits()
    if input[0] & 2 == 2 {
        limits.maxHead = 64 + Int(input[0] >> 2)
        limits.maxLine = 24 + Int(input[0] >> 4)
        limits.maxFields = Int(input[0] >> 5)
        limits.maxChunkExtension = Int(input[0] >> 6)
        limits.maxInformational = Int(input[0] >> 7)
    }
    let whole = read([bytes], isHEAD, limits)
    precondition(read(cut(bytes, input[1]), isHEAD, limits) == whole)
    precondition(read(bytes.map { byte in [byte] }, isHEAD, limits) == whole)
    return 0
}
