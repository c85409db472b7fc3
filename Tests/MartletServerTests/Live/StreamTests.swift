import MartletTesting
import Testing

extension Live {
    /// What the caller of a stream sees.
    @Suite("Streams")
    struct Streams {
        private static let done = Array("data: [DONE]\n\n".utf8)

        @Test(
            "arrive as they were sent, with the end mark even where the upstream left it out",
            arguments: [
                ("ok", "\n"), ("crlf", "\r\n"), ("cr", "\r"), ("odd-cuts", "\r\n"), ("no-done", "\n"),
                ("length-long", "\n"),
            ]
        )
        func bytes(model: String, lineEnd: String) async throws {
            try await LiveGateway.run { gateway, upstream in
                let answer = try await gateway.chat("up::\(model)", stream: true)
                #expect(answer.status == 200 && answer.isComplete)
                #expect(answer["content-type"] == "text/event-stream" && answer["cache-control"] == "no-cache")
                #expect(answer["x-gateway-attempts"] == "1" && answer["x-cache"] == "OFF")
                answer.expectCommonFields()
                // Usage was asked for by the gateway, not by the caller, and so is taken out again.
                #expect(answer.body == ChatFixtures.stream(lineEnd: lineEnd, usage: false, done: false) + Self.done)
                #expect(upstream.journal.requests.count == 1)
            }
        }

        @Test("show usage to a caller that asked for it")
        func usage() async throws {
            try await LiveGateway.run { gateway, _ in
                let answer = try await gateway.chat("up::ok", stream: true, usage: true)
                #expect(answer.body == ChatFixtures.stream())
            }
        }

        @Test(
            "that break after the first content end with the error event and nothing behind it",
            arguments: ["cut", "reset-midway", "half-event", "error-midway", "unfinished", "long-line-midway"]
        )
        func interrupted(model: String) async throws {
            try await LiveGateway.run { gateway, upstream in
                let answer = try await gateway.chat("up::\(model)", stream: true)
                #expect(answer.status == 200 && answer.isComplete && answer["x-gateway-attempts"] == "1")
                let events = answer.text.split(separator: "\n\n").map(String.init)
                #expect(events.prefix(3) == ChatFixtures.events.prefix(3))
                let last = try #require(events.last)
                #expect(last.hasPrefix(#"data: {"error":{"#) && last.contains(#""code":"stream_interrupted""#))
                #expect(last.contains(#""type":"server_error""#) && last.contains(#""param":null"#))
                #expect(!answer.text.contains("[DONE]") && !answer.text.contains("never"))
                if model != "unfinished" {
                    #expect(events.count == 4 && !answer.text.contains(#""finish_reason":"stop""#))
                }
                #expect(upstream.journal.requests.count == 1)
            }
        }

        @Test("stop when the upstream falls silent in the middle")
        func idle() async throws {
            try await LiveGateway.run(toml: "idle_stream_timeout_s = 0.2") { gateway, upstream in
                let answer = try await gateway.chat("up::half-body", stream: true)
                #expect(answer.status == 200 && answer.text.contains("stream_interrupted"))
                #expect(await upstream.wait { $0.connections[0].closedByPeer != nil })
            }
        }

        @Test("send the head and the first words before the rest is there")
        func early() async throws {
            try await LiveGateway.run { gateway, _ in
                let client = try await gateway.connect()
                let body = ChatFixtures.request(model: "up::half-body", stream: true)
                try await client.send(LiveRequest.chat(body))
                let words = ChatFixtures.events.prefix(3).map { $0.utf8.count + 2 }.reduce(0, +)
                try await client.received(words + 200)
                await client.close()
            }
        }
    }
}
