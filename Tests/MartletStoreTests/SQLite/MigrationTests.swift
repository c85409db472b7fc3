import Foundation
import GRDB
import MartletCore
import MartletGovernance
import Testing

@testable import MartletStore

@Suite("Migrations") struct MigrationTests {
    /// A ledger record as the release before the parts of usage wrote it.
    private static let oldRecord =
        "01017d01a1f640bc017001800000000000004d81f882b29f3486f882b29f3401c801781e1428080006d00f0c61"
        + "62636465666768696a6b6c0a6770742d352d6d696e69066f70656e61690f6770742d352d6d696e692d32303235"
        + "057265712d3103010203"

    /// A database as that release left it, with one record and its day.
    private static func old() throws -> TemporaryDirectory {
        let home = try TemporaryDirectory()
        let queue = try DatabaseQueue(path: home.path + "/martlet.db")
        try Schema.migrator.migrate(queue, upTo: "3 accounts of messages")
        let record = try #require(Data(hexadecimal: oldRecord))
        let id = sample(1).id
        try queue.write { db in
            try db.execute(
                sql: "INSERT INTO ledger VALUES (?, ?, ?)",
                arguments: [Int64(bitPattern: id.high), Int64(bitPattern: id.low), record]
            )
            try db.execute(
                sql: "INSERT INTO usage_daily VALUES (?, 'abcdefghijkl', 'gpt-5-mini', 'openai', "
                    + "1, 1, 0, 0, 0, 1, 10, 20, 4, 0, 3, 0, 0, 1000)",
                arguments: [Int64(sampleDay / 86_400_000)]
            )
        }
        try queue.close()
        return home
    }

    @Test("a database of the release before is read as it was, and goes on")
    func upgrade() throws {
        let home = try Self.old()
        let store = UsageStore(try MartletDatabase(path: home.path + "/martlet.db"))
        #expect(try store.record(sample(1).id) == sample(1))
        var totals = try store.report(everyDay).totals
        #expect(totals == UsageCounts(sample(1)))
        var record = sample(2)
        record.usage.cacheWriteTokens = 6
        record.usage.cacheWrite1hTokens = 6
        record.usage.audioInputTokens = 2
        record.usage.reportedCost = NanoUSD(900)
        record.cost = NanoUSD(900)
        record.listedCost = NanoUSD(1_000)
        try store.apply([record])
        totals = try store.report(everyDay).totals
        #expect(totals.requests == 2 && totals.cacheWrite1hTokens == 6 && totals.audioInputTokens == 2)
        #expect(totals.reportedRequests == 1 && totals.reportedDifference == NanoUSD(-100))
        #expect(totals.cost == NanoUSD(1_900))
        #expect(try store.record(record.id) == record)
    }

    @Test("the release before is told that a newer one has changed the database")
    func newer() throws {
        let home = try Self.old()
        _ = try MartletDatabase(path: home.path + "/martlet.db")
        let queue = try DatabaseQueue(path: home.path + "/martlet.db")
        let applied = try queue.read { try Schema.migrator.appliedIdentifiers($0) }
        #expect(applied.contains("4 parts of usage"))
        var before = DatabaseMigrator()
        for name in ["1 keys, ledger", "2 responses", "3 accounts of messages"] {
            before.registerMigration(name) { _ in }
        }
        #expect(try queue.read(before.hasBeenSuperseded))
    }
}

extension Data {
    /// Reads pairs of hexadecimal digits.
    fileprivate init?(hexadecimal text: String) {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        self.init(stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
    }
}
