import MartletTesting
import Testing

extension Live {
    /// Heads that two servers could read differently, and such that are over a limit.
    @Suite("Framing of requests")
    struct Framing {
        struct Case: Sendable, CustomTestStringConvertible {
            var name: String
            var bytes: [UInt8]
            var status: Int
            var code: String
            var closes = true
            var testDescription: String { name }

            init(_ name: String, _ text: String, _ status: Int = 400, _ code: String = "bad_request") {
                (self.name, self.bytes, self.status, self.code) = (name, Array(text.utf8), status, code)
            }
        }

        private static let line = "POST /v1/chat/completions HTTP/1.1\r\n"
        private static let key = "authorization: Bearer \(LiveGateway.key)\r\ncontent-type: application/json\r\n"
        private static let plain = line + "host: localhost\r\n" + key
        private static let hidden = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n"

        static let cases = [
            Case("length beside chunked", plain + "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n" + hidden),
            Case("chunked beside length", plain + "transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n" + hidden),
            Case("gzip, chunked", plain + "transfer-encoding: gzip, chunked\r\n\r\n" + hidden),
            Case("chunked, identity", plain + "transfer-encoding: chunked, identity\r\n\r\n" + hidden),
            Case("identity", plain + "transfer-encoding: identity\r\ncontent-length: 3\r\n\r\nabc"),
            Case("xchunked", plain + "transfer-encoding: xchunked\r\n\r\n" + hidden),
            Case("chunked twice", plain + "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n" + hidden),
            Case(
                "chunked on HTTP/1.0",
                "POST /v1/chat/completions HTTP/1.0\r\nhost: a\r\n" + key + "transfer-encoding: chunked\r\n\r\n"
                    + hidden
            ),
            Case("two lengths", plain + "content-length: 4\r\ncontent-length: 5\r\n\r\nabcde"),
            Case("the same length twice", plain + "content-length: 4\r\ncontent-length: 4\r\n\r\nabcd"),
            Case("a list of lengths", plain + "content-length: 4, 4\r\n\r\nabcd"),
            Case("a signed length", plain + "content-length: +4\r\n\r\nabcd"),
            Case("a hexadecimal length", plain + "content-length: 0x4\r\n\r\nabcd"),
            Case("a length beyond numbers", plain + "content-length: 99999999999999999999999\r\n\r\n"),
            Case("no host", line + key + "content-length: 2\r\n\r\n{}"),
            Case("two hosts", plain + "host: other\r\ncontent-length: 2\r\n\r\n{}"),
            Case("a malformed host", line + "host: a/b\r\n" + key + "content-length: 2\r\n\r\n{}"),
            Case("an empty host", line + "host: \r\n" + key + "content-length: 2\r\n\r\n{}"),
            Case("a space before the colon", plain + "content-length : 4\r\n\r\nabcd"),
            Case("an empty name", plain + ": x\r\n\r\n"),
            Case("a folded line", plain + "x-folded: a\r\n b\r\n\r\n"),
            Case("a bare line feed", line + "host: localhost\n" + key + "\r\n"),
            Case("a bare carriage return", plain + "x-odd: a\rb\r\n\r\n"),
            Case("a NUL in a value", plain + "x-odd: a\0b\r\n\r\n"),
            Case("a control byte in a name", plain + "x-\u{1}odd: a\r\n\r\n"),
            Case("a NUL in the path", "GET /v1/mod\0els HTTP/1.1\r\nhost: localhost\r\n\r\n"),
            Case("no version", "GET /v1/models\r\n\r\n"),
            Case("a version that does not exist", "GET /v1/models HTTP/3.7\r\nhost: localhost\r\n\r\n"),
            Case("a target with a scheme", "GET http://other/v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n"),
            Case("CONNECT", "CONNECT localhost:80 HTTP/1.1\r\nhost: localhost:80\r\n\r\n", 501, "not_implemented"),
            Case("TRACE", "TRACE /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n", 501, "not_implemented"),
            Case("an unknown method", "BREW /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n", 501, "not_implemented"),
            Case(
                "a long target",
                "GET /\(String(repeating: "a", count: 8 << 10)) HTTP/1.1\r\nhost: localhost\r\n\r\n",
                414,
                "uri_too_long"
            ),
            Case(
                "a target without end",
                "GET /\(String(repeating: "a", count: 60 << 10)) HTTP/1.1\r\nhost: localhost\r\n\r\n",
                414,
                "uri_too_long"
            ),
            Case(
                "a long field",
                plain + "x-long: \(String(repeating: "a", count: 17 << 10))\r\n\r\n",
                431,
                "headers_too_large"
            ),
            Case(
                "a long head",
                plain + (0..<9).map { "x-\($0): \(String(repeating: "a", count: 8 << 10))\r\n" }.joined() + "\r\n",
                431,
                "headers_too_large"
            ),
            Case(
                "too many fields",
                plain + (0..<101).map { "x-\($0): a\r\n" }.joined() + "\r\n",
                431,
                "headers_too_large"
            ),
            Case(
                "a head without end",
                plain + "x-long: \(String(repeating: "a", count: 200 << 10))",
                431,
                "headers_too_large"
            ),
        ]

        @Test(
            "what is ambiguous or too large is refused, and the connection ends",
            arguments: cases,
            Transport.allCases
        )
        func refused(framing: Case, over transport: Transport) async throws {
            try await LiveGateway.run(over: transport) { gateway, upstream in
                let client = try await gateway.connect()
                try? await client.send(framing.bytes)
                let answer = try await client.response()
                #expect(answer.status == framing.status && answer.errorCode == framing.code)
                #expect(answer["connection"] == "close" && answer["content-type"] == "application/json")
                #expect(answer["x-should-retry"] == "false")
                answer.expectCommonFields()
                #expect(await client.isClosed(within: .seconds(5)))
                // Nothing behind the refused head is read as another request.
                await #expect(throws: RawClient.Failure.closed) { try await client.response() }
                #expect(upstream.journal.requests.isEmpty)
            }
        }

        @Test(
            "a chunked body with broken framing is refused",
            arguments: [
                "zz\r\n", "-1\r\n", "0x5\r\nhello\r\n", "5\r\n\"abcdXX", "fffffffffffffffff\r\n",
                "5;\u{0}\r\nhello\r\n",
                "5\nhello\r\n",
            ],
            Transport.allCases
        )
        func brokenChunk(text: String, over transport: Transport) async throws {
            try await LiveGateway.run(over: transport) { gateway, upstream in
                let client = try await gateway.connect()
                let head = LiveRequest.head("POST /v1/chat/completions", fields: ["transfer-encoding: chunked"])
                try await client.send(head + Array("1\r\n{\r\n".utf8) + Array(text.utf8))
                let answer = try await client.response()
                #expect(answer.status == 400 && answer["connection"] == "close")
                #expect(answer.errorCode == "bad_request")
                #expect(await client.isClosed(within: .seconds(5)))
                #expect(upstream.journal.requests.isEmpty)
            }
        }

        @Test(
            "limits are not met by what lies just under them",
            arguments: [
                "GET /live?\(String(repeating: "a", count: (8 << 10) - 6)) HTTP/1.1\r\nhost: localhost\r\n\r\n",
                "GET /live HTTP/1.1\r\nhost: localhost\r\nx-long: \(String(repeating: "a", count: 15 << 10))\r\n\r\n",
                "GET /live HTTP/1.1\r\nhost: localhost\r\n\((0..<99).map { "x-\($0): a\r\n" }.joined())\r\n",
                "GET /live HTTP/1.0\r\nhost: localhost\r\n\r\n",
            ],
            Transport.allCases
        )
        func justUnder(text: String, over transport: Transport) async throws {
            try await LiveGateway.run(over: transport) { gateway, _ in
                let answer = try await gateway.exchange(Array(text.utf8))
                #expect(answer.status == 200)
            }
        }

        @Test(
            "odd paths never become other ones",
            arguments: [
                "/v1//chat/completions", "/v1/./chat/completions", "/v1/x/../chat/completions",
                "/v1%2Fchat/completions",
                "/V1/chat/completions", "/v1/chat%2Fcompletions", "/v1/chat/completions;a", "/v1/chat/completions%00",
            ],
            Transport.allCases
        )
        func paths(path: String, over transport: Transport) async throws {
            try await LiveGateway.run(over: transport) { gateway, upstream in
                let body = ChatFixtures.request(model: "up::ok")
                let answer = try await gateway.exchange(
                    LiveRequest.chat(body, path: path, fields: ["x-http-method-override: GET"])
                )
                #expect(answer.status == 404 && answer.errorCode == "not_found")
                #expect(upstream.journal.requests.isEmpty)
            }
        }

        @Test("a foreign host name is refused on a loopback bind unless a key is shown", arguments: Transport.allCases)
        func hosts(over transport: Transport) async throws {
            try await LiveGateway.run(over: transport) { gateway, _ in
                for host in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"] {
                    let answer = try await gateway.exchange(
                        Array("GET /v1/models HTTP/1.1\r\nhost: \(host)\r\n\r\n".utf8)
                    )
                    #expect(answer.status == 421 && answer.errorCode == "host_not_allowed")
                }
                let withKey = "GET /v1/models HTTP/1.1\r\nhost: evil.example\r\nx-api-key: \(LiveGateway.key)\r\n\r\n"
                #expect(try await gateway.exchange(Array(withKey.utf8)).status == 200)
                for host in ["localhost", "127.0.0.1:1", "[::1]:8004"] {
                    let answer = try await gateway.exchange(
                        Array("GET /v1/models HTTP/1.1\r\nhost: \(host)\r\n\r\n".utf8)
                    )
                    #expect(answer.status == 401)
                }
            }
        }
    }
}
