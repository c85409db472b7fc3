import Foundation
import MartletCore
import MartletGovernance
import Synchronization
import Testing

@testable import MartletStore

@Suite("Spool") struct SpoolTests {
    @Test("brings records to the store, endings over intents, and deletes read segments")
    func drains() throws {
        let bench = try Bench()
        let spool = try bench.spool()
        let drainer = SpoolDrainer(spool: spool, sink: bench.store)
        let writer = spool.makeWriter(shard: 0)
        for number in 0..<100 {
            writer.encode(sample(UInt64(number), .intent))
            try writer.append()
            writer.encode(sample(UInt64(number)))
            try writer.append()
        }
        #expect(spool.pendingRecords == 200)
        #expect(bench.segments.count > 5)
        try drainer.pass()
        #expect(spool.pendingRecords == 0)
        let report = try bench.store.report(everyDay)
        #expect(report.totals.requests == 100)
        #expect(report.totals.outputTokens == 2_000)
        #expect(try bench.store.record(sample(7).id) == sample(7))
        // The writer's own segment and the spares are left.
        #expect(bench.segments.count <= 3)
    }

    @Test("writes one batch larger than a segment into a segment of its own")
    func largeBatch() throws {
        let bench = try Bench()
        let spool = try bench.spool()
        let writer = spool.makeWriter(shard: 0)
        for number in 0..<200 { writer.encode(sample(UInt64(number))) }
        try writer.append()
        try SpoolDrainer(spool: spool, sink: bench.store).pass()
        #expect(try bench.store.report(everyDay).totals.requests == 200)
    }

    @Test("refuses a directory that another spool holds, by name, and allows it after release")
    func lock() throws {
        let bench = try Bench()
        let first = try bench.spool()
        let error = #expect(throws: SpoolError.self) { try bench.spool() }
        #expect(error == .locked(directory: bench.directory.spoolPath))
        #expect(error?.description.contains(bench.directory.spoolPath) == true)
        first.release()
        _ = try bench.spool()
    }

    @Test("ends open intents of an earlier run as interrupted once, with their own estimate")
    func interrupted() throws {
        let bench = try Bench()
        do {
            let spool = try bench.spool()
            let writer = spool.makeWriter(shard: 0)
            for number in 0..<3 { writer.encode(sample(UInt64(number), .intent)) }
            writer.encode(sample(1))
            try writer.append()
        }
        for _ in 0..<3 {
            let spool = try bench.spool()
            try SpoolDrainer(spool: spool, sink: bench.store).recover(recordedAt: sampleDay + 99)
        }
        let totals = try bench.store.report(everyDay).totals
        #expect(totals.requests == 3)
        #expect(totals.interrupted == 2)
        #expect(totals.estimatedRequests == 2)
        let record = try #require(try bench.store.record(sample(0).id))
        #expect(record.state == .interrupted)
        #expect(record.usage.inputTokens == 10)
        #expect(record.recordedAt == sampleDay + 99)
        #expect(try sumOfRows(bench.store, database: bench.database) == totals)
    }

    @Test("sets a bad place aside at recovery, counts it, and reads the rest")
    func badRecord() throws {
        let bench = try Bench()
        do {
            let writer = try bench.spool().makeWriter(shard: 0)
            for number in 0..<5 { writer.encode(sample(UInt64(number))) }
            try writer.append()
        }
        let path = try #require(
            bench.segments.map(bench.path).first { try Data(contentsOf: URL(fileURLWithPath: $0))[32] != 0 }
        )
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        bytes[32 + 20] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let spool = try bench.spool()
        let drainer = SpoolDrainer(spool: spool, sink: bench.store)
        try drainer.recover(recordedAt: sampleDay)
        #expect(drainer.counts.badRegions == 1)
        #expect(try bench.store.report(everyDay).totals.requests == 4)
        #expect(bench.home.names("/data/spool/bad").count == 1)
    }

    @Test("reads a segment whose header is lost")
    func lostHeader() throws {
        let bench = try Bench()
        do {
            let writer = try bench.spool().makeWriter(shard: 0)
            for number in 0..<5 { writer.encode(sample(UInt64(number))) }
            try writer.append()
        }
        for path in bench.segments.map(bench.path) {
            var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            bytes[3] ^= 0xFF
            try Data(bytes).write(to: URL(fileURLWithPath: path))
        }
        let drainer = SpoolDrainer(spool: try bench.spool(), sink: bench.store)
        try drainer.recover(recordedAt: sampleDay)
        try drainer.pass()
        #expect(try bench.store.report(everyDay).totals.requests == 5)
    }

    @Test("leaves nothing but its lock after a clean end")
    func cleanEnd() throws {
        let bench = try Bench()
        let ledger = try UsageLedger(bench.directory, database: bench.database, now: sampleDay)
        ledger.start()
        let writer = ledger.spool.makeWriter(shard: 0)
        writer.encode(sample(1))
        try writer.append()
        try ledger.stop()
        #expect(bench.home.names("/data/spool") == ["lock"])
        #expect(try bench.store.report(everyDay).totals.requests == 1)
    }

    @Test("answers a usage question with every record appended before it", .timeLimit(.minutes(1)))
    func drainNow() async throws {
        let bench = try Bench()
        let ledger = try UsageLedger(bench.directory, database: bench.database, now: sampleDay)
        ledger.start()
        let writer = ledger.spool.makeWriter(shard: 0)
        for number in 1...50 {
            writer.encode(sample(UInt64(number)))
            try writer.append()
            #expect(try await ledger.report(everyDay).totals.requests == Int64(number))
        }
        try ledger.stop()
    }

    @Test("calls back once a sync has covered the records, one sync for all that wait", .timeLimit(.minutes(1)))
    func durable() async throws {
        let bench = try Bench()
        let files = FaultyFiles()
        let spool = try bench.spool(files: files)
        let writer = spool.makeWriter(shard: 0)
        let called = Mutex(0)
        for number in 0..<10 {
            writer.encode(sample(UInt64(number)))
            try writer.appendDurably { result in
                if case .success = result { called.withLock { $0 += 1 } }
            }
        }
        #expect(called.withLock { $0 } == 0)
        let before = files.syncs
        spool.syncPass()
        #expect(called.withLock { $0 } == 10)
        #expect(files.syncs == before + 1)
        writer.whenDurable { _ in called.withLock { $0 += 1 } }
        #expect(called.withLock { $0 } == 11)
    }
}
