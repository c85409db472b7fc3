import GRDB
public import MartletCore
public import MartletGovernance

/// The ledger and its daily sums in SQLite.
///
/// Calls block: not for event loops.
public final class UsageStore: LedgerSink {
    let database: MartletDatabase

    /// Opens the ledger of a database.
    public init(_ database: MartletDatabase) { self.database = database }

    func positions() throws(StoreError) -> [UInt64: Int] {
        try storing {
            try database.pool.read { db in
                var positions: [UInt64: Int] = [:]
                for row in try Row.fetchAll(db, sql: "SELECT nonce, consumed FROM spool_positions") {
                    positions[UInt64(bitPattern: row[0] as Int64)] = row[1]
                }
                return positions
            }
        }
    }

    func apply(_ batch: DrainBatch) throws(StoreError) {
        try storing {
            try database.pool.write { db in
                let hadOpen = try LedgerRows.hasOpen(db)
                var sums = SumTable()
                try LedgerRows.insertEndings(batch.scans, into: db, sums: &sums)
                try DailySums.add(sums, to: db)
                // Few are open here, so one look at each of them costs less than one at each ending.
                if hadOpen { try LedgerRows.removeEnded(db) }
                try LedgerRows.insertIntents(batch.intents, into: db)
                try Self.keep(batch.positions, forgotten: batch.forgotten, in: db)
            }
        }
    }

    private static func keep(_ positions: [UInt64: Int], forgotten: [UInt64], in db: Database) throws {
        let delete = try RawStatement("DELETE FROM spool_positions WHERE nonce = ?", on: db)
        for nonce in forgotten {
            try delete.bind(Int64(bitPattern: nonce), at: 1)
            try delete.run()
        }
        let upsert = try RawStatement(
            """
            INSERT INTO spool_positions VALUES (?, ?)
            ON CONFLICT DO UPDATE SET consumed = max(consumed, excluded.consumed)
            """,
            on: db
        )
        for (nonce, consumed) in positions {
            try upsert.bind(Int64(bitPattern: nonce), at: 1)
            try upsert.bind(Int64(consumed), at: 2)
            try upsert.run()
        }
    }

    func interruptOpenIntents(recordedAt: UInt64) throws(StoreError) -> Int {
        try storing {
            try database.pool.write { db in
                let intents = try LedgerRows.open(db)
                var frames: [UInt8] = []
                for intent in intents {
                    var ending = intent
                    ending.state = .interrupted
                    ending.usage.estimated = true
                    ending.recordedAt = min(recordedAt, UInt64(Int64.max))
                    Frame.append(ending, to: &frames)
                }
                var sums = SumTable()
                try LedgerRows.insertEndings([FrameScan(frames)], into: db, sums: &sums)
                try DailySums.add(sums, to: db)
                try db.execute(sql: "DELETE FROM ledger_open")
                return intents.count
            }
        }
    }

    /// Answers a usage question from the daily sums.
    public func report(_ query: UsageQuery) throws(StoreError) -> UsageReport {
        try storing { try database.pool.read { try DailySums.report(query, from: $0) } }
    }

    /// Reads one record; `nil` when there is none with this id.
    public func record(_ id: RecordID) throws(StoreError) -> LedgerRecord? {
        try storing { try database.pool.read { try LedgerRows.record(id, from: $0) } }
    }

    /// Deletes old records, at most so many; the daily sums stay, and so do open intents.
    ///
    /// Age is read off the id, which starts with the time of receipt.
    ///
    /// - Parameters:
    ///   - time: Records received before it are deleted, in milliseconds since 1970.
    ///   - limit: The most records of one call, so that the transaction stays short.
    /// - Returns: How many were deleted; call again while it is the limit.
    public func deleteRecords(receivedBefore time: UInt64, limit: Int = 10_000) throws(StoreError) -> Int {
        try storing {
            try database.pool.write { db in
                let before = Int64(bitPattern: time << 16)
                try LedgerRows.removeClientIDs(before: before, limit: limit, from: db)
                try db.execute(
                    sql: """
                        DELETE FROM ledger WHERE (id_high, id_low) IN (
                            SELECT id_high, id_low FROM ledger WHERE id_high < ? ORDER BY id_high, id_low LIMIT ?
                        )
                        """,
                    arguments: [before, limit]
                )
                return db.changesCount
            }
        }
    }
}
