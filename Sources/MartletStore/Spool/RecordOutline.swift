import MartletCore
import MartletGovernance

/// What a payload says, its texts as places in it: all that draining needs, without building a string.
struct RecordOutline: Sendable {
    /// A place in the payload, counted from its start.
    typealias Place = Range<UInt16>

    var id: RecordID
    var state: LedgerRecord.State
    var streamed: Bool
    var receivedAt: UInt64
    var recordedAt: UInt64
    var attempts: UInt16
    var status: UInt16
    var durationMilliseconds: UInt32
    var firstTokenMilliseconds: UInt32
    var usage: Usage
    var cost: NanoUSD?
    var listedCost: NanoUSD?
    var key: Place
    var model: Place
    var provider: Place
    var upstreamModel: Place
    var clientRequestID: Place?
    var errorCode: Place?
    var trace: Place
    /// Key, model and provider with the lengths before them: equal bytes mean equal labels.
    var labels: Place
    /// Where the payload is in the bytes that were read.
    var payload: Range<Int>

    /// Where a part of the payload is in the bytes that were read.
    func range(_ place: Place) -> Range<Int> {
        (payload.lowerBound + Int(place.lowerBound))..<(payload.lowerBound + Int(place.upperBound))
    }
}

extension RecordCodec {
    /// Reads a payload; `nil` when it is anything but one whole record of this version.
    static func outline(of payload: Range<Int>, in bytes: Span<UInt8>) -> RecordOutline? {
        guard payload.count <= maxPayloadBytes else { return nil }
        var reader = ByteReader(payload)
        let written = reader.byte(bytes)
        guard written == version || written == versionWithMore,
            let state = LedgerRecord.State(rawValue: reader.byte(bytes))
        else {
            return nil
        }
        let flags = Flags(rawValue: reader.byte(bytes))
        let id = RecordID(high: reader.bigEndian(bytes), low: reader.bigEndian(bytes))
        let receivedAt = reader.varint(bytes, limit: UInt64(Int64.max))
        let recordedAt = reader.varint(bytes, limit: UInt64(Int64.max))
        let attempts = UInt16(truncatingIfNeeded: reader.varint(bytes, limit: UInt64(UInt16.max)))
        let status = UInt16(truncatingIfNeeded: reader.varint(bytes, limit: UInt64(UInt16.max)))
        let duration = UInt32(truncatingIfNeeded: reader.varint(bytes, limit: UInt64(UInt32.max)))
        let firstToken = UInt32(truncatingIfNeeded: reader.varint(bytes, limit: UInt64(UInt32.max)))
        var usage = Usage(inputTokens: reader.zigzag(bytes), outputTokens: reader.zigzag(bytes))
        usage.estimated = flags.contains(.estimated)
        if flags.contains(.cacheRead) { usage.cacheReadTokens = reader.zigzag(bytes) }
        if flags.contains(.cacheWrite) { usage.cacheWriteTokens = reader.zigzag(bytes) }
        if flags.contains(.reasoning) { usage.reasoningTokens = reader.zigzag(bytes) }
        let cost = flags.contains(.cost) ? NanoUSD(reader.zigzag(bytes)) : nil
        func place(_ range: Range<Int>) -> RecordOutline.Place {
            // The payload is at most 4,096 bytes long.
            UInt16(
                truncatingIfNeeded: range.lowerBound - payload.lowerBound
            )..<UInt16(truncatingIfNeeded: range.upperBound - payload.lowerBound)
        }
        let labels = reader.offset
        let key = place(reader.run(bytes, limit: Limit.key))
        let model = place(reader.run(bytes, limit: Limit.name))
        let provider = place(reader.run(bytes, limit: Limit.name))
        let endOfLabels = reader.offset
        let upstreamModel = place(reader.run(bytes, limit: Limit.name))
        let hasClientID = flags.contains(.clientRequestID)
        let clientRequestID = hasClientID ? place(reader.run(bytes, limit: Limit.clientRequestID)) : nil
        let errorCode = flags.contains(.errorCode) ? place(reader.run(bytes, limit: Limit.errorCode)) : nil
        let trace = place(reader.run(bytes, limit: Limit.trace))
        var listedCost: NanoUSD?
        if written == versionWithMore {
            let more = MoreFlags(rawValue: reader.byte(bytes))
            // A record that needs none has version 1; a flag of a later version is not understood.
            guard !more.isEmpty, more.isSubset(of: .all) else { return nil }
            if more.contains(.cacheWrite1h) { usage.cacheWrite1hTokens = reader.zigzag(bytes) }
            if more.contains(.audioInput) { usage.audioInputTokens = reader.zigzag(bytes) }
            if more.contains(.audioOutput) { usage.audioOutputTokens = reader.zigzag(bytes) }
            if more.contains(.imageInput) { usage.imageInputTokens = reader.zigzag(bytes) }
            if more.contains(.imageOutput) { usage.imageOutputTokens = reader.zigzag(bytes) }
            if more.contains(.reportedCost) { usage.reportedCost = NanoUSD(reader.zigzag(bytes)) }
            if more.contains(.listedCost) { listedCost = NanoUSD(reader.zigzag(bytes)) }
        }
        guard reader.isAtEnd, !reader.failed else { return nil }
        return RecordOutline(
            id: id,
            state: state,
            streamed: flags.contains(.streamed),
            receivedAt: receivedAt,
            recordedAt: recordedAt,
            attempts: attempts,
            status: status,
            durationMilliseconds: duration,
            firstTokenMilliseconds: firstToken,
            usage: usage,
            cost: cost,
            listedCost: listedCost,
            key: key,
            model: model,
            provider: provider,
            upstreamModel: upstreamModel,
            clientRequestID: clientRequestID,
            errorCode: errorCode,
            trace: trace,
            labels: place(labels..<endOfLabels),
            payload: payload
        )
    }
}
