import MartletCore
import MartletGovernance

/// The compact binary form of a `LedgerRecord`, versions 1 and 2.
///
/// Layout: version, state, flags (one byte each), id (16 bytes, big-endian), then LEB128 integers (signed ones zigzagged)
/// and length-prefixed strings in the order of the writer below. Strings over their limit are cut at a character. Version 2
/// is written for records that need it: it has further counts behind all else, which `MoreFlags` names.
///
/// The spool holds it, and so does the ledger's table, for as long as records are kept: a later version must be able to
/// read it.
enum RecordCodec {
    /// The version byte of most records.
    static let version: UInt8 = 1
    /// The version byte of records with further counts.
    static let versionWithMore: UInt8 = 2
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

    /// Which counts stand behind a record of version 2.
    struct MoreFlags: OptionSet {
        let rawValue: UInt8
        static let cacheWrite1h = MoreFlags(rawValue: 1)
        static let audioInput = MoreFlags(rawValue: 2)
        static let audioOutput = MoreFlags(rawValue: 4)
        static let imageInput = MoreFlags(rawValue: 8)
        static let imageOutput = MoreFlags(rawValue: 16)
        static let reportedCost = MoreFlags(rawValue: 32)
        static let listedCost = MoreFlags(rawValue: 64)
        static let all = MoreFlags(rawValue: 127)

        /// Says what a record needs.
        init(_ record: LedgerRecord) {
            var flags: MoreFlags = []
            if record.usage.cacheWrite1hTokens != nil { flags.insert(.cacheWrite1h) }
            if record.usage.audioInputTokens != 0 { flags.insert(.audioInput) }
            if record.usage.audioOutputTokens != 0 { flags.insert(.audioOutput) }
            if record.usage.imageInputTokens != 0 { flags.insert(.imageInput) }
            if record.usage.imageOutputTokens != 0 { flags.insert(.imageOutput) }
            if record.usage.reportedCost != nil { flags.insert(.reportedCost) }
            if record.listedCost != nil { flags.insert(.listedCost) }
            self = flags
        }

        init(rawValue: UInt8) { self.rawValue = rawValue }
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
        let more = MoreFlags(record)
        bytes.append(more.isEmpty ? version : versionWithMore)
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
        if !more.isEmpty { append(more, of: record, to: &bytes) }
    }

    private static func append(_ flags: MoreFlags, of record: LedgerRecord, to bytes: inout [UInt8]) {
        bytes.append(flags.rawValue)
        if let count = record.usage.cacheWrite1hTokens { bytes.appendZigzag(count) }
        let media: [(MoreFlags, Int64)] = [
            (.audioInput, record.usage.audioInputTokens), (.audioOutput, record.usage.audioOutputTokens),
            (.imageInput, record.usage.imageInputTokens), (.imageOutput, record.usage.imageOutputTokens),
        ]
        for (flag, count) in media where flags.contains(flag) { bytes.appendZigzag(count) }
        if let cost = record.usage.reportedCost { bytes.appendZigzag(cost.rawValue) }
        if let cost = record.listedCost { bytes.appendZigzag(cost.rawValue) }
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
        var record = LedgerRecord(
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
        record.listedCost = outline.listedCost
        return record
    }
}
