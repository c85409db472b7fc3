import Foundation
import MartletCore
import MartletGovernance
import MartletStore
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MartletServer

@Suite("Ledger tick") struct LedgerTickTests {
    /// Notes how far the records are written.
    private final class Exchange: LedgerTick.Waiter {
        private(set) var written: UInt64?
        private let told: @Sendable () -> Void

        init(told: @escaping @Sendable () -> Void = {}) { self.told = told }

        func recordsWritten(through batch: UInt64) {
            written = batch
            told()
        }
    }

    private static func record(_ number: UInt64) -> LedgerRecord {
        LedgerRecord(
            id: RecordID(high: 0x7000, low: 0x8000_0000_0000_0000 | number),
            state: .settled,
            receivedAt: 1,
            recordedAt: 2,
            key: .static,
            model: "m",
            provider: "p",
            upstreamModel: "u",
            attempts: 1,
            status: 200,
            streamed: false,
            usage: Usage(inputTokens: 1, outputTokens: 1),
            cost: nil,
            durationMilliseconds: 1,
            firstTokenMilliseconds: 0,
            clientRequestID: nil,
            errorCode: nil,
            trace: []
        )
    }

    @Test("after a slow append a thread appends, and after enough quick ones the loop does again")
    func handsOver() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let spool = try Spool(directory: directory.path)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        // Every reading of this clock is as much later as the disk is said to be slow.
        let slowness = Mutex(Duration.milliseconds(6))
        let writer = spool.makeWriter(shard: 0)
        let box = LoopBound(writer)
        let tick = try await loop.submit {
            var time = Instant(nanoseconds: 0)
            return LoopBound(
                LedgerTick(eventLoop: loop, writer: box.value) {
                    time = time + slowness.withLock { $0 }
                    return time
                }
            )
        }.get()
        var wanted: [Int] = []
        for number in UInt64(0)..<12 {
            if number == 1 { slowness.withLock { $0 = .zero } }
            let (stream, told) = AsyncStream.makeStream(of: Void.self)
            let exchange = try await loop.submit {
                let exchange = Exchange { told.yield() }
                let batch = tick.value.add(Self.record(number), waiter: exchange)
                return LoopBound((exchange: exchange, batch: batch))
            }.get()
            for await _ in stream { break }
            let state = try await loop.submit {
                (exchange.value.exchange.written == exchange.value.batch, tick.value.wantedQuickAppends)
            }.get()
            #expect(state.0, "the waiter is told of its own batch")
            wanted.append(state.1)
            #expect(spool.pendingRecords == Int(number) + 1)
        }
        #expect(wanted == [8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 0])
        try await group.shutdownGracefully()
        spool.close()
    }
}
