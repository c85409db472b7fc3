import MartletTesting
import Testing

extension Live {
    /// Two accounts behind one model name.
    @Suite("Failover")
    struct Failover {
        /// Runs a gateway whose model `pair` is asked of `first`, then of `second`.
        private func run<Result>(
            _ first: String,
            _ second: String = "ok",
            account: String = "",
            _ body: (LiveGateway, ScriptedUpstream, ScriptedUpstream) async throws -> Result
        ) async throws -> Result {
            let upstreams = (try await ScriptedUpstream.start(), try await ScriptedUpstream.start())
            let toml = """
                [reliability]
                retry = { base_delay_s = 0.001 }
                [gateway.providers.one]
                type = "openai_compatible"
                base_url = "\(upstreams.0.baseURL)"
                \(account)
                [gateway.providers.two]
                type = "openai_compatible"
                base_url = "\(upstreams.1.baseURL)"
                [models.pair]
                routing = ["one", "two"]
                [models.pair.providers.one]
                model_name = "\(first)"
                [models.pair.providers.two]
                model_name = "\(second)"
                """
            let outcome: Swift.Result<Result, any Error>
            do {
                outcome = .success(try await LiveGateway.run(toml) { try await body($0, upstreams.0, upstreams.1) })
            } catch { outcome = .failure(error) }
            await upstreams.0.stop()
            await upstreams.1.stop()
            return try outcome.get()
        }

        @Test(
            "goes to the other account for every failure that is the first one's",
            arguments: [
                ("status-500", 2), ("status-529", 2), ("reset", 2), ("cut-early", 2), ("status-401", 1),
                ("status-402", 1), ("status-404", 1), ("quota", 1), ("rate-limit", 1), ("rate-limit-ms:20", 2),
                ("redirect", 1), ("wrong-type", 1), ("not-json", 1), ("empty", 1), ("double-length", 1),
            ],
            [false, true]
        )
        func next(fault: (model: String, attempts: Int), stream: Bool) async throws {
            try await run(fault.model) { gateway, one, two in
                let answer = try await gateway.chat("pair", stream: stream)
                #expect(answer.status == 200 && answer["x-provider"] == "two" && answer["x-gateway-model"] == "ok")
                #expect(answer["x-gateway-attempts"] == "\(fault.attempts + 1)")
                #expect(one.journal.requests.count == fault.attempts && two.journal.requests.count == 1)
                #expect(one.journal.requests.allSatisfy { $0.model == fault.model })
            }
        }

        @Test("goes on when the first one is silent", arguments: ["silent", "role-hold"])
        func silent(model: String) async throws {
            try await run(model, account: "first_token_timeout_s = 0.2") { gateway, one, _ in
                let answer = try await gateway.chat("pair", stream: true)
                #expect(answer.status == 200 && answer["x-provider"] == "two")
                #expect(answer["x-gateway-attempts"] == "2")
                #expect(await one.wait { $0.connections[0].closedByPeer != nil })
            }
        }

        @Test(
            "never asks another account about the caller's own mistake",
            arguments: [("status-400", 400), ("status-422", 422), ("content-filter", 400), ("context-length", 400)]
        )
        func ownMistake(model: String, status: Int) async throws {
            try await run(model) { gateway, _, two in
                let answer = try await gateway.chat("pair")
                #expect(answer.status == status && answer["x-provider"] == "one")
                #expect(two.journal.requests.isEmpty)
            }
        }

        @Test("a model that no account knows is 502 when several were asked, with a text of the gateway's own")
        func nobodyKnows() async throws {
            try await run("status-404", "status-404") { gateway, _, _ in
                let answer = try await gateway.chat("pair")
                #expect(answer.status == 502 && answer.errorCode == "provider_error")
                #expect(answer["x-gateway-attempts"] == "2")
            }
        }

        @Test("when all are limited the shortest wait is told")
        func allLimited() async throws {
            try await run("rate-limit-seconds:20", "rate-limit-seconds:9") { gateway, _, _ in
                let answer = try await gateway.chat("pair")
                #expect(answer.status == 429 && answer.errorCode == "provider_rate_limited")
                #expect(answer["retry-after"] == "9")
            }
        }

        @Test("an account that said how long to wait is passed over for that time")
        func coolDown() async throws {
            try await run("rate-limit-seconds:30") { gateway, one, two in
                for attempts in ["2", "1"] {
                    let answer = try await gateway.chat("pair")
                    #expect(answer.status == 200 && answer["x-gateway-attempts"] == attempts)
                }
                #expect(one.journal.requests.count == 1 && two.journal.requests.count == 2)
            }
        }

        @Test("after the first content nothing is tried again", arguments: ["cut", "reset-midway", "error-midway"])
        func committed(model: String) async throws {
            try await run(model) { gateway, one, two in
                let answer = try await gateway.chat("pair", stream: true)
                #expect(answer.status == 200 && answer["x-provider"] == "one")
                #expect(answer.text.contains("stream_interrupted"))
                #expect(one.journal.requests.count == 1 && two.journal.requests.isEmpty)
            }
        }
    }
}
