import MartletWire
import Testing

@Suite("SSE event") struct SSEEventTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var event: String
        var data: String?
        var name: String?
        var id: String?
        var retry: Int?
    }

    static let cases: [Case] = [
        Case(testDescription: "one leading space is taken off", event: "data:  a\n\n", data: " a"),
        Case(testDescription: "no space is needed", event: "data:a\n\n", data: "a"),
        Case(testDescription: "a colon in the value stays", event: "data: a:b: c\n\n", data: "a:b: c"),
        Case(testDescription: "several lines are joined by LF", event: "data: a\r\ndata\rdata:b\n\n", data: "a\n\nb"),
        Case(testDescription: "an empty data line is data", event: "data\n\n", data: ""),
        Case(testDescription: "an empty data line with a colon is data", event: "data:\n\n", data: ""),
        Case(
            testDescription: "name and id are kept",
            event: "event: ping\nid: 7\ndata: x\n\n",
            data: "x",
            name: "ping",
            id: "7"
        ),
        Case(
            testDescription: "the last name and id win",
            event: "event: a\nevent: b\nid: 1\nid\ndata\n\n",
            data: "",
            name: "b",
            id: ""
        ),
        Case(testDescription: "an empty name is none", event: "event: a\nevent:\ndata: x\n\n", data: "x"),
        Case(
            testDescription: "an id with NUL is passed over",
            event: "id: 1\nid: 2\u{0}\ndata: x\n\n",
            data: "x",
            id: "1"
        ),
        Case(
            testDescription: "retry takes digits only",
            event: "retry: 30\nretry: 4x\nretry:\ndata\n\n",
            data: "",
            retry: 30
        ),
        Case(
            testDescription: "a retry that overflows is passed over",
            event: "retry: 99999999999999999999\ndata\n\n",
            data: ""
        ),
        Case(
            testDescription: "unknown fields are passed over",
            event: "Data: a\n data: b\ndatas: c\ndat: d\ndata : e\nx\n\n"
        ),
        Case(testDescription: "a comment is no data", event: ": data: a\n\n"),
        Case(testDescription: "comments between lines are passed over", event: ":x\ndata: a\n:y\n\n", data: "a"),
        Case(testDescription: "a missing blank line does no harm", event: "data: a", data: "a"),
        Case(testDescription: "a blank line alone is nothing", event: "\r\n"),
        Case(testDescription: "no bytes are nothing", event: ""),
    ]

    @Test("reads fields as the standard says", arguments: cases) func table(_ test: Case) {
        let bytes = Array(test.event.utf8)
        bytes.withUnsafeBytes { buffer in
            let event = SSEEvent(parsing: buffer)
            #expect(event.hasData == (test.data != nil))
            #expect(event.withData(in: buffer) { data in text(data) } == test.data ?? "")
            #expect(event.name.map { range in text(bytes[range]) } == test.name)
            #expect(event.id.map { range in text(bytes[range]) } == test.id)
            #expect(event.retryMilliseconds == test.retry)
        }
    }

    @Test("gives a single data line as a range and several as a copy") func payload() {
        Array("data: abc\n\n".utf8).withUnsafeBytes { bytes in
            #expect(SSEEvent(parsing: bytes).data == .line(6..<9))
        }
        Array("data: a\ndata: b\n\n".utf8).withUnsafeBytes { bytes in
            #expect(SSEEvent(parsing: bytes).data == .joined(Array("a\nb".utf8)))
        }
    }

    @Test("tells a keep-alive comment from an event and from a blank line") func commentOnly() {
        let answers = [": a\n:b\n\n", ":a\nid: 1\n\n", "\n", "data: x\n\n"].map { event in
            Array(event.utf8).withUnsafeBytes { bytes in SSEEvent(parsing: bytes).isCommentOnly }
        }
        #expect(answers == [true, false, false, false])
    }
}

@Suite("SSE parser and writer") struct SSEParserTests {
    private func parse(_ reads: [[UInt8]]) throws -> [SSEMessage] {
        var parser = SSEParser()
        var messages: [SSEMessage] = []
        for read in reads { messages += try parser.feed(read) }
        #expect(parser.pendingBytes == 0)
        return messages
    }

    @Test("dispatches the same messages at any cut and leaves comments out") func stream() throws {
        let stream =
            ":hello\n\nevent: message_start\ndata: {\"a\":1}\n\ndata: x\ndata: y\n\nid: 3\n\ndata: [DONE]\r\n\r\n"
        let expected = [
            SSEMessage(name: Array("message_start".utf8), data: Array("{\"a\":1}".utf8)),
            SSEMessage(data: Array("x\ny".utf8)),
            SSEMessage(data: Array("[DONE]".utf8)),
        ]
        for reads in cuts(of: Array(stream.utf8)) { #expect(try parse(reads) == expected) }
    }

    @Test("reads back what was written, whatever the payload holds") func roundTrip() throws {
        var random = SeededRandom(seed: 3)
        let alphabet: [UInt8] = [0x0A, 0x0D, 0x20, 0x3A, 0x61, 0x64, 0xC3, 0xA9, 0x00]
        for _ in 0..<300 {
            let count = Int.random(in: 0..<20, using: &random)
            let data = (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            var output: [UInt8] = []
            SSEWriter.appendComment(data, to: &output)
            SSEWriter.appendEvent(name: Array("delta".utf8), id: [0x37], data: data, to: &output)
            SSEWriter.appendEvent(data: [0x7A], to: &output)
            // CRLF and CR come back as LF: the format knows no other line break inside a payload.
            var expected: [UInt8] = []
            for (index, byte) in data.enumerated() {
                if byte == 0x0D { expected.append(0x0A) }
                if byte == 0x0A, index == 0 || data[index - 1] != 0x0D { expected.append(0x0A) }
                if byte != 0x0A && byte != 0x0D { expected.append(byte) }
            }
            let first = SSEMessage(name: Array("delta".utf8), data: expected, id: [0x37])
            #expect(try parse([output]) == [first, SSEMessage(data: [0x7A])])
        }
    }

    @Test("writes the plain forms and lets no line break into a name") func forms() {
        var output: [UInt8] = []
        SSEWriter.appendEvent(data: Array("[DONE]".utf8), to: &output)
        SSEWriter.appendEvent(name: Array("a\r\nb\u{0}".utf8), data: [], to: &output)
        SSEWriter.appendComment(Array("ping".utf8), to: &output)
        #expect(text(output) == "data: [DONE]\n\nevent: ab\ndata: \n\n: ping\n\n")
    }
}
