import GRDB
import MartletGovernance

@testable import MartletStore

extension UsageStore {
    /// Stores records as if they had been read from a segment.
    func apply(_ records: [LedgerRecord]) throws(StoreError) {
        var frames: [UInt8] = []
        for record in records { Frame.append(record, to: &frames) }
        let intents = records.filter { $0.state == .intent }.map { intent in
            var payload: [UInt8] = []
            RecordCodec.encode(intent, into: &payload)
            return OpenIntent(id: intent.id, segment: 0, offset: 0, since: .now, payload: payload)
        }
        try apply(DrainBatch(scans: [FrameScan(frames)], intents: intents))
    }

    /// Every row of the ledger, endings and open intents.
    static func allRecords(_ db: Database) throws -> [LedgerRecord] {
        try LedgerRows.records(db, "SELECT record FROM ledger ORDER BY id_high, id_low", []) + LedgerRows.open(db)
    }

    func deleteAllRecordsButSums() throws {
        try database.pool.write { try $0.execute(sql: "DELETE FROM ledger") }
    }

    func forgetPositions() throws {
        try database.pool.write { try $0.execute(sql: "DELETE FROM spool_positions") }
    }
}

extension FrameScan {
    /// The records that were found.
    var records: [LedgerRecord] { outlines.compactMap { RecordCodec.decode(content[$0.payload]) } }
}

extension UsageCounts {
    /// The counts of one record.
    init(_ record: LedgerRecord) {
        var frame: [UInt8] = []
        Frame.append(record, to: &frame)
        self.init()
        for outline in FrameScan(frame).outlines { add(outline) }
    }
}
