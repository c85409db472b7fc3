import Foundation
import GRDB
import MartletCore
import MartletGovernance
import MartletTesting
import Testing

@testable import MartletStore

/// Kills a process that appends, syncs and drains, with SIGKILL, again and again on one data directory.
@Suite("Kill -9") struct KillTests {
    /// 40; 1,000 with MARTLET_SOAK set, or as many as it says when that is more than 40.
    private static var rounds: Int {
        guard let soak = ProcessInfo.processInfo.environment["MARTLET_SOAK"] else { return 40 }
        return Int(soak).flatMap { $0 > 40 ? $0 : nil } ?? 1_000
    }

    @Test("loses no acknowledged ending, doubles none, and interrupts each open intent once", .timeLimit(.minutes(20)))
    func kills() throws {
        let bench = try Bench()
        var random = SplitMix(state: UInt64.random(in: 0...UInt64.max))
        print("kill test seed \(random.state)")
        var intents: Set<String> = []
        var endings: [String: (state: String, output: Int64)] = [:]
        for round in 0..<Self.rounds {
            let seed = random.next() & 0xFFFF_FFFF
            let said: [String]
            if round % 8 == 7 {
                // Dies while starting or recovering, which says nothing that could be waited for.
                let pause = UInt32.random(in: 0...60_000, using: &random)
                said = try runWriter(bench.directory.path, seed: seed) { _ in usleep(pause) }
            } else {
                let lines = Int.random(in: 1...1_200, using: &random)
                said = try runWriter(bench.directory.path, seed: seed) { reader in
                    while reader.lines <= lines, reader.readMore() {}
                }
            }
            for line in said {
                let words = line.split(separator: " ").map(String.init)
                if words.count == 2, words[0] == "intent" {
                    intents.insert(words[1])
                } else if words.count == 4, words[0] == "ending" {
                    #expect(endings[words[1]] == nil)
                    endings[words[1]] = (words[2], try #require(Int64(words[3])))
                }
            }
            if round % 10 == 9 || round == Self.rounds - 1 { try check(bench, intents: intents, endings: endings) }
        }
        #expect(endings.count > 1_000)
    }

    private func check(
        _ bench: Bench,
        intents: Set<String>,
        endings: [String: (state: String, output: Int64)]
    ) throws {
        let spool = try bench.spool()
        let drainer = SpoolDrainer(spool: spool, sink: bench.store)
        try drainer.recover(recordedAt: sampleDay)
        #expect(drainer.counts.badRegions == 0)
        let rows = try bench.database.pool.read { try UsageStore.allRecords($0) }
        var byID: [String: LedgerRecord] = [:]
        for row in rows { byID[row.id.description] = row }
        #expect(byID.count == rows.count)
        for (id, ending) in endings {
            let row = try #require(byID[id])
            #expect(row.state.name == ending.state)
            #expect(row.usage.outputTokens == ending.output)
        }
        for id in intents {
            let row = try #require(byID[id])
            #expect(row.state != .intent)
            if row.state == .interrupted {
                #expect(endings[id] == nil)
                #expect(row.usage.estimated)
                #expect(row.cost == NanoUSD(70))
            }
        }
        #expect(rows.contains { $0.state == .interrupted })
        let totals = try bench.store.report(everyDay).totals
        #expect(try sumOfRows(bench.store, database: bench.database) == totals)
        #expect(totals.requests == Int64(rows.count))
        // Only the spares of this spool are left.
        #expect(spool.pendingRecords == 0)
        spool.close()
        #expect(bench.segments.isEmpty)
    }

    /// Collects what a process says.
    private final class Reader {
        let pipe = Pipe()
        private var said = Data()
        private(set) var lines = 0

        func readMore() -> Bool {
            let more = pipe.fileHandleForReading.availableData
            said.append(more)
            lines += more.count { $0 == UInt8(ascii: "\n") }
            return !more.isEmpty
        }

        var wholeLines: [String] {
            let whole = said.lastIndex(of: UInt8(ascii: "\n")).map { said[..<$0] } ?? Data()
            return String(decoding: whole, as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }

    /// Runs the writer, kills it after `wait`, and answers all whole lines it said.
    private func runWriter(_ directory: String, seed: UInt64, until wait: (Reader) -> Void) throws -> [String] {
        let reader = Reader()
        let writer = try #require(Bundle.main.executableURL?.deletingLastPathComponent())
            .appendingPathComponent("spool-writer")
        let end = reader.pipe.fileHandleForWriting
        let process = try ChildProcess(writer.path, [directory, String(seed)], output: end.fileDescriptor)
        try end.close()
        wait(reader)
        process.kill()
        while reader.readMore() {}
        #expect(process.wait() == .killed(SIGKILL), "the writer ended by itself")
        return reader.wholeLines
    }
}
