import MartletCore
import MartletRouting
import MartletTesting
import Synchronization
import Testing

@testable import MartletServer

extension Live {
    /// Targets that fail are left alone, and are asked again when they have healed.
    @Suite("Circuit breakers")
    struct Breakers {
        /// Lines of `[reliability]`: one attempt a request, and pauses of some length.
        private func settings(open: String) -> String {
            """
            retry = { enabled = false }
            circuit_breaker = { open_s = \(open), max_open_s = \(open) }
            """
        }

        /// Runs a gateway with an account `up` at an upstream that does what a script says.
        private func run<Result>(
            open: String,
            models: String = "",
            script: ScriptedUpstream.ScriptSource? = nil,
            _ body: (LiveGateway, ScriptedUpstream) async throws -> Result
        ) async throws -> Result {
            let upstream = try await ScriptedUpstream.start(script: script)
            let toml = """
                [reliability]
                \(settings(open: open))
                [gateway.providers.up]
                type = "openai_compatible"
                base_url = "\(upstream.baseURL)"
                \(models)
                """
            let outcome: Swift.Result<Result, any Error>
            do { outcome = .success(try await LiveGateway.run(toml) { try await body($0, upstream) }) } catch {
                outcome = .failure(error)
            }
            await upstream.stop()
            return try outcome.get()
        }

        /// A model that configuration names.
        private func model(_ name: String, _ upstream: String) -> String {
            """
            [models.\(name)]
            routing = ["up"]
            [models.\(name).providers.up]
            model_name = "\(upstream)"
            """
        }

        /// The state of the only target that was used.
        private func state(_ gateway: LiveGateway) -> CircuitBreaker.State? {
            gateway.state.shared.targets.all.first?.memory.health.withLock { $0.breaker.state(at: .now) }
        }

        /// What probes accounts while the gateway runs.
        private func prober(_ state: GatewayState) -> HealthProber {
            HealthProber(state.shared.targets, snapshot: { state.reloader.snapshot })
        }

        @Test("an outage reaches the upstream five times; all further requests are answered without it")
        func outage() async throws {
            try await run(open: "600") { gateway, upstream in
                for _ in 0..<5 { #expect(try await gateway.chat("up::status-503").status == 502) }
                for index in 0..<40 {
                    let answer = try await gateway.chat("up::status-503", stream: index % 2 == 0)
                    #expect(answer.status == 503 && answer.errorCode == "circuit_open")
                    let wait = Int(answer["retry-after"] ?? "") ?? 0
                    #expect((470...720).contains(wait) && answer["x-should-retry"] == "true")
                    answer.expectCommonFields()
                }
                #expect(upstream.journal.requests.count == 5)
                #expect(
                    try await gateway.chat("up::ok").status == 200,
                    "another model of the account is another target"
                )
            }
        }

        @Test("a used-up quota is left alone for five minutes after the first answer")
        func quota() async throws {
            try await run(open: "5") { gateway, upstream in
                #expect(try await gateway.chat("up::quota").status == 502)
                let answer = try await gateway.chat("up::quota")
                // Nobody is invited to wait for it: SDKs would sleep until the pause is over.
                #expect(answer.status == 502 && answer.errorCode == "provider_error" && answer["retry-after"] == nil)
                #expect(answer["x-should-retry"] == "false" && answer.text.contains("quota"))
                #expect(upstream.journal.requests.count == 1)
            }
        }

        @Test(
            "refusals of the caller's own making and rate limits open nothing",
            arguments: ["status-400", "rate-limit"]
        )
        func notCounted(model: String) async throws {
            try await run(open: "600") { gateway, upstream in
                for _ in 0..<12 { _ = try await gateway.chat("up::\(model)") }
                #expect(upstream.journal.requests.count == 12 && state(gateway) == .closed)
            }
        }

        @Test("a target that has healed gets its first request back after the pause, and then all")
        func healed() async throws {
            try await run(open: "0.05") { gateway, upstream in
                for _ in 0..<5 { #expect(try await gateway.chat("up::flaky:5").status == 502) }
                var refused = 0
                while true {
                    let answer = try await gateway.chat("up::flaky:5")
                    if answer.status == 200 { break }
                    #expect(answer.status == 503 && answer.errorCode == "circuit_open")
                    refused += 1
                    try #require(refused < 10_000)
                }
                #expect(upstream.journal.requests.count == 6)
                #expect(try await gateway.chat("up::flaky:5").status == 200)
                #expect(state(gateway) == .closed)
            }
        }

        @Test("a probe that finds the account alive lets the next request try its targets at once")
        func probed() async throws {
            let check = "health_check = { enabled = true, timeout_s = 10 }"
            try await run(open: "600", models: check) { gateway, upstream in
                for _ in 0..<5 { #expect(try await gateway.chat("up::flaky:5").status == 502) }
                let refused = try await gateway.chat("up::flaky:5")
                #expect(refused.status == 503)
                await prober(gateway.state).round()
                #expect(upstream.journal.requests.last?.requestLine == "GET /v1/models HTTP/1.1")
                #expect(try await gateway.chat("up::flaky:5").status == 200)
            }
        }

        @Test("a try whose client leaves gives its place to the next request")
        func clientLeaves() async throws {
            let script: ScriptedUpstream.ScriptSource = { request, attempt in
                attempt == 5 ? UpstreamScript([.hold]) : .named(request, attempt: attempt, unixSeconds: 0)
            }
            try await run(open: "0.05", script: script) { gateway, upstream in
                for _ in 0..<5 { #expect(try await gateway.chat("up::flaky:5").status == 502) }
                while state(gateway) != .halfOpen { await Task.yield() }
                // The first request after the pause is the try, which hangs.
                let client = try await gateway.connect()
                try await client.send(LiveRequest.chat(ChatFixtures.request(model: "up::flaky:5")))
                #expect(await upstream.wait { $0.requests.count == 6 })
                let other = try await gateway.chat("up::flaky:5")
                #expect(other.status == 503 && other["retry-after"] == "1")
                await client.close()
                var answer = other
                for _ in 0..<10_000 where answer.status == 503 { answer = try await gateway.chat("up::flaky:5") }
                #expect(answer.status == 200 && upstream.journal.requests.count == 7)
            }
        }

        @Test("health page, metrics and log of skips show which circuits are open; names of callers' making nowhere")
        func pages() async throws {
            try await run(open: "600", models: model("bad", "status-500") + "\n" + model("good", "ok")) { gateway, _ in
                for _ in 0..<5 {
                    _ = try await gateway.chat("bad")
                    _ = try await gateway.chat("up::status-502")
                }
                #expect(try await gateway.chat("good").status == 200)
                let page = try await gateway.exchange(LiveRequest.head("GET /status"))
                let providers = (page.json["components"] as? [String: Any])?["providers"] as? [String: Any]
                let up = providers?["up"] as? [String: Any]
                #expect(page.status == 200 && up?["status"] as? String == "degraded")
                let circuits = up?["circuits"] as? [[String: Any]] ?? []
                #expect(circuits.map { $0["model"] as? String } == ["other", "status-500"])
                #expect(circuits.allSatisfy { $0["state"] as? String == "open" })
                #expect(circuits.allSatisfy { (470...720).contains($0["next_try_s"] as? Int ?? 0) })
                #expect(!page.text.contains("status-502"))
                let ready = try await gateway.exchange(LiveRequest.head("GET /ready"))
                #expect(ready.status == 200, "the health of providers never makes the gateway unready")
                let metrics = try await gateway.exchange(LiveRequest.head("GET /metrics")).text
                #expect(metrics.contains(#"gateway_circuit_state{provider="up",model="status-500"} 2"#))
                #expect(metrics.contains(#"gateway_circuit_state{provider="up",model="ok"} 0"#))
                #expect(metrics.contains(#"gateway_circuit_state{provider="up",model="other"} 2"#))
                #expect(!metrics.contains("status-502"))
            }
        }

        @Test("an open circuit survives a reload, and a reload that turns breakers off lets requests through")
        func reload() async throws {
            let upstream = try await ScriptedUpstream.start()
            let file = Mutex("")
            let write: (String) -> Void = { more in
                file.withLock {
                    $0 = """
                        [reliability]
                        retry = { enabled = false }
                        \(more)
                        [gateway.providers.up]
                        type = "openai_compatible"
                        base_url = "\(upstream.baseURL)"
                        """
                }
            }
            write("circuit_breaker = { open_s = 600, max_open_s = 600 }")
            try await LiveGateway.run(reading: { file.withLock { $0 } }) { gateway in
                for _ in 0..<5 { #expect(try await gateway.chat("up::status-500").status == 502) }
                write("circuit_breaker = { open_s = 600, max_open_s = 600, window_s = 20 }")
                #expect(gateway.state.reloader.reload().isAccepted)
                for _ in 0..<4 { #expect(try await gateway.chat("up::status-500").status == 503) }
                #expect(upstream.journal.requests.count == 5)
                write("circuit_breaker = { enabled = false }")
                #expect(gateway.state.reloader.reload().isAccepted)
                var answer = try await gateway.chat("up::status-500")
                // The loops take a snapshot over one after the other.
                for _ in 0..<1_000 where answer.status == 503 { answer = try await gateway.chat("up::status-500") }
                #expect(answer.status == 502)
            }
            await upstream.stop()
        }
    }
}
