import MartletWire
import Testing

/// What a splitter made of a stream: the bytes of its events, and what was left or went wrong.
private struct Outcome: Equatable {
    var events: [String] = []
    var pending = ""
    var error: SSEError?
}

private func split(_ reads: [[UInt8]], maxLine: Int = 1 << 20, maxEvent: Int = 4 << 20) -> Outcome {
    var splitter = SSESplitter(maxLine: maxLine, maxEvent: maxEvent)
    var outcome = Outcome()
    for read in reads where outcome.error == nil {
        do throws(SSEError) {
            try read.withUnsafeBufferPointer { buffer throws(SSEError) in
                try splitter.feed(UnsafeRawBufferPointer(buffer)) { event in
                    #expect(event.endInRead <= read.count)
                    #expect(event.endInRead - event.startInRead == event.bytes.count)
                    if event.startInRead >= 0 {
                        #expect(event.bytes.elementsEqual(read[event.startInRead..<event.endInRead]))
                    }
                    outcome.events.append(text(event.bytes))
                }
            }
        } catch {
            outcome.error = error
        }
    }
    splitter.withPending { bytes in outcome.pending = text(bytes) }
    #expect(outcome.error != nil || splitter.pendingBytes == outcome.pending.utf8.count)
    return outcome
}

/// An LF that comes one read after its CR belongs to no event, so events are compared without their last LF.
private func withoutLastLF(_ outcome: Outcome) -> Outcome {
    var outcome = outcome
    outcome.events = outcome.events.map { event in
        event.utf8.suffix(2).elementsEqual([0x0D, 0x0A]) ? text(event.utf8.dropLast()) : event
    }
    return outcome
}

@Suite("SSE splitter") struct SSESplitterTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var stream: String
        var events: [String]
        var pending = ""
    }

    static let cases: [Case] = [
        Case(
            testDescription: "LF ends lines",
            stream: "data: a\n\ndata: b\n\n",
            events: ["data: a\n\n", "data: b\n\n"]
        ),
        Case(
            testDescription: "CRLF ends lines",
            stream: "data: a\r\n\r\nx\r\n\r\n",
            events: ["data: a\r\n\r\n", "x\r\n\r\n"]
        ),
        Case(
            testDescription: "CR ends lines",
            stream: "data: a\r\rdata: b\r\r",
            events: ["data: a\r\r", "data: b\r\r"]
        ),
        Case(
            testDescription: "endings may be mixed",
            stream: "a\r\nb\rc\n\r\nd\n\r",
            events: ["a\r\nb\rc\n\r\n", "d\n\r"]
        ),
        Case(testDescription: "LF CR are two endings", stream: "a\n\rb\n\n", events: ["a\n\r", "b\n\n"]),
        Case(testDescription: "CR CRLF are two endings", stream: "a\r\r\nb\n\n", events: ["a\r\r\n", "b\n\n"]),
        Case(
            testDescription: "blank lines are empty events",
            stream: "\n\n\r\n\ra\n\n",
            events: ["\n", "\n", "\r\n", "\r", "a\n\n"]
        ),
        Case(testDescription: "a comment is an event", stream: ": hi\n\n:\n\n", events: [": hi\n\n", ":\n\n"]),
        Case(
            testDescription: "a byte order mark at the start is left out",
            stream: "\u{FEFF}data: a\n\n",
            events: ["data: a\n\n"]
        ),
        Case(
            testDescription: "a byte order mark alone is a blank line",
            stream: "\u{FEFF}\n\u{FEFF}\n\n",
            events: ["\n", "\u{FEFF}\n\n"]
        ),
        Case(
            testDescription: "only the first byte order mark is left out",
            stream: "\u{FEFF}\u{FEFF}a\n\nb\n\n",
            events: ["\u{FEFF}a\n\n", "b\n\n"]
        ),
        Case(
            testDescription: "a byte order mark later stays",
            stream: "a\n\n\u{FEFF}b\n\n",
            events: ["a\n\n", "\u{FEFF}b\n\n"]
        ),
        Case(
            testDescription: "what is not ended is pending",
            stream: "a\n\ndata: b\n",
            events: ["a\n\n"],
            pending: "data: b\n"
        ),
        Case(testDescription: "half a line is pending", stream: "a\n\nda", events: ["a\n\n"], pending: "da"),
        Case(
            testDescription: "other control bytes end no line",
            stream: "a\u{0B}\u{0C}\t\u{85}\u{2028}b\n\n",
            events: ["a\u{0B}\u{0C}\t\u{85}\u{2028}b\n\n"]
        ),
        Case(testDescription: "an empty stream has no events", stream: "", events: []),
    ]

    @Test("splits the same at any cut", arguments: cases) func table(_ test: Case) {
        let bytes = Array(test.stream.utf8)
        #expect(split([bytes]) == Outcome(events: test.events, pending: test.pending))
        let expected = withoutLastLF(Outcome(events: test.events, pending: test.pending))
        for reads in cuts(of: bytes) { #expect(withoutLastLF(split(reads)) == expected, "\(reads)") }
    }

    @Test("splits random streams the same at any cut, with random limits") func random() {
        var random = SeededRandom(seed: 11)
        let pieces = [
            "a", "data: x", "\n", "\n", "\r", "\r\n", ":", "\u{FEFF}", "\n\n", "\r\n\r\n", " ", "data: longer line",
        ]
        for round in 0..<400 {
            let count = Int.random(in: 0..<30, using: &random)
            let stream = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            let maxLine = Int.random(in: 1..<40, using: &random)
            let maxEvent = Int.random(in: 1..<60, using: &random)
            let bytes = Array(stream.utf8)
            let whole = withoutLastLF(split([bytes], maxLine: maxLine, maxEvent: maxEvent))
            for reads in cuts(of: bytes, seed: UInt64(round), random: 4) {
                let cut = withoutLastLF(split(reads, maxLine: maxLine, maxEvent: maxEvent))
                #expect(cut == whole, "\(stream.debugDescription) \(maxLine) \(maxEvent) \(reads.map(\.count))")
            }
        }
    }

    @Test("gives an event inside one read as a range of that read and one across reads from its own buffer")
    func ranges() throws {
        var splitter = SSESplitter()
        let first = Array("data: a\n\ndata: b".utf8)
        let second = Array("c\n\ndata: d\n\n".utf8)
        var position = 0
        try first.withUnsafeBytes { read in
            let inside = try splitter.next(in: read, at: &position)
            #expect(inside == SSESplit(startInRead: 0, endInRead: 9))
            #expect(splitter.pendingBytes == 0)
            let none = try splitter.next(in: read, at: &position)
            #expect(none == nil)
            #expect(position == first.count)
            #expect(splitter.pendingBytes == 7)
        }
        position = 0
        try second.withUnsafeBytes { read in
            let found = try splitter.next(in: read, at: &position)
            let carried = try #require(found)
            #expect(carried == SSESplit(startInRead: -7, endInRead: 3))
            #expect(carried.isCarried && carried.count == 10)
            #expect(splitter.withBytes(of: carried, in: read) { bytes in text(bytes) } == "data: bc\n\n")
            #expect(splitter.pendingBytes == 0)
            let inside = try splitter.next(in: read, at: &position)
            #expect(inside == SSESplit(startInRead: 3, endInRead: 12))
            let none = try splitter.next(in: read, at: &position)
            #expect(none == nil)
            #expect(splitter.pendingBytes == 0)
        }
    }

    @Test("ends an event at a CR that is the last byte of a read, without waiting for an LF") func crAtEndOfRead() {
        #expect(
            split([Array("data: a\r\r".utf8), Array("\ndata: b\n\n".utf8)]).events == ["data: a\r\r", "data: b\n\n"]
        )
        #expect(split([Array("data: a\r".utf8), Array("\n\r".utf8), Array("\n".utf8)]).events == ["data: a\r\n\r"])
    }

    @Test("a line of exactly the limit passes and one byte more does not", arguments: ["\n\n", "\r\n\r\n", "\r\r"])
    func lineLimit(ending: String) {
        for reads in cuts(of: Array(("0123456789" + ending).utf8)) {
            #expect(split(reads, maxLine: 10).error == nil)
            #expect(split(reads, maxLine: 9).error == .lineTooLong(limit: 9))
        }
        for reads in cuts(of: Array("0123456789".utf8)) {
            #expect(split(reads, maxLine: 10).error == nil)
            #expect(split(reads, maxLine: 9).error == .lineTooLong(limit: 9))
        }
    }

    @Test("an event of exactly the limit passes and one byte more does not") func eventLimit() {
        for reads in cuts(of: Array("aaaa\nbbbb\n\n".utf8)) {
            #expect(split(reads, maxEvent: 11).error == nil)
            #expect(split(reads, maxEvent: 10).error == .eventTooLong(limit: 10))
        }
    }

    @Test("an endless line is refused at the limit and its bytes are let go") func endlessLine() {
        var splitter = SSESplitter(maxLine: 1000)
        let read = [UInt8](repeating: 0x61, count: 100)
        var fed = 0
        var errors = 0
        for _ in 0..<20 {
            read.withUnsafeBytes { bytes in
                var position = 0
                do throws(SSEError) {
                    _ = try splitter.next(in: bytes, at: &position)
                    fed += bytes.count
                } catch {
                    #expect(error == .lineTooLong(limit: 1000))
                    errors += 1
                }
            }
        }
        #expect(fed == 1000)
        #expect(errors == 10)
        #expect(splitter.pendingBytes == 0)
    }
}
