import Foundation
import MartletTesting
import Testing

@testable import MartletServer

extension Live {
    /// What `/admin/requests/{id}` tells of requests that were served.
    @Suite("Traces")
    struct Traces {
        /// Runs a gateway whose model `pair` is asked of `one`, then of `two`, and whose alias `either` is the same.
        private func run<Result>(
            _ first: String,
            _ second: String = "ok",
            dataDirectory: String? = nil,
            _ body: (LiveGateway) async throws -> Result
        ) async throws -> Result {
            let upstream = try await ScriptedUpstream.start()
            let toml = """
                [reliability]
                retry = { num_retries = 0 }
                circuit_breaker = { consecutive_failures = 2, open_s = 600, max_open_s = 600 }
                [gateway.providers.one]
                type = "openai_compatible"
                base_url = "\(upstream.baseURL)"
                [gateway.providers.two]
                type = "openai_compatible"
                base_url = "\(upstream.baseURL)"
                [models.pair]
                routing = ["one", "two"]
                [models.pair.providers.one]
                model_name = "\(first)"
                [models.pair.providers.two]
                model_name = "\(second)"
                """
            let outcome: Swift.Result<Result, any Error>
            do {
                outcome = .success(try await LiveGateway.run(toml, dataDirectory: dataDirectory) { try await body($0) })
            } catch { outcome = .failure(error) }
            await upstream.stop()
            return try outcome.get()
        }

        private func page(_ id: String?, _ gateway: LiveGateway) async throws -> RawResponse {
            let path = "GET /admin/requests/\(try #require(id))"
            return try await gateway.exchange(LiveRequest.head(path, key: LiveGateway.adminKey))
        }

        private func codes(_ page: RawResponse) -> [String] {
            (page.json["trace"] as? [[String: Any]] ?? []).compactMap { $0["code"] as? String }
        }

        private func attempts(_ page: RawResponse) -> [[String: Any]] {
            page.json["attempts"] as? [[String: Any]] ?? []
        }

        @Test("a failover is told attempt by attempt, as soon as the answer is there", arguments: [false, true])
        func failover(stream: Bool) async throws {
            try await run("status-500") { gateway in
                let answer = try await gateway.chat("pair", stream: stream)
                #expect(answer.status == 200)
                let page = try await page(answer["x-request-id"], gateway)
                #expect(page.status == 200 && page.json["id"] as? String == answer["x-request-id"])
                #expect(page.json["state"] as? String == "settled" && page.json["provider"] as? String == "two")
                #expect(page.json["model"] as? String == "pair" && page.json["model_name"] as? String == "ok")
                let attempts = attempts(page)
                #expect(attempts.map { $0["provider"] as? String } == ["one", "two"])
                #expect(attempts.map { $0["model_name"] as? String } == ["status-500", "ok"])
                #expect(attempts.map { $0["outcome"] as? String } == ["server_error", "answered"])
                #expect(attempts.map { $0["status"] as? Int } == [500, 200])
                for attempt in attempts {
                    let times = ["began_ms", "sent_ms", "answered_ms", "ended_ms"].compactMap { attempt[$0] as? Int }
                    #expect(times == times.sorted() && times.count == (attempt["status"] as? Int == 200 ? 4 : 3))
                }
                #expect(
                    codes(page) == ["planned", "attempt", "sent", "failed", "attempt", "sent", "committed", "ended"]
                )
                let keyless = LiveRequest.head("GET /admin/requests/x")
                #expect(try await gateway.exchange(keyless).status == 403)
                #expect(try await self.page("nobody", gateway).status == 404)
            }
        }

        @Test("a target that is left alone is told with the cause, and so is a request that nobody could serve")
        func skipped() async throws {
            try await run("status-500", "status-500") { gateway in
                for _ in 0..<2 { #expect(try await gateway.chat("pair").status == 502) }
                let answer = try await gateway.chat("pair", fields: ["x-request-id: order-7"])
                #expect(answer.status == 503 && answer["x-request-id"] == "order-7")
                let page = try await page("order-7", gateway)
                #expect(
                    page.json["state"] as? String == "failed" && page.json["error_code"] as? String == "circuit_open"
                )
                #expect(page.json["client_request_id"] as? String == "order-7" && attempts(page).isEmpty)
                let skips = (page.json["trace"] as? [[String: Any]] ?? []).filter { $0["code"] as? String == "skipped" }
                let values = skips.compactMap { $0["values"] as? [String: Any] }
                #expect(
                    values.allSatisfy { $0["obstacle"] as? String == "circuit_open" && $0["ms"] as? Int ?? 0 > 1_000 }
                )
                #expect(Set(values.compactMap { $0["provider"] as? String }) == ["one", "two"])
                #expect(codes(page).last == "ended")
            }
        }

        @Test("a request is told as it was after a restart with another configuration")
        func restart() async throws {
            let folder = FileManager.default.temporaryDirectory.appending(path: "martlet-trace-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            let before = try await run("status-500", dataDirectory: folder.path) { gateway in
                let id = try await gateway.chat("pair")["x-request-id"]
                return (id: id, page: try await page(id, gateway).text)
            }
            let after = try await LiveGateway.run("", dataDirectory: folder.path) { try await page(before.id, $0).text }
            #expect(after == before.page && after.contains(#""model_name":"status-500""#))
        }

        @Test("a request that still runs is told as such, then as left by its caller")
        func running() async throws {
            try await run("silent") { gateway in
                let client = try await gateway.connect()
                let body = ChatFixtures.request(model: "pair")
                try await client.send(LiveRequest.chat(body, fields: ["x-request-id: slow"]))
                var answer = try await page("slow", gateway)
                while answer.status == 404 { answer = try await page("slow", gateway) }
                #expect(answer.json["state"] as? String == "running")
                await client.close()
                while answer.json["state"] as? String == "running" { answer = try await page("slow", gateway) }
                #expect(answer.json["state"] as? String == "cancelled" && answer.json["status"] as? Int == 499)
                #expect(codes(answer) == ["planned", "attempt", "sent", "client_gone", "ended"])
                #expect(attempts(answer).map { $0["outcome"] as? String } == ["cancelled"])
            }
        }
    }
}
