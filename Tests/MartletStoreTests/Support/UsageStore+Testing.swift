import GRDB
import MartletGovernance

@testable import MartletStore

extension UsageStore {
    /// Every row of the ledger.
    static func allRecords(_ db: Database) throws -> [LedgerRecord] {
        try Row.fetchAll(db, sql: "SELECT * FROM ledger ORDER BY id_high, id_low").map(record)
    }

    func deleteAllRecordsButSums() throws {
        try database.pool.write { try $0.execute(sql: "DELETE FROM ledger") }
    }

    func forgetPositions() throws {
        try database.pool.write { try $0.execute(sql: "DELETE FROM spool_positions") }
    }
}
