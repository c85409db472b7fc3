import GRDB
import MartletCore
import MartletGovernance
import Testing

@testable import MartletStore

@Suite("Usage store") struct UsageStoreTests {
    @Test("counts an ending once, whatever comes before, with or after it")
    func endings() throws {
        let bench = try Bench()
        let orders: [[LedgerRecord.State]] = [
            [.intent, .settled], [.settled, .intent], [.settled], [.settled, .failed], [.intent, .settled, .cancelled],
            [.settled, .settled],
        ]
        var number: UInt64 = 0
        for order in orders {
            for oneByOne in [true, false] {
                number += 1
                let records = order.map { sample(number, $0) }
                for batch in oneByOne ? records.map({ [$0] }) : [records] {
                    try bench.store.apply(batch)
                }
                #expect(try bench.store.record(sample(number).id) == sample(number))
            }
        }
        let totals = try bench.store.report(everyDay).totals
        #expect(totals.requests == Int64(number))
        #expect(totals.succeeded == Int64(number))
        #expect(try sumOfRows(bench.store, database: bench.database) == totals)
    }

    @Test("does not count an open intent")
    func openIntent() throws {
        let bench = try Bench()
        try bench.store.apply([sample(1, .intent)])
        let report = try bench.store.report(everyDay)
        #expect(report.rows.isEmpty)
        #expect(report.totals == UsageCounts())
    }

    @Test("keeps absent token counts apart from zero")
    func absentCounts() throws {
        let bench = try Bench()
        var record = sample(1, cost: nil)
        record.usage.cacheReadTokens = nil
        record.usage.cacheWriteTokens = 0
        record.clientRequestID = nil
        try bench.store.apply([record])
        #expect(try bench.store.record(record.id) == record)
        #expect(try bench.store.report(everyDay).totals.unpricedRequests == 1)
    }

    @Test("groups by any dimensions, in order, within days that are both included")
    func grouping() throws {
        let bench = try Bench()
        var records: [LedgerRecord] = []
        for number in 0..<40 {
            let number = UInt64(number)
            records.append(sample(number, day: number % 4, key: "key-\(number % 2)", model: "model-\(number % 5)"))
        }
        try bench.store.apply(records)
        let first = CivilDay(unixMilliseconds: sampleDay)
        let middle = UsageQuery(from: first.advanced(by: 1), to: first.advanced(by: 2), groupBy: [.day])
        let days = try bench.store.report(middle)
        #expect(days.rows.map(\.day) == [first.advanced(by: 1), first.advanced(by: 2)])
        #expect(days.rows.map(\.counts.requests) == [10, 10])
        #expect(days.rows.allSatisfy { $0.key == nil && $0.model == nil && $0.provider == nil })
        #expect(days.totals.requests == 20)
        let all = UsageQuery(from: first, to: first.advanced(by: 3), groupBy: [.model, .key])
        #expect(all.groupBy == [.key, .model])
        let rows = try bench.store.report(all).rows
        #expect(rows.map { "\($0.key ?? "") \($0.model ?? "")" }.first == "key-0 model-0")
        #expect(rows.count == 10)
        #expect(rows.reduce(0) { $0 + $1.counts.requests } == 40)
    }

    @Test("renders the body of the usage route")
    func json() throws {
        let bench = try Bench()
        try bench.store.apply([
            sample(1, model: "a\"b", cost: NanoUSD(123_000)), sample(2, .failed, model: "a\"b", cost: nil),
        ])
        let day = CivilDay(unixMilliseconds: sampleDay)
        let sums = """
            "requests":2,"succeeded":1,"failed":1,"cancelled":0,"interrupted":0,"attempts":2,"input_tokens":20,\
            "output_tokens":40,"cache_read_tokens":8,"cache_write_tokens":0,"reasoning_tokens":6,\
            "estimated_requests":0,"unpriced_requests":1,"cost_nano_usd":123000,\
            "cache_write_1h_tokens":0,"audio_input_tokens":0,"audio_output_tokens":0,"image_input_tokens":0,\
            "image_output_tokens":0,"reported_requests":0,"reported_difference_nano_usd":0,"cost_usd":"0.000123"}
            """
        #expect(
            try bench.store.report(UsageQuery(from: day, to: day)).json == """
                {"object":"usage","from":"2026-11-20","to":"2026-11-20","group_by":["day","key","model","provider"],\
                "data":[{"day":"2026-11-20","key":"abcdefghijkl","model":"a\\"b","provider":"openai",\(sums)],\
                "totals":{\(sums)}
                """
        )
    }

    @Test("stays at the largest number where sums would overflow, and goes on storing")
    func overflow() throws {
        let bench = try Bench()
        for number in 0..<3 {
            let record = sample(UInt64(number), output: .max, cost: NanoUSD(.max))
            try bench.store.apply([record])
        }
        let totals = try bench.store.report(everyDay).totals
        #expect(totals.requests == 3)
        #expect(totals.outputTokens == .max)
        #expect(totals.cost == NanoUSD(.max))
    }

    @Test("tells models apart that only canonical equivalence makes equal")
    func byteWise() throws {
        let bench = try Bench()
        try bench.store.apply([
            sample(1, model: "caf\u{E9}"), sample(2, model: "cafe\u{301}"),
        ])
        #expect(try bench.store.report(everyDay).rows.count == 2)
    }

    @Test("deletes old endings but neither open intents nor sums")
    func retention() throws {
        let bench = try Bench()
        let records = (0..<30).map { sample(UInt64($0), day: UInt64($0)) } + [sample(100, .intent)]
        try bench.store.apply(records)
        let before = try bench.store.report(everyDay)
        var deleted = 0
        while true {
            let count = try bench.store.deleteRecords(receivedBefore: sampleDay + 10 * 86_400_000, limit: 3)
            deleted += count
            if count < 3 { break }
        }
        #expect(deleted == 10)
        #expect(try bench.store.record(sample(100).id)?.state == .intent)
        #expect(try bench.store.record(sample(10, day: 10).id) != nil)
        #expect(try bench.store.record(sample(9, day: 9).id) == nil)
        #expect(try bench.store.report(everyDay) == before)
    }

    @Test("refuses a database that a newer release has changed")
    func newerSchema() throws {
        let bench = try Bench()
        try bench.database.pool.write { db in
            try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('9 from the future')")
        }
        let error = #expect(throws: StoreError.self) { try MartletDatabase(bench.directory) }
        #expect(error == .newerSchema(path: bench.directory.databasePath))
    }

    @Test("waits for another process that holds the database, and reports when it takes too long")
    func busy() throws {
        let bench = try Bench()
        let other = try MartletDatabase(bench.directory, busyTimeout: .milliseconds(20))
        try bench.database.pool.write { _ -> Void in
            #expect(throws: StoreError.self) {
                try UsageStore(other).apply([sample(1)])
            }
        }
        try UsageStore(other).apply([sample(1)])
        #expect(try bench.store.report(everyDay).totals.requests == 1)
    }
}

@Suite("Usage query") struct UsageQueryTests {
    @Test("parses its dimensions and refuses unknown, double and empty ones")
    func dimensions() {
        #expect(UsageQuery.dimensions("model,day") == [.model, .day])
        for bad in ["", "day,", "day,day", "hour", "day model"] { #expect(UsageQuery.dimensions(bad) == nil) }
    }
}
