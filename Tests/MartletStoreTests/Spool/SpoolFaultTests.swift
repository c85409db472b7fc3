import Foundation
import MartletGovernance
import Synchronization
import Testing

@testable import MartletStore

@Suite("Spool faults") struct SpoolFaultTests {
    private func requests(_ bench: Bench) throws -> Int64 { try bench.store.report(everyDay).totals.requests }

    @Test(
        "goes to a new segment when a write fails half-way, and loses and doubles nothing",
        arguments: [0, 1, 9, 100]
    )
    func failedWrite(partialBytes: Int) throws {
        let bench = try Bench()
        let files = FaultyFiles()
        do {
            let spool = try bench.spool(files: files)
            let writer = spool.makeWriter(shard: 0)
            writer.encode(sample(1))
            try writer.append()
            writer.encode(sample(2))
            files.fail(.write, EIO, times: 1, partialBytes: partialBytes)
            try writer.append()
            #expect(spool.room)
            #expect(spool.syncPass())
            writer.encode(sample(3))
            try writer.append()
        }
        let drainer = SpoolDrainer(spool: try bench.spool(), sink: bench.store)
        try drainer.recover(recordedAt: sampleDay)
        #expect(try requests(bench) == 3)
        #expect(drainer.counts.tornTails == (partialBytes > 0 ? 1 : 0))
    }

    @Test("keeps records pending while nothing can be written, admits nothing, and goes on when the disk does")
    func diskGone() throws {
        let bench = try Bench()
        let files = FaultyFiles()
        let spool = try bench.spool(files: files)
        let writer = spool.makeWriter(shard: 0)
        files.fail(.write, ENOSPC)
        files.fail(.create, ENOSPC)
        writer.encode(sample(1))
        #expect(throws: SpoolError.self) { try writer.append() }
        #expect(throws: SpoolError.self) { try writer.append() }
        #expect(!spool.room)
        #expect(writer.hasPending)
        files.heal()
        try writer.append()
        spool.syncPass()
        #expect(spool.room)
        try SpoolDrainer(spool: spool, sink: bench.store).pass()
        #expect(try requests(bench) == 1)
    }

    @Test("rewrites unsynced records elsewhere when a sync fails, and never syncs that segment again")
    func failedSync() throws {
        let bench = try Bench()
        let files = FaultyFiles()
        let spool = try bench.spool(files: files)
        let writer = spool.makeWriter(shard: 0)
        let results = Mutex<[Bool]>([])
        writer.encode(sample(1))
        try writer.append()
        spool.syncPass()
        writer.encode(sample(2))
        try writer.appendDurably { result in
            results.withLock { $0.append((try? result.get()) != nil) }
        }
        files.fail(.sync, EIO, times: 1)
        #expect(spool.syncPass())
        #expect(results.withLock { $0 } == [true])
        // The first segment is lost altogether: what was synced before the failure had been drained or was in it, what was
        // not synced stands in the new one.
        let rewritten = try #require(spool.liveSegments().last)
        let scan = FrameScan(
            Array(try DiskFiles().read(rewritten.descriptor, at: 32, count: rewritten.capacity - 32))
        )
        #expect(scan.records == [sample(2)])
        writer.encode(sample(3))
        try writer.append()
        try SpoolDrainer(spool: spool, sink: bench.store).pass()
        #expect(try requests(bench) == 3)
    }

    @Test("tells those who wait when neither sync nor rewrite succeeds, and closes admission with the disk full")
    func syncImpossible() throws {
        let bench = try Bench()
        let files = FaultyFiles()
        let spool = try bench.spool(files: files)
        let writer = spool.makeWriter(shard: 0)
        let results = Mutex<[Bool]>([])
        writer.encode(sample(1))
        try writer.appendDurably { result in
            results.withLock { $0.append((try? result.get()) != nil) }
        }
        files.fail(.sync, EIO)
        files.fail(.create, ENOSPC)
        #expect(!spool.syncPass())
        #expect(results.withLock { $0 } == [false])
        #expect(!spool.room)
        files.heal()
        #expect(spool.syncPass())
        #expect(spool.room)
    }

    @Test("stops admitting at the limit less its reserve, still records endings, and admits again once drained")
    func full() throws {
        let bench = try Bench()
        let options = SpoolOptions(segmentBytes: 4_096, totalBytes: 64 << 10, reserveBytes: 16 << 10)
        let spool = try bench.spool(options: options)
        let writer = spool.makeWriter(shard: 0)
        var number: UInt64 = 0
        while spool.room {
            number += 1
            writer.encode(sample(number))
            try writer.append()
            spool.syncPass()
        }
        let admitted = number
        #expect(admitted > 100)
        for _ in 0..<60 {
            number += 1
            writer.encode(sample(number))
            try writer.append()
        }
        let error = #expect(throws: SpoolError.self) {
            for _ in 0..<1_000 {
                number += 1
                writer.encode(sample(number))
                try writer.append()
            }
        }
        #expect(error == .full)
        let drainer = SpoolDrainer(spool: spool, sink: bench.store)
        try drainer.pass()
        try writer.append()
        spool.syncPass()
        #expect(spool.room)
        try drainer.pass()
        #expect(try requests(bench) == Int64(number))
    }

    @Test("keeps records while the store fails and brings each exactly once when it recovers")
    func storeFails() throws {
        let bench = try Bench()
        let spool = try bench.spool()
        let sink = FaultySink(bench.store)
        let drainer = SpoolDrainer(spool: spool, sink: sink)
        let writer = spool.makeWriter(shard: 0)
        for number in 0..<50 {
            sink.fail(number % 3 != 0)
            writer.encode(sample(UInt64(number)))
            try writer.append()
            if number % 3 != 0 {
                #expect(throws: StoreError.self) { try drainer.pass() }
                #expect(drainer.isFailing)
                #expect(spool.pendingRecords > 0)
            } else {
                try drainer.pass()
                #expect(spool.pendingRecords == 0)
            }
        }
        sink.fail(false)
        try drainer.pass()
        #expect(!drainer.isFailing)
        #expect(try requests(bench) == 50)
        #expect(try sumOfRows(bench.store, database: bench.database) == bench.store.report(everyDay).totals)
    }

    @Test("doubles nothing when it dies between the transaction and the deletion")
    func diesBeforeDelete() throws {
        let bench = try Bench()
        let files = FaultyFiles()
        do {
            let spool = try bench.spool(files: files)
            let writer = spool.makeWriter(shard: 0)
            for number in 0..<300 {
                writer.encode(sample(UInt64(number)))
                try writer.append()
            }
            files.fail(.remove)
            try SpoolDrainer(spool: spool, sink: bench.store).pass()
            try bench.store.deleteAllRecordsButSums()
        }
        let left = bench.segments.count
        #expect(left > 3)
        // The rows are gone, so only the kept positions can prevent a second counting.
        let spool = try bench.spool()
        let drainer = SpoolDrainer(spool: spool, sink: bench.store)
        try drainer.recover(recordedAt: sampleDay)
        #expect(drainer.counts.records == 0)
        #expect(try requests(bench) == 300)
        #expect(bench.segments.count < left)
        try drainer.pass()
        #expect(try bench.store.positions().isEmpty)
    }

    @Test("ignores a segment that is drained twice")
    func drainedTwice() throws {
        let bench = try Bench()
        let copies = try TemporaryDirectory()
        do {
            let spool = try bench.spool()
            let writer = spool.makeWriter(shard: 0)
            for number in 0..<5 {
                writer.encode(sample(UInt64(number), .intent))
                writer.encode(sample(UInt64(number)))
            }
            try writer.append()
            try FileManager.default.copyItem(atPath: bench.directory.spoolPath, toPath: copies.path + "/spool")
            try SpoolDrainer(spool: spool, sink: bench.store).pass()
        }
        let again = try Spool(directory: copies.path + "/spool")
        // Positions are forgotten, as if the database had been restored from a backup of before.
        try bench.store.forgetPositions()
        try SpoolDrainer(spool: again, sink: bench.store).recover(recordedAt: sampleDay)
        #expect(try requests(bench) == 5)
    }

    @Test("goes on with the other segments when one cannot be read")
    func unreadable() throws {
        let bench = try Bench()
        let files = FaultyFiles()
        let spool = try bench.spool(files: files)
        let writers = (0..<2).map { spool.makeWriter(shard: $0) }
        for (number, writer) in writers.enumerated() {
            writer.encode(sample(UInt64(number)))
            try writer.append()
        }
        let drainer = SpoolDrainer(spool: spool, sink: bench.store)
        files.fail(.read, EIO, times: 1)
        #expect(throws: StoreError.self) { try drainer.pass() }
        #expect(try requests(bench) == 1)
        try drainer.pass()
        #expect(try requests(bench) == 2)
    }
}
