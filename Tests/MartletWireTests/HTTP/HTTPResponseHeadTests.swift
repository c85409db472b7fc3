import MartletWire
import Testing

@Suite("HTTP response head") struct HTTPResponseHeadTests {
    private func head(_ fields: String, status: String = "HTTP/1.1 429 Too Many Requests") throws -> HTTPResponseHead {
        var reader = HTTPResponseReader()
        var buffer = Array("\(status)\r\n\(fields)\r\n".utf8)
        let output = buffer.withUnsafeMutableBytes { bytes in reader.consume(bytes) }
        #expect(output.failure == nil)
        return try #require(reader.head)
    }

    @Test("gives the usual fields whatever their case, and the first of several") func usual() throws {
        let head = try head(
            "CONTENT-TYPE:  text/event-stream; charset=utf-8 \t\r\nContent-Encoding: gzip\r\nretry-after: 3\r\n"
                + "Retry-After: 4\r\nRetry-After-Ms: 2500\r\nX-Should-Retry: TRUE\r\nX-Request-Id: abc\r\nContent-Length: 0\r\n"
        )
        #expect(head.status == 429)
        #expect(head.minorVersion == 1)
        #expect(head.framing == .length(0))
        #expect(head.contentLength == 0)
        #expect(head.contentType.map { value in text(value) } == "text/event-stream; charset=utf-8")
        #expect(head.contentEncoding.map { value in text(value) } == "gzip")
        #expect(head.retryAfter.map { value in text(value) } == "3")
        #expect(head.retryAfterMs.map { value in text(value) } == "2500")
        #expect(head.shouldRetry == true)
        #expect(head.value(of: "x-request-id").map { value in text(value) } == "abc")
        #expect(head.value(of: Array("X-REQUEST-ID".utf8)).map { value in text(value) } == "abc")
        #expect(head.value(of: "x-request-i") == nil)
        #expect(head.value(of: Array("x".utf8)) == nil)
        #expect(head.fieldCount == 8)
        var names: [String] = []
        head.forEachField { name, _ in names.append(text(name)) }
        #expect(names.first == "CONTENT-TYPE" && names.count == 8)
        #expect(text(head.rawBytes).hasPrefix("HTTP/1.1 429 Too Many Requests\r\n"))
    }

    @Test("gives nothing for fields that are absent") func absent() throws {
        let head = try head("X-Should-Retry: maybe\r\n")
        #expect(
            head.contentType == nil && head.contentEncoding == nil && head.retryAfter == nil && head.retryAfterMs == nil
        )
        #expect(head.shouldRetry == nil)
        #expect(head.contentLength == nil)
        #expect(head.framing == .untilClose && !head.keepsAlive)
    }

    @Test("compares media types without parameters and case") func mediaType() throws {
        #expect(try head("Content-Type: Text/Event-Stream ; charset=x\r\n").isContentType("text/event-stream"))
        #expect(try head("Content-Type: application/json\r\n").isContentType("application/json"))
        #expect(try !head("Content-Type: application/jsonx\r\n").isContentType("application/json"))
        #expect(try !head("").isContentType("application/json"))
    }
}

@Suite("HTTP fields") struct HTTPFieldTests {
    @Test("names are tokens") func tokens() {
        let allowed = Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(HTTPField.isToken([0x61, byte]) == allowed.contains(byte), "\(byte)")
        }
        #expect(!HTTPField.isToken([]))
    }

    @Test("values hold no control bytes and no white space at their ends") func values() {
        for byte in UInt8.min...UInt8.max {
            #expect(
                HTTPField.isValidValue([0x61, byte, 0x61]) == (byte >= 0x20 && byte != 0x7F || byte == 0x09),
                "\(byte)"
            )
        }
        for value in [" a", "a ", "\ta", "a\t", "a\r\nB: c"] { #expect(!HTTPField.isValidValue(Array(value.utf8))) }
        #expect(HTTPField.isValidValue([]))
    }
}
