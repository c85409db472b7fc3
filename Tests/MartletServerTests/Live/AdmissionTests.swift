import Foundation
import MartletTesting
import Testing

extension Live {
    /// More requests than there is room for.
    @Suite("Admission")
    struct Admission {
        /// Runs `body` while one request to `up::silent` holds its place.
        private func occupied<Result>(
            account: String = "",
            toml: String = "",
            _ body: (LiveGateway, ScriptedUpstream, RawClient) async throws -> Result
        ) async throws -> Result {
            try await LiveGateway.run(account: account, toml: toml) { gateway, upstream in
                let holder = try await gateway.connect()
                try await holder.send(LiveRequest.chat(ChatFixtures.request(model: "up::silent")))
                #expect(await upstream.wait { $0.requests.count == 1 })
                let outcome: Swift.Result<Result, any Error>
                do { outcome = .success(try await body(gateway, upstream, holder)) } catch { outcome = .failure(error) }
                await holder.close()
                return try outcome.get()
            }
        }

        private static let short = "queue = { size = 4, wait_s = 0.2 }"

        @Test(
            "who waits longer than the queue allows is told to come again, and the upstream is not asked",
            arguments: ["concurrency = { per_target = 1 }", "concurrency = { process = 1 }"]
        )
        func queueTimesOut(limit: String) async throws {
            try await occupied(toml: Self.short + "\n" + limit) { gateway, upstream, _ in
                let answer = try await gateway.chat("up::silent")
                #expect(answer.status == 503 && answer.errorCode == "overloaded")
                #expect(answer["x-should-retry"] == "true" && answer["retry-after"] == "1")
                #expect(upstream.journal.requests.count == 1)
            }
        }

        @Test("a key's own limit is answered at once")
        func perKey() async throws {
            try await occupied(toml: "concurrency = { per_key = 1 }") { gateway, upstream, _ in
                let answer = try await gateway.chat("up::ok")
                #expect(answer.status == 429 && answer.errorCode == "rate_limit_exceeded")
                #expect(answer["retry-after"] == "1" && upstream.journal.requests.count == 1)
            }
        }

        @Test(
            "a place that becomes free goes to who waits",
            arguments: ["max_concurrency = 1", ""],
            ["", "concurrency = { process = 1 }"]
        )
        func handedOver(account: String, process: String) async throws {
            let toml = "queue = { size = 4, wait_s = 20 }\n" + process
            try await occupied(account: account, toml: toml) { gateway, upstream, holder in
                // The silent one's target is another model's: only the process limit is shared with it.
                let model = account.isEmpty ? "up::ok" : "up::silent"
                let waiter = try await gateway.connect()
                try await waiter.send(LiveRequest.chat(ChatFixtures.request(model: model)))
                await holder.close()
                #expect(await upstream.wait { $0.requests.count == 2 })
                await waiter.close()
            }
        }

        @Test("every place is free again after requests of all kinds")
        func noLeak() async throws {
            let toml = Self.short + "\nconcurrency = { process = 1, per_key = 1, per_target = 1 }"
            try await LiveGateway.run(toml: toml) { gateway, upstream in
                for model in [
                    "ok", "status-500", "status-401", "reset", "cut", "not-json", "rate-limit-ms:5", "nobody",
                ] {
                    for stream in [false, true] { _ = try await gateway.chat("up::\(model)", stream: stream) }
                }
                for model in ["silent", "endless"] {
                    let asked = upstream.journal.requests.count
                    let client = try await gateway.connect()
                    try await client.send(LiveRequest.chat(ChatFixtures.request(model: "up::\(model)", stream: true)))
                    #expect(await upstream.wait { $0.requests.count == asked + 1 })
                    try await client.reset()
                    let connection = upstream.journal.requests[asked].connection
                    #expect(await upstream.wait { $0.connections[connection].isClosed })
                }
                let answer = try await gateway.chat("up::ok")
                #expect(answer.status == 200)
                let metrics = try await gateway.exchange(LiveRequest.head("GET /metrics"))
                #expect(metrics.status == 200)
            }
        }
    }
}
