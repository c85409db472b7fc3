import GRDB
public import MartletCore
public import MartletGovernance

/// The record that an id names, and what else it might.
public struct FoundRequest: Sendable, Hashable {
    /// The newest one, or the one whose own id it is.
    public var record: LedgerRecord
    /// How many there are, this one included, as far as they were counted.
    public var matches: Int
    /// Ids of the others, the newest first, as far as they are told.
    public var others: [RecordID]

    /// Matches that are counted.
    public static let maxCounted = 1_000
    /// Other ids that are told.
    public static let maxOthers = 20
}

extension UsageLedger {
    /// Finds a request by its own id, else by the one that its caller gave it, where the newest counts.
    ///
    /// Sees every request that ended before the call, and those that run and have reached an upstream.
    ///
    /// - Parameter id: A record's id or a caller's `x-request-id`.
    /// - Returns: `nil` when the ledger has none, or has it no more.
    /// - Throws: `StoreError` when the store fails.
    public func request(_ id: String) async throws(StoreError) -> FoundRequest? {
        try await drainNow()
        // Looked up before the store: what ends meanwhile is in one of the two.
        let own = RecordID(id.lowercased())
        var running = openRequests { $0.id == own || $0.clientRequestID == id }
        if let own, let record = try store.record(own) ?? running.first(where: { $0.id == own }) {
            return FoundRequest(record: record, matches: 1, others: [])
        }
        let stored = try store.records(ofClient: id)
        running.removeAll { stored.contains($0.id) }
        let all = (stored + running.map(\.id)).sorted(by: >)
        guard let newest = all.first else { return nil }
        var found = running.first { $0.id == newest }
        if found == nil { found = try store.record(newest) }
        guard let record = found else { return nil }
        return FoundRequest(
            record: record,
            matches: min(all.count, FoundRequest.maxCounted),
            others: Array(all.dropFirst().prefix(FoundRequest.maxOthers))
        )
    }
}

extension UsageStore {
    /// The ids of records that a caller gave this id, without those that are not noted as open yet.
    func records(ofClient id: String) throws(StoreError) -> [RecordID] {
        try storing {
            try database.pool.read { db in
                let rows = try Row.fetchAll(
                    db,
                    sql: """
                        SELECT id_high, id_low FROM ledger_client_ids WHERE client_id = ?
                        ORDER BY id_high DESC, id_low DESC LIMIT ?
                        """,
                    arguments: [id, FoundRequest.maxCounted]
                )
                var ids = rows.map {
                    RecordID(high: UInt64(bitPattern: $0[0] as Int64), low: UInt64(bitPattern: $0[1] as Int64))
                }
                for open in try LedgerRows.open(db) where open.clientRequestID == id { ids.append(open.id) }
                return ids
            }
        }
    }
}

extension LedgerRows {
    /// Removes the callers' ids of the oldest records, before these are removed.
    static func removeClientIDs(before time: Int64, limit: Int, from db: Database) throws {
        let sql = "SELECT record FROM ledger WHERE id_high < ? ORDER BY id_high, id_low LIMIT ?"
        let delete = try RawStatement(
            "DELETE FROM ledger_client_ids WHERE client_id = ? AND id_high = ? AND id_low = ?",
            on: db
        )
        defer { delete.clear() }
        for record in try records(db, sql, [time, limit]) {
            guard let id = record.clientRequestID else { continue }
            try delete.bind(id, at: 1)
            try delete.bind(Int64(bitPattern: record.id.high), at: 2)
            try delete.bind(Int64(bitPattern: record.id.low), at: 3)
            try delete.run()
        }
    }
}
