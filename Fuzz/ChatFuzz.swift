// Fuzzes the OpenAI chat codec: request decoder and facts, stream decoder and watcher, whole against cut, and failures.
//
// The sources of this target import MartletCore and MartletWire, so the modules are built first and linked in. From the
// root of the repository:
//
//   B=.build/fuzz-chat; mkdir -p $B
//   F="-O -sanitize=fuzzer,address -parse-as-library -swift-version 6 -I $B -enable-upcoming-feature ExistentialAny \
//      -enable-upcoming-feature InternalImportsByDefault -enable-upcoming-feature MemberImportVisibility"
//   for M in MartletCore MartletWire MartletDialects; do
//     swiftc $F -wmo -module-name $M -emit-module -emit-module-path $B/$M.swiftmodule -c -o $B/$M.o \
//       $(find Sources/$M -name '*.swift')
//   done
//   swiftc $F Fuzz/ChatFuzz.swift $B/MartletCore.o $B/MartletWire.o $B/MartletDialects.o -o $B/ChatFuzz
//   mkdir -p $B/corpus; $B/ChatFuzz -max_total_time=60 -max_len=4096 $B/corpus \
//     Tests/MartletDialectsTests/Fixtures/streams Tests/MartletDialectsTests/Fixtures/requests
import MartletCore
import MartletDialects
import MartletWire

/// Runs one input; stops the process when two ways to read the same bytes disagree.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    checkRequest(bytes)
    checkStream(bytes)
    checkAnswer(bytes)
    return 0
}

private func expect(_ condition: Bool, _ message: String) {
    precondition(condition, message)
}

/// Facts refuse at least what they must, the codec's value survives a round trip, and the splice leaves valid JSON.
private func checkRequest(_ bytes: [UInt8]) {
    let codec = OpenAIChatCodec()
    var scanner = JSONScanner()
    guard (try? scanner.finish(bytes.span)) != nil else {
        expect((try? codec.decodeRequest(bytes)) == nil, "the codec read what the scanner refused")
        return
    }
    let facts = bytes.withUnsafeBytes { try? OpenAIChatFacts.read($0, scanner: scanner) }
    if let request = try? codec.decodeRequest(bytes) {
        let again = try? codec.decodeRequest(codec.encodeGatewayRequest(request))
        expect(again == request, "a request changed on its way through the codec")
        if let facts { expect(facts.messageCount == request.messages.count, "facts and codec count differently") }
    }
    guard let facts else { return }
    let splice = bytes.withUnsafeBytes {
        OpenAIChatSplice.edits(
            $0,
            scanner: scanner,
            facts: facts,
            upstreamModel: "up/stream",
            acceptsStreamUsage: true,
            dropParams: ["a", "stop"]
        )
    }
    let sent = splice.render(bytes)
    var check = JSONScanner()
    expect((try? check.finish(sent.span)) != nil, "the splice broke the body")
    let after = sent.withUnsafeBytes { try? OpenAIChatFacts.read($0, scanner: check) }
    expect(after?.model == ModelName("up/stream"), "the splice did not set the model")
    expect(after?.gatewayMembers.isEmpty == true, "the splice left what speaks to the gateway")
    expect(after.map { !$0.stream || $0.includeUsage } == true, "the splice did not ask for usage")
}

private struct Watched: Equatable {
    var contentBegan = false
    var finishSeen = false
    var usage: Usage?
    var contentEvents = 0
    var contentBytes = 0
    var end = OpenAIChatWatcher.End.empty
    var sent = 0

    init(_ reads: [ArraySlice<UInt8>]) {
        var watcher = OpenAIChatWatcher(callerWantsUsage: false, maxLine: 1_000, maxEvent: 2_000)
        var report = OpenAIChatWatcher.Report()
        var held = 0
        for read in reads {
            read.withUnsafeBytes { watcher.watch($0, into: &report) }
            expect(report.sendEnd >= -held && report.sendEnd <= read.count, "the watcher sends what is not there")
            var position = -held
            for cut in report.cuts {
                expect(cut.lowerBound >= position && cut.upperBound <= report.sendEnd, "cuts are out of order")
                position = cut.upperBound
            }
            sent += report.sendEnd + held
            if watcher.isDone || watcher.failure != nil { break }
            held = read.count - report.sendEnd
        }
        end = watcher.finish()
        contentBegan = watcher.contentBegan
        finishSeen = watcher.finishSeen
        usage = watcher.usage
        contentEvents = watcher.contentEvents
        contentBytes = watcher.contentBytes
    }
}

private struct Decoded: Equatable {
    var chunks: [ChatChunk] = []
    var failure: ChatFailure?

    init(_ reads: [ArraySlice<UInt8>]) {
        var decoder = OpenAIChatStreamDecoder()
        do throws(ChatFailure) {
            for read in reads { try decoder.decode(Array(read).span, into: &chunks) }
            try decoder.finish()
        } catch {
            failure = error
        }
    }
}

/// Cuts change nothing, and the watcher agrees with the decoder wherever the decoder is content.
private func checkStream(_ bytes: [UInt8]) {
    let whole = Watched([bytes[...]])
    let decoded = Decoded([bytes[...]])
    let middle = Int(bytes[0]) * bytes.count / 256
    let step = max(1, Int(bytes[bytes.count - 1]) % 23)
    let ways: [[ArraySlice<UInt8>]] = [
        [bytes[..<middle], bytes[middle...]],
        stride(from: 0, to: bytes.count, by: step).map { bytes[$0..<min($0 + step, bytes.count)] },
    ]
    for reads in ways {
        var other = Watched(reads)
        // An LF parted from its CR is sent on with the next read.
        other.sent = whole.sent
        // Events that look like one before are not read again, and which do is known later where they are cut: of two
        // broken events either one may be met first, but one is.
        if case .failed(.malformed) = whole.end, case .failed(.malformed) = other.end {
            expect(Decoded(reads) == decoded, "the decoder depends on the cuts")
            continue
        }
        expect(other == whole, "the watcher depends on the cuts")
        expect(Decoded(reads) == decoded, "the decoder depends on the cuts")
    }
    guard decoded.failure == nil else { return }
    if case .failed(.malformed) = whole.end { return }
    let usage = decoded.chunks.last { $0.usage != nil }?.usage?.counts
    expect(whole.usage == usage, "watcher and decoder differ in usage")
    let finish = decoded.chunks.contains { $0.choices.contains { $0.finishReason != nil } }
    expect(whole.finishSeen == finish, "watcher and decoder differ in the end")
}

/// Whole answers: however they arrive, the watcher says what the decoder says; failures never trap.
private func checkAnswer(_ bytes: [UInt8]) {
    let codec = OpenAIChatCodec()
    _ = codec.decodeFailure(bytes)
    var watcher = OpenAIChatBodyWatcher()
    bytes[..<(bytes.count / 2)].withUnsafeBytes { watcher.watch($0) }
    let report = bytes.withUnsafeBytes { try? watcher.finish($0) }
    let response = try? codec.decodeResponse(bytes)
    expect((report == nil) == (response == nil), "watcher and decoder differ in what is an answer")
    guard let report, let response else { return }
    expect(report.usage == response.usage?.counts, "watcher and decoder differ in usage")
    let again = try? codec.decodeResponse(codec.encodeResponse(response))
    expect(again?.choices.count == response.choices.count, "an answer changed on its way through the codec")
}
