import Foundation
import MartletGovernance
import MartletStore
import MartletTesting
import Testing

@testable import MartletServer

extension Live {
    /// What the ledger says after requests of every kind.
    @Suite("Usage")
    struct Usage {
        private func usage(_ gateway: LiveGateway, query: String = "") async throws -> [String: Any] {
            let page = LiveRequest.head("GET /admin/usage\(query)", key: LiveGateway.adminKey)
            let answer = try await gateway.exchange(page)
            #expect(answer.status == 200)
            return answer.json
        }

        private let prices = """
            [models.priced]
            input_price_per_mtok = 3.0
            output_price_per_mtok = 15.0
            [models.priced.providers.up]
            model_name = "ok"
            """

        @Test("is exact for answers whose upstream reported it, whole or streamed, asked for or not")
        func reported() async throws {
            try await LiveGateway.run(toml: prices) { gateway, _ in
                for stream in [false, true, false] {
                    #expect(try await gateway.chat("priced", stream: stream).status == 200)
                }
                #expect(try await gateway.chat("priced", stream: true, usage: true).status == 200)
                let totals = try #require(try await usage(gateway)["totals"] as? [String: Any])
                let expected = [
                    "requests": 4, "succeeded": 4, "failed": 0, "cancelled": 0, "interrupted": 0, "attempts": 4,
                    "input_tokens": 44, "output_tokens": 28, "estimated_requests": 0, "unpriced_requests": 0,
                    // 4 × (11 × $3 + 7 × $15) / 10⁶
                    "cost_nano_usd": 552_000,
                ]
                for (name, count) in expected { #expect(totals[name] as? Int == count, "\(name)") }
                #expect(totals["cost_usd"] as? String == "0.000552")
            }
        }

        @Test("counts each ending once, and nothing that was refused before it was admitted")
        func endings() async throws {
            try await LiveGateway.run(toml: prices) { gateway, upstream in
                _ = try await gateway.chat("up::ok")
                _ = try await gateway.chat("up::flaky:1")
                _ = try await gateway.chat("up::status-500")
                _ = try await gateway.chat("up::status-400")
                _ = try await gateway.chat("up::cut", stream: true)
                let client = try await gateway.connect()
                let asked = upstream.journal.requests.count
                try await client.send(LiveRequest.chat(ChatFixtures.request(model: "up::silent")))
                #expect(await upstream.wait { $0.requests.count == asked + 1 })
                let connection = upstream.journal.requests[asked].connection
                await client.close()
                #expect(await upstream.wait { $0.connections[connection].isClosed })
                // Refused: no such model, no JSON, no key.
                #expect(try await gateway.chat("nobody").status == 404)
                #expect(try await gateway.exchange(LiveRequest.chat(Array("{".utf8))).status == 400)
                let keyless = LiveRequest.head("POST /v1/chat/completions", key: "wrong", fields: ["content-length: 0"])
                #expect(try await gateway.exchange(keyless).status == 401)
                let report = try await usage(gateway, query: "?group_by=provider")
                let totals = try #require(report["totals"] as? [String: Any])
                let expected = [
                    "requests": 6, "succeeded": 2, "failed": 2, "cancelled": 1, "interrupted": 1,
                    "attempts": 1 + 2 + 2 + 1 + 1 + 1, "estimated_requests": 2,
                ]
                for (name, count) in expected { #expect(totals[name] as? Int == count, "\(name)") }
                let rows = try #require(report["data"] as? [[String: Any]])
                #expect(rows.count == 1 && rows.first?["provider"] as? String == "up")
            }
        }

        @Test("names the key that asked")
        func keys() async throws {
            try await LiveGateway.run { gateway, _ in
                _ = try await gateway.chat("up::ok")
                let now = Timestamp(unixSeconds: Int64(Date.now.timeIntervalSince1970))
                let made = try gateway.state.keyStore.create(name: "live", scopes: [.inference], now: now)
                let body = ChatFixtures.request(model: "up::ok")
                let fields = ["content-length: \(body.count)"]
                let bytes = LiveRequest.head("POST /v1/chat/completions", key: made.text, fields: fields) + body
                #expect(try await gateway.exchange(bytes).status == 200)
                let rows = try #require(try await usage(gateway, query: "?group_by=key")["data"] as? [[String: Any]])
                let keys = Set(rows.compactMap { $0["key"] as? String })
                #expect(keys.count == 2 && keys.contains("static"))
                #expect(rows.allSatisfy { $0["requests"] as? Int == 1 })
            }
        }
    }
}
