import MartletWire
import Testing

private struct Outcome: Equatable {
    var lines: [String] = []
    var last: String?
    var error: NDJSONError?
}

private func split(_ reads: [[UInt8]], maxLine: Int = 1 << 20) -> Outcome {
    var splitter = NDJSONSplitter(maxLine: maxLine)
    var outcome = Outcome()
    for read in reads {
        read.withUnsafeBytes { bytes in
            var position = 0
            do throws(NDJSONError) {
                while let line = try splitter.next(in: bytes, at: &position) {
                    #expect(line.endInRead <= read.count)
                    #expect(line.isCarried || line.startInRead + line.count <= line.endInRead)
                    outcome.lines.append(splitter.withBytes(of: line, in: bytes) { bytes in text(bytes) })
                }
                #expect(position == read.count)
            } catch {
                outcome.error = error
            }
        }
    }
    if let line = splitter.finish() {
        outcome.last = splitter.withBytes(of: line, in: UnsafeRawBufferPointer(start: nil, count: 0)) { bytes in
            text(bytes)
        }
    }
    return outcome
}

@Suite("NDJSON splitter") struct NDJSONSplitterTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var stream: String
        var lines: [String]
        var last: String?
    }

    static let cases: [Case] = [
        Case(testDescription: "LF ends lines", stream: "{}\n[1]\n", lines: ["{}", "[1]"]),
        Case(testDescription: "CRLF ends lines", stream: "{}\r\n[1]\r\n", lines: ["{}", "[1]"]),
        Case(testDescription: "CR ends lines", stream: "{}\r[1]\r", lines: ["{}", "[1]"]),
        Case(testDescription: "endings may be mixed", stream: "a\nb\r\nc\rd\n", lines: ["a", "b", "c", "d"]),
        Case(testDescription: "blank lines are passed over", stream: "\n\r\n\ra\n\n\r\rb\n\n", lines: ["a", "b"]),
        Case(testDescription: "the last line needs no ending", stream: "a\nbc", lines: ["a"], last: "bc"),
        Case(testDescription: "white space is kept", stream: " a \n\t\n", lines: [" a ", "\t"]),
        Case(testDescription: "no bytes are no lines", stream: "", lines: []),
    ]

    @Test("splits the same at any cut", arguments: cases) func table(_ test: Case) {
        let expected = Outcome(lines: test.lines, last: test.last)
        for reads in cuts(of: Array(test.stream.utf8)) { #expect(split(reads) == expected, "\(reads)") }
    }

    @Test("splits random streams the same at any cut, with random limits") func random() {
        var random = SeededRandom(seed: 21)
        let pieces = ["{\"a\":1}", "\n", "\r", "\r\n", "x", "longer line"]
        for round in 0..<300 {
            let count = Int.random(in: 0..<20, using: &random)
            let bytes = Array((0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined().utf8)
            let maxLine = Int.random(in: 1..<30, using: &random)
            let whole = split([bytes], maxLine: maxLine)
            for reads in cuts(of: bytes, seed: UInt64(round), random: 4) {
                #expect(split(reads, maxLine: maxLine) == whole)
            }
        }
    }

    @Test("a line of exactly the limit passes and one byte more does not") func limit() {
        for ending in ["\n", "\r\n", ""] {
            for reads in cuts(of: Array(("0123456789" + ending).utf8)) {
                #expect(split(reads, maxLine: 10).error == nil)
                #expect(split(reads, maxLine: 9) == Outcome(error: .lineTooLong(limit: 9)))
            }
        }
    }
}
