import MartletCore
import MartletGovernance
import MartletRouting
import MartletStore
import Testing

@testable import MartletServer

@Suite("Requests route", .timeLimit(.minutes(1)))
struct RequestsRouteTests {
    private func record(_ state: LedgerRecord.State, trace: [UInt8]) -> LedgerRecord {
        LedgerRecord(
            id: RecordID(unixMilliseconds: AdminBench.now, random: (1, 2)),
            state: state,
            receivedAt: AdminBench.now + 7,
            recordedAt: AdminBench.now + 900,
            key: APIKeyID("abcdefghijkl"),
            model: "fast",
            provider: "two",
            upstreamModel: "gpt-5-mini",
            attempts: 2,
            status: state == .intent ? 0 : 200,
            streamed: true,
            usage: Usage(inputTokens: 10, outputTokens: 3, cacheReadTokens: 4),
            cost: NanoUSD(123_000),
            durationMilliseconds: 893,
            firstTokenMilliseconds: 40,
            clientRequestID: "order-7",
            trace: trace
        )
    }

    private func answer(_ record: LedgerRecord, _ id: String = "order-7") async throws -> AdminAnswer {
        let bench = try AdminBench()
        let writer = bench.ledger.spool.makeWriter(shard: 0)
        writer.encode(record)
        try writer.append()
        return try await bench.send("GET", "/admin/requests/" + id)
    }

    @Test("tells what was asked, how it ended, what it cost, and every attempt and decision with its time")
    func whole() async throws {
        // Form, no flags, OpenAI's surface, chat completions, four entries, two names of which the record says one.
        let trace: [UInt8] =
            [1, 0, 0, 1, 5, 0 | 1 << 6, 1, 4, 2 | 2 << 6, 0, 0, 2, 3 | 2 << 6, 20, 8, 0xEE, 0x07]
            + [2 | 2 << 6, 5, 2, 4, 10 | 2 << 6, 30, 2, 0x90, 0x03]
            + [0, 3] + Array("one".utf8) + [1] + Array("m".utf8) + [2, 0]
        let body = try await answer(record(.settled, trace: trace)).object
        #expect(body["object"] as? String == "request" && body["client_request_id"] as? String == "order-7")
        #expect(body["id"] as? String == record(.settled, trace: []).id.description)
        #expect(body["state"] as? String == "settled" && body["status"] as? Int == 200)
        #expect(body["received_at"] as? String == "2026-11-20T12:00:00.007Z")
        #expect(body["model"] as? String == "fast" && body["provider"] as? String == "two")
        #expect(body["model_name"] as? String == "gpt-5-mini" && body["route"] as? String == "cloud")
        #expect(body["surface"] as? String == "openai" && body["endpoint"] as? String == "chat_completions")
        #expect(body["key"] as? String == "abcdefghijkl" && body["stream"] as? Bool == true)
        #expect(body["duration_ms"] as? Int == 893 && body["first_token_ms"] as? Int == 40)
        #expect(body["cost_usd"] as? String == "0.000123" && body["matches"] as? Int == 1)
        let usage = try #require(body["usage"] as? [String: Any])
        #expect(usage["input_tokens"] as? Int == 10 && usage["cache_read_tokens"] as? Int == 4)
        #expect(usage["estimated"] as? Bool == false && usage["reasoning_tokens"] == nil)
        let attempts = try #require(body["attempts"] as? [[String: Any]])
        #expect(attempts.map { $0["outcome"] as? String } == ["server_error", "answered"])
        #expect(attempts.map { $0["provider"] as? String } == ["one", "two"])
        #expect(attempts.map { $0["began_ms"] as? Int } == [1, 26])
        #expect(attempts.map { $0["ended_ms"] as? Int } == [21, 893])
        #expect(attempts.map { $0["status"] as? Int } == [503, 200])
        let entries = try #require(body["trace"] as? [[String: Any]])
        #expect(
            entries.map { $0["text"] as? String } == [
                "planned 2 targets; reason: named", "attempt 1 at one (m)", "one (m) failed: server error, status 503",
                "attempt 2 at two (gpt-5-mini)", "answer of two (gpt-5-mini) begins, status 200",
                "answered in full, status 200",
            ]
        )
        #expect(entries.map { $0["at_ms"] as? Int } == [1, 1, 21, 26, 56, 893])
        #expect((entries[2]["values"] as? [String: Any])?["kind"] as? String == "server_error")
        #expect(body["trace_cut"] as? Bool == false)
    }

    @Test("reads the texts that the first releases kept of failures")
    func text() async throws {
        let old = Array("planned targets=1 reason=named;failed kind=serverError status=500;".utf8)
        let entries = try #require(try await answer(record(.failed, trace: old)).object["trace"] as? [[String: Any]])
        #expect(entries.map { $0["code"] as? String } == ["planned", "failed", "ended"])
        #expect(entries[1]["text"] as? String == "failed kind=serverError status=500")
        let none = try await answer(record(.settled, trace: [])).object
        #expect((none["trace"] as? [[String: Any]])?.count == 1 && (none["attempts"] as? [Any])?.isEmpty == true)
    }

    @Test("tells a request that runs from one that has ended")
    func running() async throws {
        let body = try await answer(record(.intent, trace: [])).object
        #expect(body["state"] as? String == "running" && body["duration_ms"] == nil && body["status"] == nil)
        #expect((body["trace"] as? [Any])?.isEmpty == true)
    }

    @Test("an unknown id is not found, other methods and parameters are refused")
    func refused() async throws {
        let bench = try AdminBench()
        for id in ["nobody", RecordID(high: 1, low: 2).description, "x%20y"] {
            let answer = try await bench.send("GET", "/admin/requests/" + id)
            #expect(answer.status == 404 && answer.code == "not_found" && answer.param == "id")
        }
        #expect(try await bench.send("DELETE", "/admin/requests/x").status == 405)
        #expect(try await bench.send("GET", "/admin/requests/x", query: "all=1").code == "invalid_value")
    }

    @Test("says that the store is unavailable when the ledger has stopped")
    func stopped() async throws {
        let bench = try AdminBench()
        try bench.ledger.stop()
        #expect(try await bench.send("GET", "/admin/requests/x").status == 503)
    }
}
