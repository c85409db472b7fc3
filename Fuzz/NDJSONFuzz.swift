// Feeds an NDJSON stream whole and cut, and checks that both give the same lines and that all ranges are in bounds.
// The first byte chooses the limit, the second seeds the cuts.

private struct Outcome: Equatable {
    var lines: [[UInt8]] = []
    var error: NDJSONError?
}

private func split(_ reads: [[UInt8]], _ maxLine: Int) -> Outcome {
    var splitter = NDJSONSplitter(maxLine: maxLine)
    var outcome = Outcome()
    for read in reads where outcome.error == nil {
        read.withUnsafeBytes { bytes in
            var position = 0
            do throws(NDJSONError) {
                while let line = try splitter.next(in: bytes, at: &position) {
                    precondition(line.endInRead <= read.count && line.startInRead + line.count <= line.endInRead)
                    let copy = splitter.withBytes(of: line, in: bytes) { bytes in Array(bytes) }
                    precondition(copy.count == line.count && !copy.isEmpty)
                    precondition(!copy.contains(0x0A) && !copy.contains(0x0D))
                    outcome.lines.append(copy)
                }
                precondition(position == read.count)
            } catch {
                outcome.error = error
            }
        }
        precondition(splitter.pendingBytes <= maxLine)
    }
    if let line = splitter.finish() {
        outcome.lines.append(
            splitter.withBytes(of: line, in: UnsafeRawBufferPointer(start: nil, count: 0)) { bytes in Array(bytes) }
        )
    }
    return outcome
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

/// Runs one input as lines.
@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    guard size >= 2 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: data, count: size))
    let bytes = Array(input[2...])
    let maxLine = input[0] & 1 == 1 ? Int(input[0] >> 1) : 1 << 20
    let whole = split([bytes], maxLine)
    if whole.error == nil {
        let plain = bytes.split { byte in byte == 0x0A || byte == 0x0D }.map { line in Array(line) }
        precondition(whole.lines == plain)
    }
    precondition(split(cut(bytes, input[1]), maxLine) == whole)
    precondition(split(bytes.map { byte in [byte] }, maxLine) == whole)
    return 0
}
