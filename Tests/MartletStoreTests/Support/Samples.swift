import Foundation
import GRDB
import MartletCore
import MartletGovernance
import Synchronization

@testable import MartletStore

/// A directory that is removed with its last user.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func names(_ sub: String = "") -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path + sub)) ?? []).sorted()
    }
}

/// A repeatable random source.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// 2026-11-20T00:00:00Z in milliseconds since 1970.
let sampleDay: UInt64 = 1_795_132_800_000

/// A record of the `number`th request.
func sample(
    _ number: UInt64,
    _ state: LedgerRecord.State = .settled,
    day: UInt64 = 0,
    key: String = "abcdefghijkl",
    model: String = "gpt-5-mini",
    output: Int64 = 20,
    cost: NanoUSD? = NanoUSD(1_000)
) -> LedgerRecord {
    let time = sampleDay + day * 86_400_000 + number
    return LedgerRecord(
        id: RecordID(unixMilliseconds: time, random: (number, number &* 77)),
        state: state,
        receivedAt: time,
        recordedAt: time + 5,
        key: APIKeyID(key),
        model: model,
        provider: "openai",
        upstreamModel: "gpt-5-mini-2025",
        attempts: state == .intent ? 0 : 1,
        status: state == .intent ? 0 : 200,
        streamed: true,
        usage: Usage(
            inputTokens: 10,
            outputTokens: state == .intent ? 0 : output,
            cacheReadTokens: 4,
            cacheWriteTokens: 0,
            reasoningTokens: state == .intent ? nil : 3,
            estimated: state == .intent
        ),
        cost: cost,
        durationMilliseconds: 120,
        firstTokenMilliseconds: 30,
        clientRequestID: "req-\(number)",
        errorCode: state == .failed ? "provider_error" : nil,
        trace: [1, 2, 3]
    )
}

/// A data directory with its database, and a spool that can be opened again and again.
final class Bench {
    let home: TemporaryDirectory
    let directory: DataDirectory
    let database: MartletDatabase
    let store: UsageStore

    init() throws {
        home = try TemporaryDirectory()
        directory = try DataDirectory(creating: home.path + "/data")
        database = try MartletDatabase(directory)
        store = UsageStore(database)
    }

    func spool(
        options: SpoolOptions = SpoolOptions(segmentBytes: 4_096, totalBytes: 1 << 20, reserveBytes: 64 << 10),
        files: any SpoolFiles = DiskFiles()
    ) throws -> Spool {
        try Spool(directory: directory.spoolPath, options: options, files: files)
    }

    /// The segment files, oldest first.
    var segments: [String] { home.names("/data/spool").filter { $0.hasSuffix(".seg") } }

    func path(of segment: String) -> String { directory.spoolPath + "/" + segment }
}

/// Sums over the ledger's rows, to compare the daily sums with.
func sumOfRows(_ store: UsageStore, database: MartletDatabase) throws -> UsageCounts {
    var total = UsageCounts()
    let records = try database.pool.read { db in try UsageStore.allRecords(db) }
    for record in records { total.add(UsageCounts(record)) }
    return total
}

/// All days there are.
let everyDay = UsageQuery(from: CivilDay(daysSinceEpoch: 0), to: CivilDay(daysSinceEpoch: 60_000))
