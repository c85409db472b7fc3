import MartletWire
import Testing

/// What a reader made of the bytes of one connection.
struct ReadOutcome: Equatable, Sendable {
    var status: Int?
    var body = ""
    var ended = false
    var leftover = 0
    var failure: HTTPReadError?
    var atEOF: HTTPReadEnd?
    var reusable = false
}

func readResponse(
    _ reads: [[UInt8]],
    head: Bool = false,
    limits: HTTPReadLimits = HTTPReadLimits(),
) -> ReadOutcome {
    var reader = HTTPResponseReader(requestWasHEAD: head, limits: limits)
    var outcome = ReadOutcome()
    var body: [UInt8] = []
    var heads = 0
    for read in reads {
        var buffer = read
        let output = buffer.withUnsafeMutableBytes { bytes in reader.consume(bytes) }
        if output.headCompleted { heads += 1 }
        #expect(output.body.upperBound <= buffer.count)
        body += buffer[output.body]
        outcome.leftover += output.leftover
        outcome.failure = output.failure
        outcome.ended = output.ended
        if output.failure != nil { break }
    }
    #expect(heads == (reader.head == nil ? 0 : 1))
    outcome.status = reader.head?.status
    outcome.body = text(body)
    outcome.reusable = reader.canReuseConnection
    outcome.atEOF = reader.finish()
    return outcome
}

@Suite("HTTP response reader") struct HTTPResponseReaderTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var bytes: String
        var outcome: ReadOutcome
        var head = false

        init(_ description: String, _ bytes: String, head: Bool = false, _ outcome: ReadOutcome) {
            testDescription = description
            self.bytes = bytes
            self.outcome = outcome
            self.head = head
        }
    }

    static func complete(_ status: Int, _ body: String, reusable: Bool = true, leftover: Int = 0) -> ReadOutcome {
        ReadOutcome(
            status: status,
            body: body,
            ended: true,
            leftover: leftover,
            atEOF: .complete,
            reusable: reusable && leftover == 0,
        )
    }

    static func open(_ status: Int?, _ body: String, _ atEOF: HTTPReadEnd = .truncated) -> ReadOutcome {
        ReadOutcome(status: status, body: body, atEOF: atEOF)
    }

    static func failed(_ failure: HTTPReadError, _ status: Int? = nil, _ body: String = "") -> ReadOutcome {
        ReadOutcome(status: status, body: body, failure: failure, atEOF: .truncated)
    }

    static let ok = "HTTP/1.1 200 OK\r\n"
    static let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    static let bodies: [Case] = [
        Case("a body with a length", ok + "Content-Length: 5\r\n\r\nhello", complete(200, "hello")),
        Case("an empty body", ok + "Content-Length: 0\r\n\r\n", complete(200, "")),
        Case("a length with leading zeros", ok + "Content-Length: 0005\r\n\r\nhello", complete(200, "hello")),
        Case("a body that is too short", ok + "Content-Length: 6\r\n\r\nhello", open(200, "hello")),
        Case("bytes behind the body", ok + "Content-Length: 5\r\n\r\nhelloHTTP", complete(200, "hello", leftover: 4)),
        Case("one chunk", chunked + "5\r\nhello\r\n0\r\n\r\n", complete(200, "hello")),
        Case(
            "several chunks",
            chunked + "5\r\nhello\r\n1\r\n \r\n005\r\nworld\r\n0\r\n\r\n",
            complete(200, "hello world")
        ),
        Case(
            "chunk sizes in both cases",
            chunked + "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
            complete(200, "01234567890123456789")
        ),
        Case("chunk extensions", chunked + "5;a=b\r\nhello\r\n0;x=\"y;z\"\r\n\r\n", complete(200, "hello")),
        Case("trailers are dropped", chunked + "1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n", complete(200, "x")),
        Case("no chunks", chunked + "0\r\n\r\n", complete(200, "")),
        Case(
            "payload that looks like framing",
            chunked + "c\r\n0\r\n\r\nHTTP/1.\r\n0\r\n\r\n",
            complete(200, "0\r\n\r\nHTTP/1.")
        ),
        Case("bytes behind the last chunk", chunked + "0\r\n\r\nxyz", complete(200, "", leftover: 3)),
        Case("no last chunk", chunked + "5\r\nhello\r\n", open(200, "hello")),
        Case("half a chunk", chunked + "5\r\nhel", open(200, "hel")),
        Case("no end of the trailers", chunked + "0\r\nA: b\r\n", open(200, "")),
        Case("a body up to the end of the connection", ok + "\r\nhello", open(200, "hello", .complete)),
        Case("the same with HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello", open(200, "hello", .complete)),
        Case(
            "HTTP/1.0 with a length closes",
            "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
            complete(200, "x", reusable: false)
        ),
        Case(
            "HTTP/1.0 with keep-alive stays",
            "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx",
            complete(200, "x")
        ),
        Case(
            "close is heard in a list",
            ok + "Connection: foo , CLOSE\r\nContent-Length: 1\r\n\r\nx",
            complete(200, "x", reusable: false)
        ),
        Case(
            "close wins over keep-alive",
            ok + "Connection: keep-alive\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            complete(200, "", reusable: false)
        ),
        Case("204 has no body", "HTTP/1.1 204 No Content\r\n\r\n", complete(204, "")),
        Case(
            "304 has no body though it tells a length",
            "HTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n",
            complete(304, "")
        ),
        Case(
            "HEAD has no body though it tells a length",
            ok + "Content-Length: 9\r\n\r\n",
            head: true,
            complete(200, "")
        ),
        Case("HEAD has no body though it is chunked", chunked, head: true, complete(200, "")),
        Case(
            "informational responses are passed over",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nLink: y\r\n\r\n" + ok + "Content-Length: 1\r\n\r\nx",
            complete(200, "x")
        ),
        Case("an empty reason", "HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n", complete(500, "")),
        Case("a coding in capitals", ok + "transfer-encoding: Chunked\r\n\r\n0\r\n\r\n", complete(200, "")),
        Case("nothing at all", "", open(nil, "", .neverStarted)),
        Case("half a head", "HTTP/1.1 200 OK\r\nConte", open(nil, "")),
        Case("only an informational response", "HTTP/1.1 100 Continue\r\n\r\n", open(nil, "")),
        Case(
            "values with other bytes than ASCII",
            ok + "X: \u{E9}\t\u{1F600}\r\nContent-Length: 0\r\n\r\n",
            complete(200, "")
        ),
    ]

    @Test("reads bodies the same at any cut", arguments: bodies) func body(_ test: Case) {
        let bytes = Array(test.bytes.utf8)
        for reads in cuts(of: bytes) {
            #expect(readResponse(reads, head: test.head) == test.outcome, "\(reads.map(\.count))")
        }
    }

    static let faults: [Case] = [
        Case("another protocol", "SSH-2.0-x", failed(.statusLine)),
        Case("HTTP/2", "HTTP/2 200\r\n", failed(.statusLine)),
        Case("HTTP/1.2", "HTTP/1.2 200 OK\r\n", failed(.statusLine)),
        Case("an empty line first", "\r\n" + ok, failed(.statusLine)),
        Case("no code", "HTTP/1.1 OK\r\n", failed(.statusLine)),
        Case("a code of two digits", "HTTP/1.1 20 OK\r\n", failed(.statusLine)),
        Case("a code of four digits", "HTTP/1.1 2000 OK\r\n", failed(.statusLine)),
        Case("a code below 100", "HTTP/1.1 099 x\r\n", failed(.statusLine)),
        Case("a code above 599", "HTTP/1.1 600 x\r\n", failed(.statusLine)),
        Case("no space behind the code", "HTTP/1.1 200\r\n", failed(.statusLine)),
        Case("two spaces before the code", "HTTP/1.1  200 OK\r\n", failed(.statusLine)),
        Case("a control byte in the reason", "HTTP/1.1 200 O\u{1}K\r\n", failed(.statusLine)),
        Case("a bare LF behind the status line", "HTTP/1.1 200 OK\nA: b\r\n\r\n", failed(.lineEnding)),
        Case("a bare LF behind a field", ok + "A: b\nC: d\r\n\r\n", failed(.lineEnding)),
        Case("a bare LF as the empty line", ok + "A: b\r\n\n", failed(.lineEnding)),
        Case("a bare CR in a value", ok + "A: b\rc\r\n\r\n", failed(.fieldValue)),
        Case("two CRs before LF", ok + "A: b\r\r\n\r\n", failed(.fieldValue)),
        Case("NUL in a value", ok + "A: b\u{0}\r\n\r\n", failed(.fieldValue)),
        Case("DEL in a value", ok + "A: \u{7F}\r\n\r\n", failed(.fieldValue)),
        Case("a folded line", ok + "A: b\r\n c\r\n\r\n", failed(.lineFolding)),
        Case("a folded line by tab", ok + "A: b\r\n\tc\r\n\r\n", failed(.lineFolding)),
        Case("white space first", ok + " A: b\r\n\r\n", failed(.lineFolding)),
        Case("a space before the colon", ok + "A : b\r\n\r\n", failed(.fieldName)),
        Case("an empty name", ok + ": b\r\n\r\n", failed(.fieldName)),
        Case("no colon", ok + "Abc\r\n\r\n", failed(.fieldName)),
        Case("a name that is no token", ok + "A(b): c\r\n\r\n", failed(.fieldName)),
        Case("a name with other bytes than ASCII", ok + "\u{E9}: c\r\n\r\n", failed(.fieldName)),
        Case("101", "HTTP/1.1 101 x\r\n\r\n", failed(.switchingProtocols)),
        Case("the same length twice", ok + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", failed(.contentLength)),
        Case("lengths in a list", ok + "Content-Length: 1, 1\r\n\r\nx", failed(.contentLength)),
        Case("a length with a sign", ok + "Content-Length: +1\r\n\r\nx", failed(.contentLength)),
        Case("a negative length", ok + "Content-Length: -1\r\n\r\nx", failed(.contentLength)),
        Case("an empty length", ok + "Content-Length:\r\n\r\nx", failed(.contentLength)),
        Case("a length in hexadecimal", ok + "Content-Length: 0x1\r\n\r\nx", failed(.contentLength)),
        Case("a length that overflows", ok + "Content-Length: 9223372036854775808\r\n\r\n", failed(.contentLength)),
        Case(
            "a length and a coding",
            ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx",
            failed(.framingConflict)
        ),
        Case("gzip, chunked", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n", failed(.transferEncoding)),
        Case("identity", ok + "Transfer-Encoding: identity\r\n\r\n", failed(.transferEncoding)),
        Case(
            "chunked twice",
            ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            failed(.transferEncoding)
        ),
        Case("chunked with a parameter", ok + "Transfer-Encoding: chunked;q=1\r\n\r\n", failed(.transferEncoding)),
        Case(
            "chunked with HTTP/1.0",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            failed(.transferEncoding)
        ),
        Case("a faulty length with 204", "HTTP/1.1 204 x\r\nContent-Length: x\r\n\r\n", failed(.contentLength)),
        Case("an empty chunk size", chunked + "\r\nhello", failed(.chunkSize, 200)),
        Case("a chunk size with a sign", chunked + "+5\r\nhello", failed(.chunkSize, 200)),
        Case("a negative chunk size", chunked + "-5\r\nhello", failed(.chunkSize, 200)),
        Case("a chunk size with 0x", chunked + "0x5\r\nhello", failed(.chunkSize, 200)),
        Case("a chunk size with a space before it", chunked + " 5\r\nhello", failed(.chunkSize, 200)),
        Case("a chunk size with a space behind it", chunked + "5 \r\nhello", failed(.chunkSize, 200)),
        Case("a chunk size with a bare LF", chunked + "5\nhello", failed(.chunkSize, 200)),
        Case("a chunk size with a bare CR", chunked + "5\rhello", failed(.chunkSize, 200)),
        Case("a chunk size of 2^63", chunked + "8000000000000000\r\n", failed(.chunkSize, 200)),
        Case("a chunk size of 17 digits", chunked + "00000000000000005\r\nhello", failed(.chunkSize, 200)),
        Case("a chunk that is longer than told", chunked + "4\r\nhello\r\n0\r\n\r\n", failed(.chunkEnd, 200, "hell")),
        Case("a chunk that ends with a bare LF", chunked + "5\r\nhello\n0\r\n\r\n", failed(.chunkEnd, 200, "hello")),
        Case("a chunk that ends with a bare CR", chunked + "5\r\nhello\r0\r\n\r\n", failed(.chunkEnd, 200, "hello")),
        Case("a bare LF in a chunk extension", chunked + "5;a\n\r\nhello", failed(.chunkExtension, 200)),
        Case("a bare CR in a chunk extension", chunked + "5;a\rb\r\nhello", failed(.chunkSize, 200)),
        Case("NUL in a chunk extension", chunked + "5;\u{0}\r\nhello", failed(.chunkExtension, 200)),
        Case("a bare LF behind the trailers", chunked + "0\r\n\n", failed(.lineEnding, 200)),
        Case("a bare CR behind the last chunk", chunked + "0\r\n\rx", failed(.lineEnding, 200)),
        Case("a faulty trailer", chunked + "1\r\nx\r\n0\r\nA b\r\n\r\n", failed(.fieldName, 200, "x")),
    ]

    @Test("refuses faults the same at any cut", arguments: faults) func fault(_ test: Case) {
        let bytes = Array(test.bytes.utf8)
        for reads in cuts(of: bytes) { #expect(readResponse(reads) == test.outcome, "\(reads.map(\.count))") }
    }

    @Test("repeats a failure for every later read") func failureStays() {
        var reader = HTTPResponseReader()
        for bytes in ["x", Self.ok, "\r\n"] {
            var buffer = Array(bytes.utf8)
            let output = buffer.withUnsafeMutableBytes { bytes in reader.consume(bytes) }
            #expect(output.failure == .statusLine && !output.headCompleted && output.body.isEmpty)
        }
        #expect(!reader.isEnded && !reader.canReuseConnection)
    }

    @Test("counts bytes that come after the end and gives the connection up") func late() {
        var reader = HTTPResponseReader()
        var buffer = Array((Self.ok + "Content-Length: 1\r\n\r\nx").utf8)
        _ = buffer.withUnsafeMutableBytes { bytes in reader.consume(bytes) }
        #expect(reader.canReuseConnection)
        let output = buffer.withUnsafeMutableBytes { bytes in reader.consume(bytes) }
        #expect(output.ended && output.leftover == buffer.count && output.body.isEmpty)
        #expect(reader.isEnded && !reader.canReuseConnection)
    }

    @Test("reads one response after another on a connection") func reset() {
        var reader = HTTPResponseReader(requestWasHEAD: true)
        for (isHEAD, response, body) in [
            (true, Self.ok + "Content-Length: 3\r\n\r\n", ""), (false, Self.ok + "Content-Length: 3\r\n\r\nabc", "abc"),
            (false, Self.chunked + "2\r\nab\r\n1\r\nc\r\n0\r\nT: x\r\n\r\n", "abc"),
            (false, Self.chunked + "0\r\nT: x\r\n\r\n", ""),
        ] {
            reader.reset(requestWasHEAD: isHEAD)
            #expect(reader.head == nil && reader.finish() == .neverStarted)
            var buffer = Array(response.utf8)
            let output = buffer.withUnsafeMutableBytes { bytes in reader.consume(bytes) }
            #expect(output.headCompleted && output.ended && output.leftover == 0)
            #expect(text(buffer[output.body]) == body)
            #expect(reader.canReuseConnection)
        }
    }

    @Test("moves the payload of all chunks of one read together into one range") func compaction() {
        var expected: [UInt8] = []
        var stream = Array(Self.chunked.utf8)
        for index in 0..<300 {
            let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: 1 + index * 7 % 300)
            expected += payload
            stream += Array((String(payload.count, radix: 16) + "\r\n").utf8) + payload + [0x0D, 0x0A]
        }
        stream += Array("0\r\n\r\n".utf8)
        for size in [1, 2, 3, 7, 100, 4096, stream.count] {
            var reader = HTTPResponseReader()
            var body: [UInt8] = []
            var start = 0
            while start < stream.count {
                let end = min(start + size, stream.count)
                var buffer = Array(stream[start..<end])
                let output = buffer.withUnsafeMutableBytes { bytes in reader.consume(bytes) }
                body += buffer[output.body]
                start = end
            }
            #expect(body == expected)
            #expect(reader.canReuseConnection)
        }
    }

    @Test("takes the largest length and the largest chunk size that fit") func largest() {
        var reader = HTTPResponseReader()
        var buffer = Array((Self.ok + "Content-Length: 9223372036854775807\r\n\r\nabc").utf8)
        var output = buffer.withUnsafeMutableBytes { bytes in reader.consume(bytes) }
        #expect(output.failure == nil && output.body.count == 3 && reader.head?.contentLength == Int.max)
        reader.reset()
        buffer = Array((Self.chunked + "7FFFFFFFFFFFFFFF\r\nabc").utf8)
        output = buffer.withUnsafeMutableBytes { bytes in reader.consume(bytes) }
        #expect(output.failure == nil && output.body.count == 3)
    }
}

@Suite("HTTP response limits") struct HTTPReadLimitsTests {
    private var limits: HTTPReadLimits {
        var limits = HTTPReadLimits()
        limits.maxHead = 64
        limits.maxLine = 20
        limits.maxFields = 3
        limits.maxChunkExtension = 4
        limits.maxInformational = 2
        return limits
    }

    private func failure(_ bytes: String) -> HTTPReadError? {
        let all = cuts(of: Array(bytes.utf8)).map { reads in readResponse(reads, limits: limits).failure }
        #expect(Set(all).count == 1)
        return all.first ?? nil
    }

    /// A head whose lines have these lengths without CRLF.
    private func head(lines: [Int]) -> String {
        let fields = lines.map { length in "A: " + String(repeating: "x", count: length - 3) + "\r\n" }
        return "HTTP/1.1 200 OK\r\n" + fields.joined() + "\r\n"
    }

    @Test("a line of exactly the limit passes and one byte more does not") func line() {
        #expect(failure(head(lines: [20])) == nil)
        #expect(failure(head(lines: [21])) == .fieldTooLong)
        #expect(failure("HTTP/1.1 200 OK" + String(repeating: "x", count: 7)) == .fieldTooLong)
    }

    @Test("a head of exactly the limit passes and one byte more does not") func head() {
        #expect(head(lines: [20, 19]).utf8.count == 62)
        #expect(failure(head(lines: [14, 13, 10])) == nil)
        #expect(failure(head(lines: [14, 14, 10])) == nil)
        #expect(head(lines: [14, 13, 12]).utf8.count == 64)
        #expect(failure(head(lines: [14, 13, 12])) == nil)
        #expect(failure(head(lines: [14, 13, 13])) == .headTooLong)
    }

    @Test("of two limits the one that is passed first decides") func order() {
        #expect(failure(head(lines: [20, 60])) == .fieldTooLong)
        #expect(failure(head(lines: [20, 18, 60])) == .headTooLong)
    }

    @Test("the number of fields is limited in head and trailers") func fields() {
        #expect(failure("HTTP/1.1 200 OK\r\nA: b\r\nA: b\r\nA: b\r\n\r\n") == nil)
        #expect(failure("HTTP/1.1 200 OK\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\n\r\n") == .tooManyFields)
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding:chunked\r\n\r\n"
        var limits = limits
        limits.maxLine = 30
        for (fields, expected) in [(3, nil), (4, HTTPReadError.tooManyFields)] {
            let stream = chunked + "0\r\n" + String(repeating: "A: b\r\n", count: fields) + "\r\n"
            for reads in cuts(of: Array(stream.utf8)) {
                #expect(readResponse(reads, limits: limits).failure == expected)
            }
        }
    }

    @Test("chunk extensions are limited for each chunk") func extensions() {
        var limits = limits
        limits.maxLine = 30
        for (ext, expected) in [("a=bc", nil), ("a=bcd", HTTPReadError.chunkExtension)] {
            let stream =
                "HTTP/1.1 200 OK\r\nTransfer-Encoding:chunked\r\n\r\n1;\(ext)\r\nx\r\n1;\(ext)\r\ny\r\n0;\(ext)\r\n\r\n"
            for reads in cuts(of: Array(stream.utf8)) {
                #expect(readResponse(reads, limits: limits).failure == expected)
            }
        }
    }

    @Test("informational responses are limited") func informational() {
        let info = "HTTP/1.1 100 x\r\n\r\n"
        #expect(failure(info + info + "HTTP/1.1 200 OK\r\n\r\n") == nil)
        #expect(failure(info + info + info + "HTTP/1.1 200 OK\r\n\r\n") == .tooManyInformational)
    }
}
