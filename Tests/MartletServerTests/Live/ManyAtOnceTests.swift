import Foundation
import MartletTesting
import Testing

extension Live {
    /// Requests of every kind at the same time, in an order that a seed decides.
    @Suite("Many at once")
    struct ManyAtOnce {
        enum Kind: CaseIterable, Sendable {
            case whole, stream, paced, refused, redirected, mistyped, interrupted, leaving, leavingEarly

            var model: String {
                switch self {
                case .whole, .stream: "ok"
                case .paced: "paced:2"
                case .refused: "status-400"
                case .redirected: "redirect"
                case .mistyped: "wrong-type"
                case .interrupted: "cut"
                case .leaving: "endless"
                case .leavingEarly: "silent"
                }
            }

            var isStream: Bool {
                switch self {
                case .stream, .paced, .interrupted, .leaving: true
                default: false
                }
            }
        }

        @Test("each gets its own answer, and each is counted once", arguments: [UInt64](1...3))
        func mixture(seed: UInt64) async throws {
            // Streams are cut on purpose: a breaker would refuse what comes after five of them.
            try await LiveGateway.run(toml: "circuit_breaker = { enabled = false }") { gateway, upstream in
                var generator = SeededGenerator(seed: seed)
                let kinds = (0..<60).map { _ in Kind.allCases.randomElement(using: &generator) ?? .whole }
                let silent = kinds.count { $0 == .leavingEarly }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (index, kind) in kinds.enumerated() {
                        group.addTask {
                            try await run(kind, id: "request-\(index)", gateway) {
                                // An answer never comes, so all of them arrive.
                                await upstream.wait { $0.requests.count { $0.model == "silent" } == silent }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                // What a client left is let go of.
                let left = kinds.count { $0 == .leaving || $0 == .leavingEarly }
                #expect(await upstream.wait { $0.connections.count { $0.closedByPeer != nil } >= left })
                let page = LiveRequest.head("GET /admin/usage", key: LiveGateway.adminKey)
                let totals = try #require(try await gateway.exchange(page).json["totals"] as? [String: Any])
                let expected = [
                    "requests": kinds.count,
                    "succeeded": kinds.count { $0 == .whole || $0 == .stream || $0 == .paced },
                    "failed": kinds.count { $0 == .refused || $0 == .redirected || $0 == .mistyped },
                    "interrupted": kinds.count { $0 == .interrupted },
                    "cancelled": left,
                    "attempts": kinds.count,
                ]
                for (name, count) in expected { #expect(totals[name] as? Int == count, "\(name)") }
            }
        }

        /// - Parameter arrived: Waits until the upstream has every request that it keeps silent about.
        private func run(
            _ kind: Kind,
            id: String,
            _ gateway: LiveGateway,
            arrived: @Sendable () async -> Bool
        ) async throws {
            let client = try await gateway.connect()
            let body = ChatFixtures.request(model: "up::\(kind.model)", stream: kind.isStream)
            try await client.send(LiveRequest.chat(body, fields: ["x-request-id: \(id)"]))
            switch kind {
            case .leaving:
                try await client.received(1_500)
                try await client.reset()
                return
            case .leavingEarly:
                #expect(await arrived())
                await client.close()
                return
            default: break
            }
            let answer = try await client.response()
            await client.close()
            #expect(answer["x-request-id"] == id && answer["x-gateway-attempts"] == "1")
            switch kind {
            case .whole: #expect(answer.status == 200 && answer.body == ChatFixtures.answer)
            case .stream: #expect(answer.text.hasSuffix("data: [DONE]\n\n") && answer.status == 200)
            case .paced: #expect(answer.text.hasSuffix("data: [DONE]\n\n") && answer.chunks.count > 1)
            case .refused: #expect(answer.status == 400 && answer.errorCode == "scripted")
            case .redirected, .mistyped: #expect(answer.status == 502)
            case .interrupted: #expect(answer.text.contains("stream_interrupted"))
            case .leaving, .leavingEarly: break
            }
        }
    }
}
