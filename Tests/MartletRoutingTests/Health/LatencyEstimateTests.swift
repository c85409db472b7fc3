import MartletCore
import MartletRouting
import Testing

@Suite("Latency estimate") struct LatencyEstimateTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    private func stream(_ first: Int, _ rest: Int = 1_000, tokens: Int64 = 101) -> LatencySample {
        .stream(firstToken: .milliseconds(first), rest: .milliseconds(rest), outputTokens: tokens)
    }

    private func close(_ duration: Duration?, _ milliseconds: Double) -> Bool {
        guard let duration else { return false }
        return abs(duration / .milliseconds(1) - milliseconds) < 0.001
    }

    @Test("nothing is known before the first answer, not even after failures")
    func empty() {
        var estimate = LatencyEstimate()
        estimate.failed(start)
        #expect(estimate.firstToken(start) == nil && estimate.perToken(start) == nil)
    }

    @Test("the first stream is believed, a slower one at once, a faster one counts a fifth")
    func blended() {
        var estimate = LatencyEstimate()
        estimate.add(stream(1_000, 2_000), start)
        #expect(close(estimate.firstToken(start), 1_000) && close(estimate.perToken(start), 20))
        estimate.add(stream(500), start)
        #expect(close(estimate.firstToken(start), 900) && close(estimate.perToken(start), 18))
        estimate.add(stream(3_000, 5_000), start)
        #expect(close(estimate.firstToken(start), 3_000) && close(estimate.perToken(start), 50))
    }

    @Test("ten minutes without an answer halve what the past weighs")
    func idle() {
        var estimate = LatencyEstimate()
        estimate.add(stream(1_000), start)
        estimate.add(stream(500), start + .seconds(600))
        #expect(close(estimate.firstToken(start), 1_000 * 0.4 + 500 * 0.6))
        var old = LatencyEstimate()
        old.add(stream(1_000), start)
        old.add(stream(500), start + .seconds(365 * 86_400))
        #expect((old.firstToken(start) ?? .zero) < .milliseconds(501))
    }

    @Test("for a minute after a failure it counts as half as fast")
    func failed() {
        var estimate = LatencyEstimate()
        estimate.add(stream(500), start)
        estimate.failed(start)
        #expect(close(estimate.firstToken(start + .seconds(59)), 1_000))
        #expect(close(estimate.perToken(start + .seconds(59)), 20))
        #expect(close(estimate.firstToken(start + .seconds(60)), 500))
    }

    @Test("a stream of one token says nothing of the speed of tokens")
    func short() {
        var estimate = LatencyEstimate()
        estimate.add(stream(500, 3_000, tokens: 1), start)
        #expect(close(estimate.firstToken(start), 500) && estimate.perToken(start) == nil)
    }

    @Test("an answer that came as a whole takes as long as the estimate of it says")
    func whole() {
        var estimate = LatencyEstimate()
        estimate.add(.whole(.seconds(2), outputTokens: 175), start)
        #expect(close(estimate.firstToken(start), 250) && close(estimate.perToken(start), 10))
        // Twice as long as was expected: both parts are.
        estimate.add(.whole(.seconds(4), outputTokens: 175), start)
        #expect(close(estimate.firstToken(start), 500) && close(estimate.perToken(start), 20))
        // Half of that: both are faster by a fifth of it.
        estimate.add(.whole(.seconds(2), outputTokens: 175), start)
        #expect(close(estimate.firstToken(start), 450) && close(estimate.perToken(start), 18))
    }

    @Test("what cannot be a measurement is left out")
    func nonsense() {
        var estimate = LatencyEstimate()
        estimate.add(.stream(firstToken: .seconds(-1), rest: .zero, outputTokens: 5), start)
        estimate.add(.stream(firstToken: .seconds(1), rest: .seconds(-1), outputTokens: 5), start)
        estimate.add(.whole(.seconds(1), outputTokens: -5), start)
        #expect(estimate.firstToken(start) == nil)
        estimate.add(.stream(firstToken: .seconds(1), rest: .zero, outputTokens: .max), start)
        #expect(close(estimate.perToken(start), 0))
    }
}
