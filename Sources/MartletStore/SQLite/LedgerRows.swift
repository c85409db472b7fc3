import GRDB
import MartletCore
import MartletGovernance

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The rows of single records: endings in `ledger`, requests still open in `ledger_open`.
enum LedgerRows {
    /// Stores endings whose id is not known yet, and adds these to the sums.
    static func insertEndings(_ scans: [FrameScan], into db: Database, sums: inout SumTable) throws {
        let insert = try RawStatement("INSERT INTO ledger VALUES (?, ?, ?) ON CONFLICT DO NOTHING", on: db)
        let note = try RawStatement("INSERT INTO ledger_client_ids VALUES (?, ?, ?) ON CONFLICT DO NOTHING", on: db)
        defer {
            insert.clear()
            note.clear()
        }
        for scan in scans {
            try unsafe scan.content.withUnsafeBytes { bytes in
                for outline in scan.outlines where outline.state != .intent {
                    try insert.bind(Int64(bitPattern: outline.id.high), at: 1)
                    try insert.bind(Int64(bitPattern: outline.id.low), at: 2)
                    try unsafe insert.bindBlob(UnsafeRawBufferPointer(rebasing: bytes[outline.payload]), at: 3)
                    guard try insert.run() > 0 else { continue }
                    unsafe sums.add(outline, of: bytes)
                    guard let place = outline.clientRequestID else { continue }
                    try note.bind(unsafe String(decoding: bytes[outline.range(place)], as: UTF8.self), at: 1)
                    try note.bind(Int64(bitPattern: outline.id.high), at: 2)
                    try note.bind(Int64(bitPattern: outline.id.low), at: 3)
                    try note.run()
                }
            }
        }
    }

    /// Stores intents whose ending is not known yet.
    static func insertIntents(_ intents: [OpenIntent], into db: Database) throws {
        guard !intents.isEmpty else { return }
        let insert = try RawStatement(
            """
            INSERT INTO ledger_open SELECT ?1, ?2, ?3
            WHERE NOT EXISTS (SELECT 1 FROM ledger WHERE id_high = ?1 AND id_low = ?2)
            ON CONFLICT DO UPDATE SET record = excluded.record
            """,
            on: db
        )
        defer { insert.clear() }
        for intent in intents {
            try insert.bind(Int64(bitPattern: intent.id.high), at: 1)
            try insert.bind(Int64(bitPattern: intent.id.low), at: 2)
            try unsafe intent.payload.withUnsafeBytes { bytes in
                try unsafe insert.bindBlob(bytes, at: 3)
                _ = try insert.run()
            }
        }
    }

    /// Whether requests are noted as open.
    static func hasOpen(_ db: Database) throws -> Bool {
        try RawStatement("SELECT 1 FROM ledger_open LIMIT 1", on: db).first(1) != nil
    }

    /// Forgets open requests that have ended.
    static func removeEnded(_ db: Database) throws {
        try RawStatement(
            """
            DELETE FROM ledger_open WHERE EXISTS (
                SELECT 1 FROM ledger WHERE ledger.id_high = ledger_open.id_high AND ledger.id_low = ledger_open.id_low
            )
            """,
            on: db
        ).run()
    }

    /// Every open request.
    static func open(_ db: Database) throws -> [LedgerRecord] {
        try records(db, "SELECT record FROM ledger_open", [])
    }

    /// Reads one record; an ending before an intent.
    static func record(_ id: RecordID, from db: Database) throws -> LedgerRecord? {
        let halves = [Int64(bitPattern: id.high), Int64(bitPattern: id.low)]
        for table in ["ledger", "ledger_open"] {
            let sql = "SELECT record FROM \(table) WHERE id_high = ? AND id_low = ?"
            if let record = try records(db, sql, StatementArguments(halves)).first { return record }
        }
        return nil
    }

    /// Reads the records that a query answers in its only column.
    static func records(_ db: Database, _ sql: String, _ arguments: StatementArguments) throws -> [LedgerRecord] {
        try Data.fetchAll(db, sql: sql, arguments: arguments).compactMap { RecordCodec.decode(Array($0)[...]) }
    }
}
