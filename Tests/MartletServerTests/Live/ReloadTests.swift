import Foundation
import MartletCore
import MartletTesting
import Synchronization
import Testing

@testable import MartletServer

extension Live {
    @Suite("Reload")
    struct Reload {
        /// A file that tests write.
        private final class File: Sendable {
            private let text: Mutex<String>
            init(_ text: String) { self.text = Mutex(text) }
            var content: String { text.withLock { $0 } }
            func write(_ new: String) { text.withLock { $0 = new } }
        }

        /// How far clients and reloads have come.
        private final class Progress: Sendable {
            let isOver = Atomic(false)
            let served = Atomic(0)
        }

        private static func toml(_ upstream: ScriptedUpstream, model: String, more: String = "") -> String {
            """
            [gateway.providers.up]
            type = "openai_compatible"
            base_url = "\(upstream.baseURL)"
            [models.stable]
            routing = ["up"]
            [models.stable.providers.up]
            model_name = "\(model)"
            \(more)
            """
        }

        private func run(
            model: String = "ok",
            log: @escaping @Sendable (String) -> Void = { _ in },
            _ body: (LiveGateway, ScriptedUpstream, File) async throws -> Void
        ) async throws {
            let upstream = try await ScriptedUpstream.start()
            let file = File(Self.toml(upstream, model: model))
            let outcome: Result<Void, any Error>
            do {
                outcome = .success(
                    try await LiveGateway.run(reading: { file.content }, log: log) { gateway in
                        try await body(gateway, upstream, file)
                    }
                )
            } catch { outcome = .failure(error) }
            await upstream.stop()
            try outcome.get()
        }

        private func adminReload(_ gateway: LiveGateway) async throws -> RawResponse {
            let fields = ["content-length: 0"]
            return try await gateway.exchange(
                LiveRequest.head("POST /admin/reload", key: LiveGateway.adminKey, fields: fields)
            )
        }

        private func health(_ gateway: LiveGateway) async throws -> [String: Any] {
            try await gateway.exchange(LiveRequest.head("GET /health")).json
        }

        @Test("hundreds of reloads under load, half of them broken, lose and change no answer")
        func underLoad() async throws {
            try await run { gateway, upstream, file in
                let good = ["ok", "paced:1"].map { Self.toml(upstream, model: $0) }
                let broken = [
                    "[models.stable", "[server]\nbnid = \"x\"\n", "[models.stable]\nrouting = [\"nobody\"]\n",
                    "[models.stable]\nrouting = 7\n", "[gateway.providers.up]\ntype = \"openai_compatible\"\n",
                ]
                let progress = Progress()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for client in 0..<6 {
                        group.addTask {
                            let isStream = client.isMultiple(of: 2)
                            let connection = try await gateway.connect()
                            while !progress.isOver.load(ordering: .relaxed) {
                                let body = ChatFixtures.request(model: "stable", stream: isStream)
                                try await connection.send(LiveRequest.chat(body))
                                let answer = try await connection.response()
                                #expect(answer.status == 200 && answer.isComplete)
                                #expect(["ok", "paced:1"].contains(answer["x-gateway-model"]))
                                if isStream {
                                    #expect(answer.text.hasSuffix("data: [DONE]\n\n"))
                                } else {
                                    #expect(answer.body == ChatFixtures.answer)
                                }
                                progress.served.add(1, ordering: .relaxed)
                            }
                            await connection.close()
                        }
                    }
                    group.addTask {
                        defer { progress.isOver.store(true, ordering: .relaxed) }
                        for round in 0..<400 {
                            let before = gateway.state.reloader.snapshot
                            let isGood = round.isMultiple(of: 2)
                            let choices = isGood ? good : broken
                            file.write(choices[round / 2 % choices.count])
                            let outcome = gateway.state.reloader.reload()
                            #expect(outcome.isAccepted == isGood)
                            #expect((gateway.state.reloader.snapshot === before) != isGood)
                            // Requests and reloads take turns, however fast either is.
                            let soFar = progress.served.load(ordering: .relaxed)
                            while round.isMultiple(of: 4), progress.served.load(ordering: .relaxed) == soFar {
                                await Task.yield()
                            }
                        }
                        // Some requests begin on what the last reloads left.
                        let soFar = progress.served.load(ordering: .relaxed)
                        while progress.served.load(ordering: .relaxed) < soFar + 20 { await Task.yield() }
                    }
                    try await group.waitForAll()
                }
                let count = progress.served.load(ordering: .relaxed)
                #expect(count >= 120)
                #expect(upstream.journal.requests.count == count)
                let usage = LiveRequest.head("GET /admin/usage", key: LiveGateway.adminKey)
                let totals = try #require(try await gateway.exchange(usage).json["totals"] as? [String: Any])
                #expect(totals["requests"] as? Int == count && totals["succeeded"] as? Int == count)
                let reloads = gateway.state.shared.health.reloads
                #expect(reloads.accepted == 200 && reloads.refused == 200)
            }
        }

        @Test("a running stream ends on the configuration it began with; the next request meets the new one")
        func running() async throws {
            try await run(model: "paced:100") { gateway, upstream, file in
                let client = try await gateway.connect()
                try await client.send(LiveRequest.chat(ChatFixtures.request(model: "stable", stream: true)))
                try await client.received(1_000)
                file.write("[models.mock]\n")
                #expect(try await adminReload(gateway).status == 200)
                let next = try await gateway.chat("stable")
                #expect(next.status == 404 && next.errorCode == "model_not_found")
                #expect(try await gateway.chat("mock").status == 200)
                let answer = try await client.response()
                #expect(answer.status == 200 && answer.text.hasSuffix("data: [DONE]\n\n"))
                await client.close()
                let list = try await gateway.exchange(LiveRequest.head("GET /v1/models"))
                #expect(list.text.contains(#""mock""#) && !list.text.contains("stable"))
            }
        }

        @Test("a refused reload names file, line and column, keeps the old configuration and shows in the health page")
        func refused() async throws {
            let log = File("")
            try await run(log: { log.write(log.content + $0) }) { gateway, upstream, file in
                file.write("[server]\nmax_body_mb = \"many\"\n")
                let answer = try await adminReload(gateway)
                #expect(answer.status == 400 && answer.errorCode == "configuration_invalid")
                let finding = try #require((answer.json["findings"] as? [[String: Any]])?.first)
                #expect(finding["severity"] as? String == "error")
                #expect(finding["file"] as? String == "/live/martlet.toml" && finding["line"] as? Int == 2)
                #expect((finding["place"] as? String)?.hasPrefix("/live/martlet.toml:2:") == true)
                #expect(try await gateway.chat("stable").status == 200)

                let page = try await health(gateway)
                #expect(page["status"] as? String == "degraded")
                let config = try #require((page["components"] as? [String: Any])?["config"] as? [String: Any])
                #expect(config["status"] as? String == "degraded")
                let places = try #require(config["errors_at"] as? [String])
                #expect(places.first?.hasPrefix("martlet.toml:2:") == true)
                #expect(try await gateway.exchange(LiveRequest.head("GET /ready")).status == 200)
                #expect(log.content.split(separator: "/live/martlet.toml:2:").count == 2)

                file.write(Self.toml(upstream, model: "paced:1"))
                #expect(try await adminReload(gateway).json["status"] as? String == "ok")
                #expect(try await health(gateway)["status"] as? String == "ok")
                #expect(try await gateway.chat("stable")["x-gateway-model"] == "paced:1")
                let metrics = try await gateway.exchange(LiveRequest.head("GET /metrics")).text
                #expect(metrics.contains(#"gateway_config_reloads_total{result="accepted"} 1"#))
                #expect(metrics.contains(#"gateway_config_reloads_total{result="refused"} 1"#))
            }
        }

        @Test("only who holds an admin key may reload, and only by POST")
        func access() async throws {
            try await run { gateway, _, _ in
                let plain = try await gateway.exchange(
                    LiveRequest.head("POST /admin/reload", fields: ["content-length: 0"])
                )
                #expect(plain.status == 403)
                let get = try await gateway.exchange(
                    LiveRequest.head("GET /admin/reload", key: LiveGateway.adminKey)
                )
                #expect(get.status == 405 && get["allow"] == "POST")
                #expect(gateway.state.shared.health.reloads == (0, 0))
            }
        }

        @Test("what is known of a target survives a reload, and is no matter once its account is gone")
        func targetState() async throws {
            try await run(model: "status-500") { gateway, upstream, file in
                #expect(try await gateway.chat("stable").status == 502)
                #expect(try await health(gateway)["status"] as? String == "degraded")
                file.write(Self.toml(upstream, model: "status-500", more: "[server]\nmax_body_mb = 3\n"))
                #expect(try await adminReload(gateway).status == 200)
                let providers = (try await health(gateway)["components"] as? [String: Any])?["providers"]
                let up = (providers as? [String: Any])?["up"] as? [String: Any]
                #expect(up?["status"] as? String == "degraded")
                file.write("[models.mock]\n")
                #expect(try await adminReload(gateway).status == 200)
                #expect(try await health(gateway)["status"] as? String == "ok")
            }
        }

        @Test("a second gateway on the same data directory is refused with the process that has it")
        func oneProcess() async throws {
            try await run { gateway, _, _ in
                let pid = ProcessInfo.processInfo.processIdentifier
                var text = ""
                do {
                    try await LiveGateway.run("", dataDirectory: gateway.dataDirectory) { _ in }
                } catch { text = "\(error)" }
                #expect(text.contains(gateway.dataDirectory) && text.contains("(process \(pid))"))
                let answer = try await gateway.chat("stable")
                #expect(answer.status == 200)
            }
        }
    }
}
