import GRDB
import MartletGovernance
import Testing

@testable import MartletStore

@Suite("Held intents") struct HeldIntentTests {
    private func requests(_ bench: Bench) throws -> Int64 { try bench.store.report(everyDay).totals.requests }

    @Test("holds an intent back, keeps its segment, and stores it when its ending does not come in time")
    func heldIntent() throws {
        let bench = try Bench()
        let start = ContinuousClock.now
        do {
            let spool = try bench.spool()
            let drainer = SpoolDrainer(spool: spool, sink: bench.store)
            let writer = spool.makeWriter(shard: 0)
            writer.encode(sample(0, .intent))
            for number in 1..<100 {
                writer.encode(sample(UInt64(number)))
                try writer.append()
            }
            let before = bench.segments.count
            try drainer.pass(holdingIntents: .seconds(2), now: start)
            #expect(try requests(bench) == 99)
            #expect(try bench.store.record(sample(0).id) == nil)
            #expect(spool.pendingRecords == 1)
            // All full segments but the one that holds the intent are gone; the writer's own stays.
            #expect(bench.segments.count < before)
            #expect(spool.liveSegments().count == 2)
            try drainer.pass(holdingIntents: .seconds(2), now: start + .milliseconds(1_999))
            #expect(try bench.store.record(sample(0).id) == nil)
            try drainer.pass(holdingIntents: .seconds(2), now: start + .seconds(2))
            #expect(try bench.store.record(sample(0).id) == sample(0, .intent))
            #expect(spool.pendingRecords == 0)
            #expect(spool.liveSegments().count == 1)
            writer.encode(sample(0))
            try writer.append()
            try drainer.pass(holdingIntents: .seconds(2), now: start + .seconds(2))
            #expect(try bench.store.record(sample(0).id) == sample(0))
        }
        #expect(try requests(bench) == 100)
        #expect(try bench.database.pool.read { try LedgerRows.open($0) }.isEmpty)
    }

    @Test("finds an intent again that was held back when the process died, and counts nothing behind it twice")
    func heldIntentOfDeadProcess() throws {
        let bench = try Bench()
        do {
            let spool = try bench.spool()
            let drainer = SpoolDrainer(spool: spool, sink: bench.store)
            let writer = spool.makeWriter(shard: 0)
            for number in 0..<50 {
                writer.encode(sample(UInt64(number), .intent))
                if number != 7 { writer.encode(sample(UInt64(number))) }
                try writer.append()
                try drainer.pass(holdingIntents: .seconds(2))
            }
            #expect(try requests(bench) == 49)
        }
        let drainer = SpoolDrainer(spool: try bench.spool(), sink: bench.store)
        #expect(try drainer.recover(recordedAt: sampleDay) == 1)
        let totals = try bench.store.report(everyDay).totals
        #expect(totals.requests == 50)
        #expect(totals.interrupted == 1)
        #expect(try sumOfRows(bench.store, database: bench.database) == totals)
    }

    @Test("keeps an intent held back when the store fails with its ending")
    func heldIntentStoreFails() throws {
        let bench = try Bench()
        do {
            let spool = try bench.spool()
            let sink = FaultySink(bench.store)
            let drainer = SpoolDrainer(spool: spool, sink: sink)
            let writer = spool.makeWriter(shard: 0)
            writer.encode(sample(1, .intent))
            try writer.append()
            try drainer.pass(holdingIntents: .seconds(2))
            writer.encode(sample(1))
            try writer.append()
            sink.fail(true)
            #expect(throws: StoreError.self) { try drainer.pass(holdingIntents: .seconds(2)) }
            #expect(spool.pendingRecords == 2)
            sink.fail(false)
            try drainer.pass(holdingIntents: .seconds(2))
            #expect(spool.pendingRecords == 0)
        }
        #expect(try requests(bench) == 1)
    }

    @Test("brings thousands of requests over many batches, some open in each", .timeLimit(.minutes(1)))
    func manyBatches() throws {
        let bench = try Bench()
        let spool = try bench.spool(options: SpoolOptions(segmentBytes: 64 << 10))
        let drainer = SpoolDrainer(spool: spool, sink: bench.store)
        let writer = spool.makeWriter(shard: 0)
        var ended: UInt64 = 0
        for _ in 0..<5 {
            for number in ended..<(ended + 6_000) {
                writer.encode(sample(number + 20, .intent))
                writer.encode(sample(number))
                if number % 32 == 31 { try writer.append() }
            }
            try writer.append()
            ended += 6_000
            try drainer.pass(holdingIntents: .seconds(2))
            #expect(try requests(bench) == Int64(ended))
            #expect(spool.pendingRecords <= 20)
            #expect(spool.liveSegments().count <= 2)
        }
        #expect(drainer.counts.badRegions == 0)
        #expect(drainer.counts.tornTails == 0)
        #expect(drainer.counts.records == 60_000)
    }
}
