// Appends usage records until it is killed, and prints each one after its append has returned.
//
// Usage: spool-writer DATA_DIRECTORY SEED
// Lines: `ready`, then `intent ID` and `ending ID STATE OUTPUT_TOKENS`.

import Foundation
import MartletCore
import MartletGovernance
import MartletStore

struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

func say(_ text: String) {
    FileHandle.standardOutput.write(Data(text.utf8))
}

let seed = UInt64(CommandLine.arguments[2]) ?? 0
var random = SplitMix(state: seed)
let directory = try DataDirectory(creating: CommandLine.arguments[1])
let ledger = try UsageLedger(
    directory,
    database: try MartletDatabase(directory),
    options: SpoolOptions(
        segmentBytes: 4_096,
        reserveBytes: 1 << 20,
        // Some runs store nearly every intent, some hardly any.
        intentHold: [.zero, .milliseconds(1), .milliseconds(10), .seconds(2)].randomElement(using: &random) ?? .zero
    ),
    now: 1_700_000_000_000
)
ledger.start()
// Drains all the time, so that a kill also meets transactions and deletions.
let drains = Thread {
    while true {
        let done = DispatchSemaphore(value: 0)
        Task {
            try? await ledger.drainNow()
            done.signal()
        }
        done.wait()
    }
}
drains.start()
say("ready\n")

let writer = ledger.spool.makeWriter(shard: 0)
var open: [LedgerRecord] = []
var counter: UInt64 = 0
while true {
    var lines = ""
    for _ in 0..<Int.random(in: 1...4, using: &random) {
        if open.isEmpty || (open.count < 20 && Bool.random(using: &random)) {
            counter += 1
            let time = 1_700_000_000_000 + UInt64.random(in: 0..<200_000_000, using: &random)
            let record = LedgerRecord(
                id: RecordID(unixMilliseconds: time, random: (counter, seed)),
                state: .intent,
                receivedAt: time,
                recordedAt: time,
                key: APIKeyID("abcdefghijk\(counter % 3)"),
                model: "model-\(counter % 2)",
                provider: "mock",
                upstreamModel: "upstream",
                attempts: 0,
                status: 0,
                streamed: true,
                usage: Usage(inputTokens: 7, outputTokens: 0, estimated: true),
                cost: NanoUSD(70)
            )
            writer.encode(record)
            open.append(record)
            lines += "intent \(record.id)\n"
        } else {
            var record = open.remove(at: Int.random(in: open.indices, using: &random))
            record.state = [.settled, .cancelled, .failed].randomElement(using: &random) ?? .settled
            record.attempts = 1
            record.usage = Usage(inputTokens: 9, outputTokens: Int64.random(in: 1...500, using: &random))
            record.cost = Bool.random(using: &random) ? NanoUSD(record.usage.outputTokens * 3) : nil
            writer.encode(record)
            lines += "ending \(record.id) \(record.state.name) \(record.usage.outputTokens)\n"
        }
    }
    do {
        try writer.append()
    } catch {
        FileHandle.standardError.write(Data("\(error)\n".utf8))
        exit(1)
    }
    say(lines)
}
