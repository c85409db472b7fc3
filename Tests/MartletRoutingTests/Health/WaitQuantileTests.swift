import Testing

@testable import MartletRouting

@Suite("How long a target mostly takes") struct WaitQuantileTests {
    @Test("nothing is said of fewer than twenty answers")
    func few() {
        var waits = WaitQuantile()
        for _ in 0..<19 { waits.add(.seconds(1)) }
        #expect(waits.value == nil)
        waits.add(.seconds(1))
        #expect(waits.value != nil)
    }

    @Test("the answer is within its class of what 95 of 100 answers took", arguments: [1, 7, 40, 333, 5_000, 90_000])
    func quantile(milliseconds: Int) {
        var waits = WaitQuantile()
        for index in 0..<200 { waits.add(.milliseconds(milliseconds) * (index % 50 == 0 ? 20.0 : 1.0)) }
        let value = waits.value ?? .zero
        #expect(value >= .milliseconds(milliseconds))
        #expect(value <= .milliseconds(milliseconds) * 1.27)
    }

    @Test("what is new counts more than what is old, for any number of answers")
    func forgets() {
        var waits = WaitQuantile()
        for _ in 0..<100_000 { waits.add(.seconds(60)) }
        for _ in 0..<3_000 { waits.add(.milliseconds(10)) }
        #expect(waits.value ?? .zero < .milliseconds(13))
    }

    @Test("no duration is too long or too short", arguments: [Duration.zero, .seconds(-5), .seconds(1 << 60)])
    func extremes(duration: Duration) {
        var waits = WaitQuantile()
        for _ in 0..<25 { waits.add(duration) }
        #expect(waits.value != nil)
    }
}
