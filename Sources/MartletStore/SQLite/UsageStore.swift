import GRDB
public import MartletCore
public import MartletGovernance

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

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

    func apply(
        _ records: [LedgerRecord],
        positions: [UInt64: Int],
        forgotten: [UInt64]
    ) throws(StoreError) {
        try storing {
            try database.pool.write { db in
                try DailySums.add(Self.insert(Self.decisive(records), into: db), to: db)
                for nonce in forgotten {
                    try db.execute(
                        sql: "DELETE FROM spool_positions WHERE nonce = ?",
                        arguments: [Int64(bitPattern: nonce)]
                    )
                }
                for (nonce, consumed) in positions {
                    try db.execute(
                        sql: """
                            INSERT INTO spool_positions VALUES (?, ?)
                            ON CONFLICT DO UPDATE SET consumed = max(consumed, excluded.consumed)
                            """,
                        arguments: [Int64(bitPattern: nonce), consumed]
                    )
                }
            }
        }
    }

    func interruptOpenIntents(recordedAt: UInt64) throws(StoreError) -> Int {
        try storing {
            try database.pool.write { db in
                let intents = try Row.fetchAll(db, sql: "SELECT * FROM ledger WHERE state = 0").map(Self.record)
                try db.execute(
                    sql: "UPDATE ledger SET state = ?, estimated = 1, recorded_at = ? WHERE state = 0",
                    arguments: [LedgerRecord.State.interrupted.rawValue, Int64(clamping: recordedAt)]
                )
                let endings = intents.map { intent in
                    var ending = intent
                    ending.state = .interrupted
                    ending.usage.estimated = true
                    return ending
                }
                try DailySums.add(endings, to: db)
                return endings.count
            }
        }
    }

    /// Answers a usage question from the daily sums.
    public func report(_ query: UsageQuery) throws(StoreError) -> UsageReport {
        try storing { try database.pool.read { try DailySums.report(query, from: $0) } }
    }

    /// Reads one record; `nil` when there is none with this id.
    public func record(_ id: RecordID) throws(StoreError) -> LedgerRecord? {
        try storing {
            try database.pool.read { db in
                try Row.fetchOne(
                    db,
                    sql: "SELECT * FROM ledger WHERE id_high = ? AND id_low = ?",
                    arguments: [Int64(bitPattern: id.high), Int64(bitPattern: id.low)]
                ).map(Self.record)
            }
        }
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
                try db.execute(
                    sql: """
                        DELETE FROM ledger WHERE (id_high, id_low) IN (
                            SELECT id_high, id_low FROM ledger WHERE id_high < ? AND state <> 0 LIMIT ?
                        )
                        """,
                    arguments: [Int64(bitPattern: time << 16), limit]
                )
                return db.changesCount
            }
        }
    }

    // MARK: - Rows

    /// One record an id: its first ending, else its first intent.
    private static func decisive(_ records: [LedgerRecord]) -> [LedgerRecord] {
        var places: [RecordID: Int] = [:]
        var decisive: [LedgerRecord] = []
        for record in records {
            guard let place = places[record.id] else {
                places[record.id] = decisive.count
                decisive.append(record)
                continue
            }
            if decisive[place].state == .intent { decisive[place] = record }
        }
        return decisive
    }

    private static let columns = [
        "id_high", "id_low", "state", "received_at", "recorded_at", "key_id", "model", "provider", "upstream_model",
        "attempts", "status", "streamed", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens",
        "reasoning_tokens", "estimated", "cost_nano_usd", "duration_ms", "first_token_ms", "client_request_id",
        "error_code", "trace",
    ]

    /// Changes a row only from intent to ending; whether it did shows in the number of changed rows.
    private static let upsert = """
        INSERT INTO ledger (\(columns.joined(separator: ", ")))
        VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
        ON CONFLICT (id_high, id_low) DO UPDATE SET
            \(columns.dropFirst(2).map { "\($0) = excluded.\($0)" }.joined(separator: ", "))
        WHERE ledger.state = 0 AND excluded.state <> 0
        """

    /// Stores records and answers the endings among them that were not known before.
    private static func insert(_ records: [LedgerRecord], into db: Database) throws -> [LedgerRecord] {
        let statement = try db.cachedStatement(sql: upsert)
        var endings: [LedgerRecord] = []
        for record in records {
            try statement.execute(arguments: StatementArguments(values(record)))
            if db.changesCount > 0, record.state != .intent { endings.append(record) }
        }
        return endings
    }

    private static func values(_ record: LedgerRecord) -> [(any DatabaseValueConvertible)?] {
        [
            Int64(bitPattern: record.id.high), Int64(bitPattern: record.id.low), record.state.rawValue,
            Int64(clamping: record.receivedAt), Int64(clamping: record.recordedAt), record.key.rawValue, record.model,
            record.provider, record.upstreamModel, record.attempts, record.status, record.streamed,
            record.usage.inputTokens, record.usage.outputTokens, record.usage.cacheReadTokens,
            record.usage.cacheWriteTokens, record.usage.reasoningTokens, record.usage.estimated,
            record.cost?.rawValue, record.durationMilliseconds, record.firstTokenMilliseconds,
            record.clientRequestID, record.errorCode, Data(record.trace),
        ]
    }

    static func record(_ row: Row) -> LedgerRecord {
        LedgerRecord(
            id: RecordID(high: UInt64(bitPattern: row["id_high"]), low: UInt64(bitPattern: row["id_low"])),
            state: LedgerRecord.State(rawValue: row["state"]) ?? .failed,
            receivedAt: UInt64(clamping: row["received_at"] as Int64),
            recordedAt: UInt64(clamping: row["recorded_at"] as Int64),
            key: APIKeyID(row["key_id"]),
            model: row["model"],
            provider: row["provider"],
            upstreamModel: row["upstream_model"],
            attempts: UInt16(clamping: row["attempts"] as Int64),
            status: UInt16(clamping: row["status"] as Int64),
            streamed: row["streamed"],
            usage: Usage(
                inputTokens: row["input_tokens"],
                outputTokens: row["output_tokens"],
                cacheReadTokens: row["cache_read_tokens"],
                cacheWriteTokens: row["cache_write_tokens"],
                reasoningTokens: row["reasoning_tokens"],
                estimated: row["estimated"]
            ),
            cost: (row["cost_nano_usd"] as Int64?).map { NanoUSD($0) },
            durationMilliseconds: UInt32(clamping: row["duration_ms"] as Int64),
            firstTokenMilliseconds: UInt32(clamping: row["first_token_ms"] as Int64),
            clientRequestID: row["client_request_id"],
            errorCode: row["error_code"],
            trace: Array(row["trace"] as Data)
        )
    }
}
