import MartletTesting
import Testing

@Suite("Scripted upstream", .timeLimit(.minutes(1)))
struct ScriptedUpstreamTests {
    private func ask(_ model: String, stream: Bool = false, on client: RawClient) async throws {
        let body = ChatFixtures.request(model: model, stream: stream)
        let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: scripted\r\ncontent-length: \(body.count)\r\n\r\n"
        try await client.send(Array(head.utf8) + body)
    }

    private func with<Result>(
        _ body: (ScriptedUpstream, RawClient) async throws -> Result
    ) async throws -> Result {
        let upstream = try await ScriptedUpstream.start()
        let client = try await RawClient.connect(port: upstream.port)
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(upstream, client)) } catch { result = .failure(error) }
        await client.close()
        await upstream.stop()
        return try result.get()
    }

    @Test("answers in full and keeps every byte of the request, however it is cut")
    func ok() async throws {
        try await with { upstream, client in
            let body = ChatFixtures.request(model: "ok")
            let bytes = Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body
            var generator = SeededGenerator(seed: 3)
            try await client.send(pieces: generator.cut(bytes, longest: 40))
            let response = try await client.response()
            #expect(response.status == 200 && response.isComplete)
            #expect(response.body == ChatFixtures.answer)
            let request = try #require(upstream.journal.requests.first)
            #expect(request.head + request.body == bytes)
            #expect(request.model == "ok" && !request.wantsStream)
            #expect(request.values(of: "host") == ["a"])
        }
    }

    @Test(
        "streams with every line ending",
        arguments: [("ok", "\n"), ("crlf", "\r\n"), ("cr", "\r"), ("odd-cuts", "\r\n")]
    )
    func stream(model: String, lineEnd: String) async throws {
        try await with { _, client in
            try await ask(model, stream: true, on: client)
            let response = try await client.response()
            #expect(response.body == ChatFixtures.stream(lineEnd: lineEnd))
        }
    }

    @Test("fails as often as the name says, then answers on the same connection")
    func flaky() async throws {
        try await with { upstream, client in
            for status in [500, 500, 200, 200] {
                try await ask("flaky:2", on: client)
                #expect(try await client.response().status == status)
            }
            #expect(upstream.journal.requests.map(\.index) == [0, 1, 2, 3])
            #expect(upstream.journal.connections.count == 1)
        }
    }

    @Test("cuts an answer off", arguments: ["cut", "reset-midway", "length-long"])
    func cut(model: String) async throws {
        try await with { upstream, client in
            try await ask(model, on: client)
            let response = try await client.response()
            #expect(response.status == 200 && !response.isComplete)
            #expect(upstream.journal.connections[0].closedByPeer == nil)
        }
    }

    @Test("ends without a byte", arguments: ["cut-early", "reset"])
    func noByte(model: String) async throws {
        try await with { _, client in
            try await ask(model, on: client)
            await #expect(throws: RawClient.Failure.closed) { try await client.response() }
        }
    }

    @Test("tells when the other side went away", arguments: [false, true])
    func peerCloses(byReset: Bool) async throws {
        try await with { upstream, client in
            try await ask("silent", on: client)
            #expect(await upstream.wait { $0.requests.count == 1 })
            if byReset { try await client.reset() } else { await client.close() }
            #expect(await upstream.wait { $0.connections[0].closedByPeer != nil })
        }
    }

    @Test("a wait that is not met ends at its limit")
    func limit() async throws {
        try await with { upstream, _ in
            #expect(await upstream.wait(within: .milliseconds(20)) { !$0.requests.isEmpty } == false)
        }
    }

    @Test(
        "says how long to wait in each form",
        arguments: [
            ("rate-limit-seconds:7", "retry-after", "7"), ("rate-limit-ms:20", "retry-after-ms", "20"),
            ("rate-limit-date:37", "retry-after", "Sun, 06 Nov 1994 08:50:14 GMT"),
        ]
    )
    func retryAfter(model: String, field: String, value: String) {
        let request = ReceivedRequest(connection: 0, index: 0, head: [], body: ChatFixtures.request(model: model))
        // 784111777 is the date of the examples in RFC 9110 §5.6.7.
        let script = UpstreamScript.named(request, attempt: 0, unixSeconds: 784_111_777)
        let bytes = script.steps.flatMap { step -> [UInt8] in
            if case .write(let bytes) = step { bytes } else { [] }
        }
        #expect(String(decoding: bytes, as: UTF8.self).contains("\r\n\(field): \(value)\r\n"))
    }

    @Test("a request that becomes another model's differs in nothing else")
    func forwarded() {
        #expect(
            ChatFixtures.forwarded(model: "b", asked: "a::b") == ChatFixtures.request(model: "b")
        )
        let stream = String(decoding: ChatFixtures.forwarded(model: "b", asked: "a", stream: true), as: UTF8.self)
        #expect(stream.hasSuffix(#""stream":true,"stream_options":{"include_usage":true}}"#))
    }
}
