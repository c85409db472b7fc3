import MartletCore
import MartletGovernance
import MartletStore
import Testing

@testable import MartletServer

@Suite("Usage route", .timeLimit(.minutes(1)))
struct UsageRouteTests {
    private func record(
        _ number: UInt64,
        day: Int = 0,
        key: String = "abcdefghijkl",
        model: String = "gpt-5-mini"
    ) -> LedgerRecord {
        let time = UInt64(Int64(AdminBench.now) + Int64(day) * 86_400_000)
        return LedgerRecord(
            id: RecordID(unixMilliseconds: time, random: (number, number &* 77)),
            state: .settled,
            receivedAt: time,
            recordedAt: time,
            key: APIKeyID(key),
            model: model,
            provider: "openai",
            upstreamModel: model,
            attempts: 1,
            status: 200,
            streamed: false,
            usage: Usage(inputTokens: 10, outputTokens: 3, cacheReadTokens: 4, reasoningTokens: 1),
            cost: NanoUSD(123_000)
        )
    }

    @Test("answers with every record that was appended before the question")
    func report() async throws {
        let bench = try AdminBench()
        let writer = bench.ledger.spool.makeWriter(shard: 0)
        writer.encode(record(1))
        writer.encode(record(2, day: -1, key: "static"))
        writer.encode(record(3, day: -40))
        try writer.append()
        let answer = try await bench.send("GET", "/admin/usage")
        #expect(answer.status == 200 && answer.contentType == "application/json")
        let body = answer.object
        #expect(body["object"] as? String == "usage")
        #expect(body["from"] as? String == "2026-10-22" && body["to"] as? String == "2026-11-20")
        #expect(body["group_by"] as? [String] == ["day", "key", "model", "provider"])
        let rows = try #require(body["data"] as? [[String: Any]])
        #expect(rows.map { $0["day"] as? String } == ["2026-11-19", "2026-11-20"])
        #expect(rows.map { $0["key"] as? String } == ["static", "abcdefghijkl"])
        #expect(rows.first?["cost_usd"] as? String == "0.000123")
        let totals = try #require(body["totals"] as? [String: Any])
        #expect(totals["requests"] as? Int == 2)
        #expect(totals["input_tokens"] as? Int == 20 && totals["cache_read_tokens"] as? Int == 8)
        #expect(totals["cost_nano_usd"] as? Int == 246_000)
    }

    @Test("groups by what is asked, in any order")
    func grouping() async throws {
        let bench = try AdminBench()
        let writer = bench.ledger.spool.makeWriter(shard: 0)
        for (number, model) in ["a", "b", "a"].enumerated() { writer.encode(record(UInt64(number), model: model)) }
        try writer.append()
        let answer = try await bench.send("GET", "/admin/usage", query: "group_by=model%2Cday&from=2026-11-20")
        #expect(answer.object["group_by"] as? [String] == ["day", "model"])
        let rows = try #require(answer.object["data"] as? [[String: Any]])
        #expect(rows.map { $0["model"] as? String } == ["a", "b"])
        #expect(rows.map { $0["requests"] as? Int } == [2, 1])
        #expect(rows.allSatisfy { $0["key"] == nil && $0["provider"] == nil })
    }

    @Test(
        "refuses parameters that are wrong and names them",
        arguments: [
            ("from=yesterday", "from"), ("from=2026-02-30", "from"), ("to=2026-11-20T00:00:00Z", "to"), ("to=", "to"),
            ("from", "from"), ("from=2026-11-21", "from"), ("from=2026-11-20&to=2026-11-19", "from"),
            ("group_by=hour", "group_by"), ("group_by=", "group_by"), ("group_by=day,day", "group_by"),
            ("group_by=day,%20key", "group_by"), ("limit=3", "limit"), ("to=2026-11-20&to=2026-11-20", "to"),
            ("to=%zz", "to"), ("to=%ff", "to"), ("To=2026-11-20", "To"),
        ]
    )
    func badQueries(query: String, param: String) async throws {
        let answer = try await AdminBench().send("GET", "/admin/usage", query: query)
        #expect(answer.status == 400)
        #expect(answer.code == "invalid_value")
        #expect(answer.param == param)
    }

    @Test("counts the default range back from its end")
    func ranges() throws {
        let today = CivilDay(unixMilliseconds: AdminBench.now)
        let query = try UsageRoute.query("to=2026-03-01&", today: today)
        #expect(query.from.description == "2026-01-31" && query.to.description == "2026-03-01")
        let one = try UsageRoute.query("from=2026-11-20", today: today)
        #expect(one.from == today && one.to == today)
        #expect(try UsageRoute.query(nil, today: today) == UsageRoute.query("", today: today))
    }

    @Test("says that the store is unavailable when the ledger has stopped")
    func stopped() async throws {
        let bench = try AdminBench()
        try bench.ledger.stop()
        let answer = try await bench.send("GET", "/admin/usage")
        #expect(answer.status == 503 && answer.code == "dependency_unavailable")
    }
}
