import Foundation
import MartletTesting
import NIOCore
import Synchronization
import Testing

@testable import MartletServer

extension Live {
    /// HTTP/2, frame by frame.
    @Suite("HTTP/2")
    struct HTTP2Suite {
        /// Runs a gateway and one connection to it.
        private func run(
            toml: String = "",
            _ body: (FrameClient, LiveGateway, ScriptedUpstream) async throws -> Void
        ) async throws {
            try await LiveGateway.runTLS(toml: toml) { gateway, upstream, certificates in
                let client = try await FrameClient.connect(port: gateway.port, root: certificates.root)
                try await body(client, gateway, upstream)
                await client.close()
            }
        }

        @Test("an answer has the fields that HTTP/1.1 has, in lower case, and none of a connection")
        func fields() async throws {
            try await run { client, gateway, _ in
                try await client.chat(1, ChatFixtures.request(model: "up::ok"))
                let answer = try await client.answer(1)
                #expect(answer.status == 200 && answer.body == ChatFixtures.answer && answer.isEnded)
                #expect(answer["content-length"] == "\(ChatFixtures.answer.count)")
                #expect(answer["x-gateway"] == "martlet" && answer["x-provider"] == "up")
                #expect(answer["x-request-id"] == answer["request-id"] && answer["date"]?.hasSuffix(" GMT") == true)
                #expect(answer.fields.allSatisfy { $0.name == $0.name.lowercased() })
                #expect(answer["connection"] == nil && answer["transfer-encoding"] == nil)
            }
        }

        @Test("requests of one connection run beside each other")
        func concurrent() async throws {
            try await run { client, _, _ in
                try await client.chat(1, ChatFixtures.request(model: "up::endless", stream: true))
                try await client.until { ($0.answers[1]?.body.count ?? 0) > 500 }
                for stream in [3, 5, 7] { try await client.chat(stream, ChatFixtures.request(model: "up::ok")) }
                for stream in [3, 5, 7] { #expect(try await client.answer(stream).body == ChatFixtures.answer) }
                #expect(client.answers[1]?.isEnded == false)
            }
        }

        @Test("a reset stream ends its upstream call and nothing else", arguments: ["silent", "half-body", "endless"])
        func reset(model: String) async throws {
            try await run { client, _, upstream in
                try await client.chat(1, ChatFixtures.request(model: "up::\(model)", stream: true))
                #expect(await upstream.wait { $0.requests.count == 1 })
                if model != "silent" { try await client.until { ($0.answers[1]?.body.count ?? 0) > 200 } }
                try await client.send(type: 3, stream: 1, [0, 0, 0, 8])
                #expect(await upstream.wait { $0.connections[0].closedByPeer != nil })
                try await client.chat(3, ChatFixtures.request(model: "up::ok"))
                #expect(try await client.answer(3).status == 200)
            }
        }

        @Test("the connection's end ends the calls of all its streams")
        func gone() async throws {
            try await run { client, _, upstream in
                for stream in [1, 3, 5] {
                    try await client.chat(stream, ChatFixtures.request(model: "up::silent", stream: true))
                }
                #expect(await upstream.wait { $0.requests.count == 3 })
                await client.close()
                #expect(await upstream.wait { $0.connections.allSatisfy { $0.closedByPeer != nil } })
            }
        }

        @Test("an upstream that breaks off resets the stream, so that the client sees no end")
        func broken() async throws {
            try await run { client, _, _ in
                try await client.chat(1, ChatFixtures.request(model: "up::cut", stream: true))
                let answer = try await client.answer(1)
                #expect(answer.status == 200 && answer.text.contains("stream_interrupted"))
                try await client.chat(3, ChatFixtures.request(model: "up::ok"))
                #expect(try await client.answer(3).status == 200)
            }
        }

        @Test("a client that gives no window back stops the upstream, and gets the rest when it does")
        func window() async throws {
            try await run { client, _, upstream in
                client.givesBack = false
                try await client.chat(1, ChatFixtures.request(model: "up::flood:8", stream: true))
                try await client.until { ($0.answers[1]?.body.count ?? 0) == 65_535 }
                var sent = -1
                // Until nothing has moved for half a second.
                while await upstream.wait(
                    within: .milliseconds(500),
                    until: { [sent] in $0.connections[0].bytesSent > sent }
                ) {
                    sent = upstream.journal.connections[0].bytesSent
                    guard sent < 6 << 20 else { break }
                }
                #expect(sent < 6 << 20, "\(sent >> 10) KiB were taken")
                client.givesBack = true
                try await client.send(type: 8, stream: 0, [0, 1, 0, 0])
                try await client.send(type: 8, stream: 1, [0, 1, 0, 0])
                let answer = try await client.answer(1)
                #expect(answer.isEnded && answer.body.count > 7 << 20)
            }
        }

        @Test("a body in small frames, empty ones and with trailers is one body")
        func pieces() async throws {
            try await run { client, _, upstream in
                let body = ChatFixtures.request(model: "up::ok")
                try await client.head(1, FrameClient.post(), end: false)
                for start in stride(from: 0, to: body.count, by: 7) {
                    try await client.send(type: 0, stream: 1, Array(body[start..<min(start + 7, body.count)]))
                }
                try await client.send(type: 0, stream: 1)
                try await client.send(type: 1, flags: 5, stream: 1, try client.block([("x-late", "1")]))
                #expect(try await client.answer(1).body == ChatFixtures.answer)
                #expect(upstream.journal.requests[0].body == ChatFixtures.forwarded(model: "ok", asked: "up::ok"))
            }
        }

        @Test("a body larger than the windows comes in whole")
        func largeBody() async throws {
            try await run { client, _, upstream in
                let body = ChatFixtures.request(model: "up::ok", padding: 60_000)
                for stream in [1, 3, 5, 7] { try await client.chat(stream, Array(body.prefix(16_000))) }
                for stream in [1, 3, 5, 7] { #expect(try await client.answer(stream).status == 400) }
                try await client.head(9, FrameClient.post(), end: false)
                for start in stride(from: 0, to: body.count, by: 16_384) {
                    let isLast = start + 16_384 >= body.count
                    let piece = Array(body[start..<min(start + 16_384, body.count)])
                    try await client.send(type: 0, flags: isLast ? 1 : 0, stream: 9, piece)
                }
                #expect(try await client.answer(9).body == ChatFixtures.answer)
                #expect(upstream.journal.requests.last?.body.count == body.count - 4)
            }
        }

        @Test("an answer before the body is whole, and the body is not asked for any more")
        func early() async throws {
            try await run { client, _, _ in
                var fields = FrameClient.post()
                fields[4] = ("authorization", "Bearer wrong")
                try await client.head(1, fields + [("content-length", "1000000")], end: false)
                try await client.until { $0.answers[1]?.resetCode != nil }
                let answer = try await client.answer(1)
                #expect(answer.status == 401 && answer.isEnded && answer.resetCode == 0)
                #expect(answer.text.contains("error"))
                try await client.chat(3, ChatFixtures.request(model: "up::ok"))
                #expect(try await client.answer(3).status == 200)
            }
        }

        @Test("HEAD has the fields of GET and no body; OPTIONS has none of either")
        func methods() async throws {
            try await run { client, _, _ in
                var head = FrameClient.get("/live")
                head[0] = (":method", "HEAD")
                try await client.head(1, head)
                let answer = try await client.answer(1)
                #expect(answer.status == 200 && answer.body.isEmpty && answer["content-length"] != nil)
                var options = FrameClient.post()
                options[0] = (":method", "OPTIONS")
                try await client.head(3, options)
                let allowed = try await client.answer(3)
                #expect(allowed.status == 204 && allowed["allow"]?.contains("POST") == true)
            }
        }

        @Test("admin pages come over the same connection as chats")
        func admin() async throws {
            try await run { client, _, _ in
                try await client.head(1, FrameClient.get("/admin/keys", key: LiveGateway.adminKey))
                #expect(try await client.answer(1).status == 200)
                try await client.chat(3, ChatFixtures.request(model: "up::ok"))
                #expect(try await client.answer(3).status == 200)
            }
        }

        // MARK: Hostile heads

        struct BadHead: Sendable, CustomTestStringConvertible {
            var testDescription: String
            /// Replaced or added fields; an empty value takes the field away.
            var fields: [(String, String)]
            /// The answer's status, or 0 where the stream is reset.
            var status: Int
        }

        static let badHeads = [
            BadHead(testDescription: "no authority", fields: [(":authority", "")], status: 400),
            BadHead(testDescription: "authority unlike host", fields: [("host", "other.example")], status: 400),
            BadHead(testDescription: "two hosts", fields: [("host", "localhost"), ("host", "localhost")], status: 400),
            BadHead(testDescription: "odd authority", fields: [(":authority", "a/b")], status: 400),
            BadHead(testDescription: "space in the path", fields: [(":path", "/v1/chat completions")], status: 0),
            BadHead(testDescription: "a URL as path", fields: [(":path", "https://localhost/v1")], status: 400),
            BadHead(
                testDescription: "long path",
                fields: [(":path", "/" + String(repeating: "a", count: 9_000))],
                status: 414
            ),
            BadHead(
                testDescription: "long field",
                fields: [("x-a", String(repeating: "a", count: 17_000))],
                status: 431
            ),
            BadHead(testDescription: "101 fields", fields: (0..<101).map { ("x-\($0)", "a") }, status: 431),
            BadHead(testDescription: "TRACE", fields: [(":method", "TRACE")], status: 501),
            BadHead(testDescription: "length no number", fields: [("content-length", "x")], status: 0),
            BadHead(testDescription: "connection", fields: [("connection", "close")], status: 0),
            BadHead(testDescription: "transfer-encoding", fields: [("transfer-encoding", "chunked")], status: 0),
            BadHead(testDescription: "te", fields: [("te", "gzip")], status: 0),
            BadHead(testDescription: "upper case", fields: [("X-Upper", "a")], status: 0),
            BadHead(testDescription: "line end in a value", fields: [("x-a", "a\r\nb: c")], status: 0),
            BadHead(testDescription: "no path", fields: [(":path", "")], status: 0),
            BadHead(testDescription: "unknown pseudo-header", fields: [(":odd", "a")], status: 0),
        ]

        @Test("a head that is wrong is refused, and never reaches an upstream", arguments: badHeads)
        func refused(bad: BadHead) async throws {
            try await run { client, _, upstream in
                var fields = FrameClient.post()
                for (name, value) in bad.fields {
                    if let index = fields.firstIndex(where: { $0.0 == name && name.hasPrefix(":") }) {
                        if value.isEmpty { fields.remove(at: index) } else { fields[index].1 = value }
                    } else if name.hasPrefix(":") {
                        fields.insert((name, value), at: 0)
                    } else {
                        fields.append((name, value))
                    }
                }
                try await client.until(\.knowsSettings)
                // More than one frame takes, where needed.
                let block = try client.block(fields)
                try await client.send(
                    type: 1,
                    flags: block.count > 16_384 ? 1 : 5,
                    stream: 1,
                    Array(block.prefix(16_384))
                )
                if block.count > 16_384 {
                    try await client.send(type: 9, flags: 4, stream: 1, Array(block.dropFirst(16_384)))
                }
                let answer = try await client.answer(1)
                if bad.status > 0 {
                    #expect(answer.status == bad.status)
                } else {
                    #expect(answer.status == nil && (answer.resetCode ?? client.goAways.last?.code) == 1)
                }
                #expect(upstream.journal.requests.isEmpty)
            }
        }

        // MARK: Hostile connections

        struct Flood: Sendable, CustomTestStringConvertible {
            var testDescription: String
            var frames: [UInt8]
        }

        static let floods = [
            Flood(
                testDescription: "pings",
                frames: many(400) { _ in FrameClient.frame(type: 6, stream: 0, [0, 0, 0, 0, 0, 0, 0, 0]) }
            ),
            Flood(testDescription: "settings", frames: many(400) { _ in FrameClient.frame(type: 4, stream: 0) }),
            Flood(
                testDescription: "half a head for ever",
                frames: FrameClient.frame(type: 1, stream: 1, [0x82])
                    + many(100) { _ in FrameClient.frame(type: 9, stream: 1, [0x84]) }
            ),
            Flood(
                testDescription: "a frame above its limit",
                frames: FrameClient.frame(type: 0, stream: 0, [UInt8](repeating: 0, count: 20_000))
            ),
            Flood(testDescription: "data on no stream", frames: FrameClient.frame(type: 0, stream: 0, [1, 2, 3])),
            Flood(testDescription: "a window of nothing", frames: FrameClient.frame(type: 8, stream: 0, [0, 0, 0, 0])),
            Flood(
                testDescription: "an index that is not there",
                frames: FrameClient.frame(type: 1, flags: 5, stream: 1, [0xFF, 0x80, 0x80, 0x01])
            ),
            Flood(
                testDescription: "an even stream",
                frames: FrameClient.frame(type: 1, flags: 5, stream: 2, [0x82, 0x84, 0x87])
            ),
        ]

        private static func many(_ count: Int, _ body: (Int) -> [UInt8]) -> [UInt8] { (0..<count).flatMap(body) }

        @Test("a connection that floods or breaks the rules is ended, and the gateway serves on", arguments: floods)
        func flooded(flood: Flood) async throws {
            try await LiveGateway.runTLS { gateway, _, certificates in
                let client = try await FrameClient.connect(port: gateway.port, root: certificates.root)
                try? await client.send(flood.frames)
                try await client.until { _ in false }
                #expect(client.isClosed)
                let answer1 = try await Curl.chat(gateway, certificates, "ok")
                #expect(answer1.facts.hasPrefix("2 200"))
                while gateway.state.shared.connectionCount.load(ordering: .relaxed) > 0 { await Task.yield() }
            }
        }

        @Test("streams that are opened and reset at once end the connection, and leave nothing behind")
        func rapidReset() async throws {
            try await LiveGateway.runTLS { gateway, _, certificates in
                let client = try await FrameClient.connect(port: gateway.port, root: certificates.root)
                for stream in stride(from: 1, to: 1_001, by: 2) {
                    do {
                        try await client.head(stream, FrameClient.post(), end: false)
                        try await client.send(type: 3, stream: stream, [0, 0, 0, 8])
                    } catch {
                        break
                    }
                }
                try await client.until { _ in false }
                #expect(client.isClosed)
                let answer2 = try await Curl.chat(gateway, certificates, "ok")
                #expect(answer2.facts.hasPrefix("2 200"))
            }
        }

        @Test("more than a hundred streams at once are refused, one by one")
        func tooMany() async throws {
            try await run { client, _, upstream in
                for stream in stride(from: 1, through: 201, by: 2) {
                    try await client.head(stream, FrameClient.post(), end: false)
                }
                let answer = try await client.answer(201)
                #expect(answer.resetCode != nil || client.isClosed)
                #expect(upstream.journal.requests.isEmpty)
            }
        }

        // MARK: The end

        @Test("a drain says so, lets streams end, and closes behind the last one")
        func drain() async throws {
            try await run { client, gateway, _ in
                try await client.chat(1, ChatFixtures.request(model: "up::slow-head:300"))
                try await client.chat(3, ChatFixtures.request(model: "up::ok"))
                _ = try await client.answer(3)
                for loop in gateway.state.loops {
                    loop.value.eventLoop.execute {
                        for connection in loop.value.http2Connections.values { connection.drain() }
                    }
                }
                try await client.until { !$0.goAways.isEmpty }
                #expect(client.goAways.first?.last == 3 && client.goAways.first?.code == 0)
                // Above the last stream that the GOAWAY names: not looked at, so it may be sent again elsewhere.
                try await client.head(5, FrameClient.get("/live"))
                #expect(try await client.answer(1).status == 200)
                try await client.until { _ in false }
                #expect(client.isClosed && client.answers[5]?.status == nil)
            }
        }
    }
}
