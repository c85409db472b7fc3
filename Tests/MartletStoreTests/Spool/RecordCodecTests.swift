import MartletCore
import MartletGovernance
import Testing

@testable import MartletStore

@Suite("Record codec") struct RecordCodecTests {
    @Test("reads back what it wrote, for every state and with every field absent or extreme")
    func roundTrip() throws {
        var records = LedgerRecord.State.allCases.map { sample(1, $0) }
        var extreme = sample(2)
        extreme.usage = Usage(inputTokens: .min, outputTokens: .max)
        extreme.cost = NanoUSD(.min)
        extreme.receivedAt = UInt64(Int64.max)
        extreme.attempts = .max
        extreme.durationMilliseconds = .max
        records.append(extreme)
        var bare = sample(3, cost: nil)
        bare.clientRequestID = nil
        bare.model = ""
        bare.trace = []
        records.append(bare)
        // Each further count alone, then all of them.
        let more: [(inout LedgerRecord) -> Void] = [
            { $0.usage.cacheWrite1hTokens = 0 }, { $0.usage.audioInputTokens = 7 }, { $0.usage.audioOutputTokens = -1 },
            { $0.usage.imageInputTokens = .max }, { $0.usage.imageOutputTokens = 9 },
            { $0.usage.reportedCost = NanoUSD(.max) }, { $0.listedCost = NanoUSD(.min) },
        ]
        for set in more {
            var record = sample(4)
            set(&record)
            records.append(record)
        }
        records.append(more.reduce(into: sample(5)) { record, set in set(&record) })
        for record in records {
            var bytes: [UInt8] = []
            RecordCodec.encode(record, into: &bytes)
            #expect(RecordCodec.decode(bytes[...]) == record)
        }
    }

    @Test("cuts texts over their limit at a character, and stays below the largest payload")
    func bounds() throws {
        var record = sample(1)
        record.model = "a" + String(repeating: "é", count: 600)
        record.provider = String(repeating: "x", count: 10_000)
        record.upstreamModel = record.provider
        record.clientRequestID = record.provider
        record.errorCode = record.provider
        record.key = APIKeyID(record.provider)
        record.trace = Array(repeating: 1, count: 10_000)
        var bytes: [UInt8] = []
        RecordCodec.encode(record, into: &bytes)
        #expect(bytes.count <= RecordCodec.maxPayloadBytes)
        let read = try #require(RecordCodec.decode(bytes[...]))
        #expect(read.model == "a" + String(repeating: "é", count: 255))
        #expect(read.trace.count == 512)
    }

    @Test("answers nothing for every prefix, a longer payload, another version, and random bytes")
    func refusals() {
        var bytes: [UInt8] = []
        RecordCodec.encode(sample(1), into: &bytes)
        for count in bytes.indices { #expect(RecordCodec.decode(bytes[..<count]) == nil) }
        #expect(RecordCodec.decode((bytes + [0])[...]) == nil)
        var other = bytes
        for version in [0, 2, 3] as [UInt8] {
            other[0] = version
            #expect(RecordCodec.decode(other[...]) == nil)
        }
        var extended: [UInt8] = []
        var record = sample(1)
        record.listedCost = NanoUSD(5)
        RecordCodec.encode(record, into: &extended)
        for count in extended.indices { #expect(RecordCodec.decode(extended[..<count]) == nil) }
        // A count that this version does not know.
        extended[extended.count - 2] |= 128
        #expect(RecordCodec.decode(extended[...]) == nil)
        var random = SplitMix(state: 1)
        for _ in 0..<20_000 {
            var noise = bytes
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                noise[Int.random(in: noise.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            // It must not trap; what it answers may be a record.
            _ = RecordCodec.decode(noise[...])
        }
    }

    @Test("computes the published check values")
    func checkValues() {
        let digits = Array("123456789".utf8)
        #expect(CRC32C.checksum(digits.span) == 0xE306_9283)
        #expect(CRC32.checksum(digits.span) == 0xCBF4_3926)
    }
}
