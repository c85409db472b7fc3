// Feeds an AWS event stream whole and cut, and checks that both give the same frames, that all ranges are in bounds, and
// that what was read is written as it was. The first byte seeds the cuts; with its lowest bit set the checksums are made
// to fit first, so that what lies behind them is reached.

private struct Outcome: Equatable {
    var messages: [AWSEventMessage] = []
    var error: AWSEventStreamError?
    var pending = 0
}

private func split(_ reads: [[UInt8]]) -> Outcome {
    var splitter = AWSEventSplitter()
    var outcome = Outcome()
    for read in reads where outcome.error == nil {
        read.withUnsafeBytes { bytes in
            var position = 0
            do throws(AWSEventStreamError) {
                while let frame = try splitter.next(in: bytes, at: &position) {
                    precondition(frame.endInRead <= read.count && frame.endInRead == position && frame.count >= 16)
                    let message = splitter.withView(of: frame, in: bytes) { view in
                        for header in view.message.headers {
                            guard case .string(let text) = header.value, header.name == ":event-type" else { continue }
                            precondition(view.text(":event-type").map { Array($0) } == Array(text.utf8))
                        }
                        return view.message
                    }
                    outcome.messages.append(message)
                }
                precondition(position == read.count)
            } catch {
                outcome.error = error
            }
        }
    }
    outcome.pending = splitter.pendingBytes
    return outcome
}

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

private func put(_ checksum: UInt32, at place: Int, in bytes: inout [UInt8]) {
    for offset in 0..<4 { bytes[place + offset] = UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * offset)) }
}

private func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var checksum = CRC32()
    bytes.withUnsafeBytes { checksum.add($0) }
    return checksum.value
}

/// Gives the first frame lengths and checksums that fit, as far as there are bytes for it.
private func mended(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count >= 16 else { return bytes }
    var bytes = bytes
    let headers = min(Int(bytes[7]), bytes.count - 16)
    put(UInt32(bytes.count), at: 0, in: &bytes)
    put(UInt32(headers), at: 4, in: &bytes)
    put(checksum(bytes[..<8]), at: 8, in: &bytes)
    put(checksum(bytes[..<(bytes.count - 4)]), at: bytes.count - 4, in: &bytes)
    return bytes
}

/// Runs one input as frames.
@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    guard size >= 1 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: data, count: size))
    let bytes = input[0] & 1 == 1 ? mended(Array(input[1...])) : Array(input[1...])
    let whole = split([bytes])
    precondition(split(cut(bytes, input[0])) == whole)
    precondition(split(bytes.map { byte in [byte] }) == whole)
    if whole.error == nil, whole.pending == 0 {
        var written: [UInt8] = []
        for message in whole.messages { message.append(to: &written) }
        precondition(written == bytes)
    }
    return 0
}
