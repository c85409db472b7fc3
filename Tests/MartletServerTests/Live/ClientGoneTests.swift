import Foundation
import MartletTesting
import Testing

extension Live {
    /// The client leaves: the upstream is let go at once, whatever was going on.
    @Suite("Client gone")
    struct ClientGone {
        struct Phase: Sendable, CustomTestStringConvertible {
            var model: String
            var stream: Bool
            /// Bytes of the answer after which the client leaves; 0 leaves once the upstream has the request.
            var bytes = 0
            var transport = Transport.clear
            var testDescription: String { "\(model)\(stream ? " stream" : ""), \(transport.testDescription)" }
        }

        enum Way: CaseIterable, Sendable {
            case end, reset, halfClose
        }

        /// Each in clear and over TLS.
        static let phases = Transport.allCases.flatMap { transport in
            plainPhases.map { phase in
                var phase = phase
                phase.transport = transport
                return phase
            }
        }

        private static let plainPhases = [
            Phase(model: "silent", stream: false), Phase(model: "silent", stream: true),
            Phase(model: "head-only", stream: false), Phase(model: "half-body", stream: false),
            Phase(model: "head-only", stream: true), Phase(model: "role-hold", stream: true),
            Phase(model: "half-body", stream: true, bytes: 600), Phase(model: "endless", stream: true, bytes: 2_000),
        ]

        @Test(
            "the upstream call ends, in every phase and whichever way the client goes",
            arguments: phases,
            Way.allCases
        )
        func cancel(phase: Phase, way: Way) async throws {
            try await LiveGateway.run(over: phase.transport) { gateway, upstream in
                let client = try await gateway.connect()
                let body = ChatFixtures.request(model: "up::\(phase.model)", stream: phase.stream)
                try await client.send(LiveRequest.chat(body))
                #expect(await upstream.wait { $0.requests.count == 1 })
                if phase.bytes > 0 { try await client.received(phase.bytes) }
                let left = ContinuousClock.now
                switch way {
                case .end: await client.close()
                case .reset: try await client.reset()
                case .halfClose: try await client.finishSending()
                }
                #expect(await upstream.wait { $0.connections[0].closedByPeer != nil })
                let seen = try #require(upstream.journal.connections[0].closedByPeer)
                // Far above what it takes, far below any timeout of the gateway.
                #expect(seen - left < .seconds(3))
                await client.close()
                try await expectCancelled(gateway)
            }
        }

        @Test("a client that leaves while it uploads never reaches the upstream")
        func upload() async throws {
            try await LiveGateway.run { gateway, upstream in
                let body = ChatFixtures.request(model: "up::ok", padding: 100_000)
                let client = try await gateway.connect()
                try await client.send(Array(LiveRequest.chat(body).prefix(50_000)))
                await client.close()
                let answer = try await gateway.chat("up::ok")
                #expect(answer.status == 200 && upstream.journal.requests.count == 1)
            }
        }

        @Test("nothing is repeated for a client that is gone")
        func noRetry() async throws {
            try await LiveGateway.run(toml: "idle_stream_timeout_s = 30") { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send(LiveRequest.chat(ChatFixtures.request(model: "up::silent")))
                #expect(await upstream.wait { $0.requests.count == 1 })
                try await client.reset()
                #expect(await upstream.wait { $0.connections[0].isClosed })
                try await expectCancelled(gateway)
                #expect(upstream.journal.requests.count == 1)
            }
        }

        /// The upstream sees its connection close before this loop's records are appended, so the first look may be early.
        private func expectCancelled(_ gateway: LiveGateway) async throws {
            let page = LiveRequest.head("GET /admin/usage", key: LiveGateway.adminKey)
            var totals: [String: Any]?
            for _ in 0..<100 {
                totals = try await gateway.exchange(page).json["totals"] as? [String: Any]
                if totals?["cancelled"] as? Int == 1 { break }
            }
            #expect(totals?["cancelled"] as? Int == 1 && totals?["requests"] as? Int == 1)
            #expect(totals?["succeeded"] as? Int == 0 && totals?["estimated_requests"] as? Int == 1)
        }
    }
}
