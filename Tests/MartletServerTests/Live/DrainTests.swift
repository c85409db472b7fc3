import MartletTesting
import Testing

@testable import MartletServer

extension Live {
    @Suite("Drain")
    struct DrainTests {
        /// Runs a gateway with a drain that waits for signals; the body is given a way to send one.
        private func run(
            _ server: String,
            _ body: (LiveGateway, ScriptedUpstream, _ signal: @Sendable () -> Void) async throws -> Void
        ) async throws {
            try await LiveGateway.run(toml: "[server]\n\(server)") { gateway, upstream in
                let (signals, arrived) = AsyncStream.makeStream(of: Void.self)
                let drain = Drain(state: gateway.state, listener: gateway.listener, signals: signals)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await drain.runUntilStopped() }
                    try await body(gateway, upstream) { arrived.yield() }
                    try await group.waitForAll()
                }
            }
        }

        private func stream(_ model: String, _ gateway: LiveGateway) async throws -> RawClient {
            let client = try await gateway.connect()
            try await client.send(LiveRequest.chat(ChatFixtures.request(model: "up::\(model)", stream: true)))
            try await client.received(1_000)
            return client
        }

        /// Asks until readiness is gone: the signal is handled on another thread.
        private func unready(_ gateway: LiveGateway) async throws -> RawResponse {
            while true {
                let answer = try await gateway.exchange(LiveRequest.head("GET /ready"))
                if answer.status == 503 { return answer }
            }
        }

        @Test("readiness ends at once, requests are served for the delay, and running streams end in full")
        func orderly() async throws {
            try await run("drain_delay_s = 1\nshutdown_grace_s = 60") { gateway, _, signal in
                let idle = try await gateway.connect()
                try await idle.send(LiveRequest.head("GET /live"))
                #expect(try await idle.response().status == 200)
                let running = try await stream("paced:400", gateway)
                signal()
                #expect(try await unready(gateway).json["status"] as? String == "draining")
                #expect(try await gateway.exchange(LiveRequest.head("GET /live")).status == 200)
                #expect(try await gateway.chat("up::ok").status == 200)
                // The delay is over when the idle connection is closed.
                #expect(await idle.isClosed())
                let answer = try await running.response()
                #expect(answer.status == 200 && answer.text.hasSuffix("data: [DONE]\n\n"))
                #expect(await running.isClosed())
                await #expect(throws: (any Error).self) { try await gateway.connect() }
            }
        }

        @Test("a second signal ends what runs at once, with an error that says why")
        func second() async throws {
            try await run("drain_delay_s = 60\nshutdown_grace_s = 60") { gateway, upstream, signal in
                let running = try await stream("endless", gateway)
                signal()
                _ = try await unready(gateway)
                signal()
                let answer = try await running.response()
                #expect(answer.text.contains("draining") && !answer.text.contains("[DONE]"))
                #expect(await running.isClosed())
                #expect(await upstream.wait { $0.connections.allSatisfy { $0.closedByPeer != nil } })
            }
        }

        @Test("what still runs when the grace is over is ended the same way")
        func grace() async throws {
            try await run("drain_delay_s = 0\nshutdown_grace_s = 0.2") { gateway, _, signal in
                let running = try await stream("endless", gateway)
                signal()
                let answer = try await running.response()
                #expect(answer.text.contains("draining") && answer.isComplete)
                #expect(await running.isClosed())
            }
        }
    }
}
