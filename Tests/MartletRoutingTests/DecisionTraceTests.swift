import MartletRouting
import Testing

@Suite("Decision trace") struct DecisionTraceTests {
    @Test("keeps 48 entries and says that it is cut")
    func bounded() {
        var trace = DecisionTrace()
        for index in 0..<48 { trace.add(.attempt, index) }
        #expect(!trace.isCut)
        trace.add(.clientGone)
        #expect(trace.entries.count == 48 && trace.isCut)
    }

    @Test("is told as text of whole entries, at most 512 bytes")
    func text() {
        var trace = DecisionTrace()
        trace.add(.planned, 2, 0)
        trace.add(.failed, .max, .min, -1)
        #expect(String(decoding: trace.text(), as: UTF8.self) == "planned 2 0 0;failed 2147483647 -2147483648 -1;")
        for _ in 0..<46 { trace.add(.interrupted, 1_000_000, 1_000_000) }
        #expect(trace.text().count <= 512)
        #expect(trace.text().last == UInt8(ascii: ";"))
    }
}
