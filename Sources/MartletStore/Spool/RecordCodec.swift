import MartletCore
import MartletGovernance

/// The compact binary form of a `LedgerRecord`, version 1.
///
/// Layout: version, state, flags (one byte each), id (16 bytes, big-endian), then LEB128 integers (signed ones zigzagged)
/// and length-prefixed strings in the order of the writer below. Strings over their limit are cut at a character.
///
/// The spool holds it, and so does the ledger's table, for as long as records are kept: a later version must be able to
/// read it.
enum RecordCodec {
    /// The version byte that this build writes, and the only one it reads.
    static let version: UInt8 = 1
    /// The largest payload: every string at its limit and every integer at its longest stays below it.
    static let maxPayloadBytes = 4_096

    /// The largest lengths of the texts of a record, in bytes of UTF-8.
    enum Limit {
        static let key = 64
        static let name = 512
        static let clientRequestID = 256
        static let errorCode = 64
        static let trace = 512
    }

    struct Flags: OptionSet {
        let rawValue: UInt8
        static let streamed = Flags(rawValue: 1)
        static let estimated = Flags(rawValue: 2)
        static let cacheRead = Flags(rawValue: 4)
        static let cacheWrite = Flags(rawValue: 8)
        static let reasoning = Flags(rawValue: 16)
        static let cost = Flags(rawValue: 32)
        static let clientRequestID = Flags(rawValue: 64)
        static let errorCode = Flags(rawValue: 128)
    }

    /// Appends the payload of a record to `bytes`.
    static func encode(_ record: LedgerRecord, into bytes: inout [UInt8]) {
        var flags: Flags = []
        if record.streamed { flags.insert(.streamed) }
        if record.usage.estimated { flags.insert(.estimated) }
        if record.usage.cacheReadTokens != nil { flags.insert(.cacheRead) }
        if record.usage.cacheWriteTokens != nil { flags.insert(.cacheWrite) }
        if record.usage.reasoningTokens != nil { flags.insert(.reasoning) }
        if record.cost != nil { flags.insert(.cost) }
        if record.clientRequestID != nil { flags.insert(.clientRequestID) }
        if record.errorCode != nil { flags.insert(.errorCode) }
        bytes.append(version)
        bytes.append(record.state.rawValue)
        bytes.append(flags.rawValue)
        bytes.appendBigEndian(record.id.high)
        bytes.appendBigEndian(record.id.low)
        bytes.appendVarint(record.receivedAt)
        bytes.appendVarint(record.recordedAt)
        bytes.appendVarint(UInt64(record.attempts))
        bytes.appendVarint(UInt64(record.status))
        bytes.appendVarint(UInt64(record.durationMilliseconds))
        bytes.appendVarint(UInt64(record.firstTokenMilliseconds))
        bytes.appendZigzag(record.usage.inputTokens)
        bytes.appendZigzag(record.usage.outputTokens)
        if let count = record.usage.cacheReadTokens { bytes.appendZigzag(count) }
        if let count = record.usage.cacheWriteTokens { bytes.appendZigzag(count) }
        if let count = record.usage.reasoningTokens { bytes.appendZigzag(count) }
        if let cost = record.cost { bytes.appendZigzag(cost.rawValue) }
        bytes.appendText(record.key.rawValue, limit: Limit.key)
        bytes.appendText(record.model, limit: Limit.name)
        bytes.appendText(record.provider, limit: Limit.name)
        bytes.appendText(record.upstreamModel, limit: Limit.name)
        if let id = record.clientRequestID { bytes.appendText(id, limit: Limit.clientRequestID) }
        if let code = record.errorCode { bytes.appendText(code, limit: Limit.errorCode) }
        let traceBytes = min(record.trace.count, Limit.trace)
        bytes.appendVarint(UInt64(traceBytes))
        bytes.append(contentsOf: record.trace[..<traceBytes])
    }

    /// Reads a payload; `nil` when it is anything but one whole record of this version.
    ///
    /// Texts that are no UTF-8 get U+FFFD in place of what is wrong.
    static func decode(_ payload: ArraySlice<UInt8>) -> LedgerRecord? {
        let bytes = Array(payload)
        guard let outline = outline(of: 0..<bytes.count, in: bytes.span) else { return nil }
        func text(_ place: RecordOutline.Place) -> String {
            String(decoding: bytes[outline.range(place)], as: UTF8.self)
        }
        return LedgerRecord(
            id: outline.id,
            state: outline.state,
            receivedAt: outline.receivedAt,
            recordedAt: outline.recordedAt,
            key: APIKeyID(text(outline.key)),
            model: text(outline.model),
            provider: text(outline.provider),
            upstreamModel: text(outline.upstreamModel),
            attempts: outline.attempts,
            status: outline.status,
            streamed: outline.streamed,
            usage: outline.usage,
            cost: outline.cost,
            durationMilliseconds: outline.durationMilliseconds,
            firstTokenMilliseconds: outline.firstTokenMilliseconds,
            clientRequestID: outline.clientRequestID.map(text),
            errorCode: outline.errorCode.map(text),
            trace: Array(bytes[outline.range(outline.trace)])
        )
    }
}
