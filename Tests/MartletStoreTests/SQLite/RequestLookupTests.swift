import Foundation
import GRDB
import MartletCore
import MartletGovernance
import Testing

@testable import MartletStore

@Suite("Requests by id", .timeLimit(.minutes(1)))
struct RequestLookupTests {
    /// A ledger that runs, on a directory of its own.
    private final class Running {
        let bench: Bench
        let ledger: UsageLedger

        init(intentHold: Duration = .seconds(60)) throws {
            bench = try Bench()
            var options = SpoolOptions(segmentBytes: 4_096, totalBytes: 1 << 20, reserveBytes: 64 << 10)
            options.intentHold = intentHold
            ledger = try UsageLedger(bench.directory, database: bench.database, options: options, now: sampleDay)
            ledger.start()
        }

        deinit { try? ledger.stop() }

        func append(_ records: LedgerRecord...) throws {
            let writer = ledger.spool.makeWriter(shard: 0)
            for record in records { writer.encode(record) }
            try writer.append()
        }
    }

    private func record(_ number: UInt64, client: String?, _ state: LedgerRecord.State = .settled) -> LedgerRecord {
        var record = sample(number, state)
        record.clientRequestID = client
        return record
    }

    @Test("a record is found by its own id at once, in either case, also while its request runs")
    func own() async throws {
        let running = try Running()
        try running.append(record(1, client: nil), record(2, client: nil, .intent))
        for number in 1...2 as ClosedRange<UInt64> {
            let id = sample(number).id
            for text in [id.description, id.description.uppercased()] {
                let found = try #require(try await running.ledger.request(text))
                #expect(found.record.id == id && found.matches == 1 && found.others.isEmpty)
                #expect(found.record.state == (number == 1 ? .settled : .intent))
            }
        }
        #expect(try await running.ledger.request(sample(3).id.description) == nil)
        #expect(try await running.ledger.request("") == nil)
    }

    @Test(
        "the id of a caller names its newest request, and how many more there are",
        arguments: [Duration.zero, .seconds(60)]
    )
    func client(hold: Duration) async throws {
        let running = try Running(intentHold: hold)
        let ended = (1...30 as ClosedRange<UInt64>).map { record($0, client: "order-7") }
        for record in ended.shuffled() { try running.append(record) }
        try running.append(record(40, client: "order"), record(41, client: "ORDER-7"))
        var found = try #require(try await running.ledger.request("order-7"))
        #expect(found.record.id == sample(30).id && found.matches == 30)
        #expect(found.others == (10...29).reversed().map { sample($0).id })
        try running.append(record(50, client: "order-7", .intent))
        found = try #require(try await running.ledger.request("order-7"))
        #expect(found.record.id == sample(50).id && found.record.state == .intent && found.matches == 31)
        try running.append(record(50, client: "order-7"))
        found = try #require(try await running.ledger.request("order-7"))
        #expect(found.record.state == .settled && found.matches == 31)
        #expect(try await running.ledger.request("order-") == nil)
    }

    @Test("an id of a caller that looks like a record's is found, unless it is one")
    func lookalike() async throws {
        let running = try Running()
        let text = sample(9).id.description
        try running.append(record(1, client: text))
        #expect(try await running.ledger.request(text)?.record.id == sample(1).id)
        try running.append(record(9, client: nil))
        #expect(try await running.ledger.request(text)?.record.id == sample(9).id)
    }

    @Test("an old record's id of its caller goes with it, and no other")
    func retention() throws {
        let bench = try Bench()
        try bench.store.apply((0..<30).map { sample(UInt64($0), day: UInt64($0)) })
        var deleted = 0
        while true {
            let count = try bench.store.deleteRecords(receivedBefore: sampleDay + 10 * 86_400_000, limit: 3)
            deleted += count
            if count < 3 { break }
        }
        let left = try bench.database.pool.read { db in
            try String.fetchAll(db, sql: "SELECT client_id FROM ledger_client_ids ORDER BY id_high")
        }
        #expect(deleted == 10 && left == (10..<30).map { "req-\($0)" })
    }

    @Test("a request that an earlier process left open is found as interrupted")
    func recovered() async throws {
        let bench = try Bench()
        do {
            let spool = try bench.spool()
            let writer = spool.makeWriter(shard: 0)
            writer.encode(record(5, client: "lost", .intent))
            try writer.append()
            spool.close()
            spool.release()
        }
        let ledger = try UsageLedger(bench.directory, database: bench.database, now: sampleDay + 1_000)
        ledger.start()
        let found = try await ledger.request("lost")
        #expect(found?.record.state == .interrupted && found?.record.id == sample(5).id)
        try ledger.stop()
    }
}
