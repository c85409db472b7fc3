import MartletCore
import MartletGovernance
import Testing

@Suite("Ledger record") struct LedgerRecordTests {
    @Test(
        "states keep their numbers and names, which stand in files",
        arguments: [
            (.intent, 0, "intent"), (.settled, 1, "settled"), (.cancelled, 2, "cancelled"),
            (.interrupted, 3, "interrupted"),
            (.failed, 4, "failed"),
        ] as [(LedgerRecord.State, UInt8, String)]
    )
    func states(state: LedgerRecord.State, number: UInt8, name: String) {
        #expect(state.rawValue == number)
        #expect(state.name == name)
        #expect(LedgerRecord.State.allCases.count == 5)
    }

    @Test("a record begins without what only an ending knows")
    func defaults() {
        let record = LedgerRecord(
            id: RecordID(high: 1, low: 2),
            state: .intent,
            receivedAt: 1,
            recordedAt: 2,
            key: .static,
            model: "m",
            provider: "p",
            upstreamModel: "u",
            attempts: 1,
            status: 0,
            streamed: true,
            usage: Usage(inputTokens: 3, outputTokens: 0, estimated: true),
            cost: nil
        )
        #expect(record.durationMilliseconds == 0 && record.firstTokenMilliseconds == 0)
        #expect(record.clientRequestID == nil && record.errorCode == nil && record.trace.isEmpty)
    }
}
