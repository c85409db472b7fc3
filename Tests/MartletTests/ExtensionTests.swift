import Martlet
import MartletTesting
import Testing

extension EmbeddedGateway {
    @Suite("Extensions") struct ExtensionTests {
        @Test("a quota refuses before anything is sent to a provider")
        func veto() async throws {
            let watcher = Watcher()
            try await Embedded.run { gateway in
                gateway.quota = ScriptedQuota { request in
                    request.isStream ? .refuse(Refusal(.quotaExceeded, "No streams.", retryAfterSeconds: 60)) : .allow
                }
                gateway.observers = [watcher]
            } _: { gateway in
                let refused = try await gateway.ask(stream: true)
                #expect(refused.status == 429 && refused["retry-after"] == "60")
                #expect(refused.text.contains("quota_exceeded") && refused.text.contains("No streams."))
                #expect(gateway.upstream.journal.requests.isEmpty)
                let told = try await watcher.next()
                #expect(told.status == 429 && told.state == .failed && told.isRecorded && told.provider == nil)
                #expect(try await gateway.ask().status == 200)
                let settled = try await watcher.next()
                #expect(settled.state == .settled && settled.isRecorded && settled.key == "static")
                #expect(settled.provider == "us" && settled.region == "us-east-1" && settled.model == "ok")
            }
            #expect(watcher.all.count == 2)
        }

        @Test("another price is what the usage report, the metrics and the observers say")
        func price() async throws {
            let watcher = Watcher()
            try await Embedded.run { gateway in
                gateway.quota = ScriptedQuota { _ in .charge(PriceAdjustment(surcharge: 5_000_000)) }
                gateway.observers = [watcher]
            } _: { gateway in
                #expect(try await gateway.ask().status == 200)
                let settled = try await watcher.next()
                let usual = settled.inputTokens * 1_000 + settled.outputTokens * 2_000
                #expect(settled.cost == usual + 5_000_000)
                let report = try await gateway.get("/admin/usage", key: Embedded.adminKey).text
                #expect(report.contains("\"cost_nano_usd\":\(usual + 5_000_000)"), "\(report)")
            }
        }

        @Test("a quota that does not answer in time refuses or lets through, counts, and is cancelled")
        func deadline() async throws {
            for mode in [FailureMode.closed, .open] {
                let (cancelled, noteCancelled) = AsyncStream.makeStream(of: Void.self)
                let log = Lines()
                try await Embedded.run(log: log) { gateway in
                    gateway.quota = ScriptedQuota(deadline: .milliseconds(20), failureMode: mode) { _ in
                        try? await Task.sleep(for: .seconds(60))
                        noteCancelled.yield()
                        return .allow
                    }
                } _: { gateway in
                    let answer = try await gateway.ask()
                    #expect(answer.status == (mode == .open ? 200 : 503))
                    var iterator = cancelled.makeAsyncIterator()
                    await iterator.next()
                    #expect(try await gateway.metric("gateway_quota_failures_total") == "1")
                }
                #expect(log.all.contains("quota extension: it did not answer in time"))
            }
        }

        @Test("a quota that throws is no answer, and what it threw is nobody's but its type")
        func thrown() async throws {
            struct SecretError: Error { let secret = "hunter2" }
            let log = Lines()
            try await Embedded.run(log: log) { gateway in
                gateway.quota = ScriptedQuota { _ in throw SecretError() }
            } _: { gateway in
                let answer = try await gateway.ask()
                #expect(answer.status == 503 && !answer.text.contains("SecretError"))
            }
            #expect(log.all.contains("it threw SecretError") && !log.all.contains("hunter2"))
        }

        @Test("policies narrow one after the other; with none left the request is refused")
        func targets() async throws {
            let europe = ScriptedPolicy { _, options in
                .use(options.filter { $0.region?.hasPrefix("eu-") == true })
            }
            try await Embedded.run { gateway in
                gateway.targetPolicies = [
                    ScriptedPolicy { _, options in .use(options.reversed() + options) }, europe,
                ]
            } _: { gateway in
                let answer = try await gateway.ask()
                #expect(answer.status == 200 && answer["x-provider"] == "eu")
                let refused = try await gateway.ask("us::ok")
                #expect(refused.status == 403 && refused.text.contains("forbidden"))
                #expect(gateway.upstream.journal.requests.count == 1)
            }
        }

        @Test("what an observer has no room for is dropped and counted, and holds up nobody")
        func slowObserver() async throws {
            let (gate, open) = AsyncStream.makeStream(of: Void.self)
            let watcher = Watcher(queueCapacity: 2, gate: gate)
            try await Embedded.run(toml: "[server]\ndrain_delay_s = 0\n") { gateway in
                gateway.observers = [watcher]
            } _: { gateway in
                for _ in 0..<6 { #expect(try await gateway.ask().status == 200) }
                // One is being told at most, and two wait.
                let dropped = try #require(
                    try await gateway.metric("gateway_settlements_dropped_total").flatMap { Int($0) }
                )
                #expect((3...4).contains(dropped))
                for _ in 0..<6 { open.yield() }
                gateway.running.cancel()
                try await gateway.running.value
                // The end waited for those that were in the queue.
                #expect(watcher.all.count == 6 - dropped)
            }
        }

        @Test("an observer that hangs does not keep the gateway from ending")
        func hungObserver() async throws {
            let (gate, open) = AsyncStream.makeStream(of: Void.self)
            let log = Lines()
            try await Embedded.run(toml: "[server]\ndrain_delay_s = 0\nshutdown_grace_s = 0.1\n", log: log) { gateway in
                gateway.observers = [Watcher(gate: gate)]
            } _: { gateway in
                #expect(try await gateway.ask().status == 200)
                gateway.running.cancel()
                try await gateway.running.value
            }
            #expect(log.all.contains("settlement observer: 1 settlements were not taken before the end"))
            open.finish()
        }
    }
}
