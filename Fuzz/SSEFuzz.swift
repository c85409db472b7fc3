// Feeds an event stream whole and cut, and checks that both give the same events and that all ranges are in bounds.
// The first byte chooses the limits, the second seeds the cuts.

private struct Outcome: Equatable {
    var events: [[UInt8]] = []
    var pending: [UInt8] = []
    var error: SSEError?
}

private func split(_ reads: [[UInt8]], _ maxLine: Int, _ maxEvent: Int) -> Outcome {
    var splitter = SSESplitter(maxLine: maxLine, maxEvent: maxEvent)
    var outcome = Outcome()
    for read in reads where outcome.error == nil {
        do throws(SSEError) {
            try read.withUnsafeBufferPointer { buffer throws(SSEError) in
                try splitter.feed(UnsafeRawBufferPointer(buffer)) { event in
                    precondition(event.endInRead > 0 && event.endInRead <= read.count)
                    precondition(event.endInRead - event.startInRead == event.bytes.count)
                    var bytes = Array(event.bytes)
                    checkEvent(bytes)
                    // An LF that comes one read after its CR belongs to no event.
                    if bytes.suffix(2) == [0x0D, 0x0A] { bytes.removeLast() }
                    outcome.events.append(bytes)
                }
            }
        } catch {
            outcome.error = error
        }
        precondition(splitter.pendingBytes <= maxEvent)
    }
    splitter.withPending { bytes in outcome.pending = Array(bytes) }
    return outcome
}

/// Parses one event; written again, its payload comes back as it was.
private func checkEvent(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { buffer in
        let event = SSEEvent(parsing: buffer)
        for range in [event.name, event.id].compactMap({ $0 }) {
            precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        }
        var payload: [UInt8] = []
        event.withData(in: buffer) { data in payload = Array(data) }
        precondition(event.hasData || payload.isEmpty)
        var written: [UInt8] = []
        SSEWriter.appendEvent(name: event.name.map { range in Array(bytes[range]) }, data: payload, to: &written)
        var parser = SSEParser()
        let messages = try? parser.feed(written)
        precondition(messages?.count == 1 && parser.pendingBytes == 0)
        // The payload of a parsed event has no CR, so it comes back as it was.
        precondition(messages?.first?.data == payload)
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

/// Runs one input as an event stream.
@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    guard size >= 2 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: data, count: size))
    let bytes = Array(input[2...])
    let isTight = input[0] & 1 == 1
    let maxLine = isTight ? Int(input[0] >> 4) : 1 << 20
    let maxEvent = isTight ? Int(input[0] >> 1) : 4 << 20
    let whole = split([bytes], maxLine, maxEvent)
    precondition(split(cut(bytes, input[1]), maxLine, maxEvent) == whole)
    precondition(split(bytes.map { byte in [byte] }, maxLine, maxEvent) == whole)
    checkEvent(bytes)
    return 0
}
