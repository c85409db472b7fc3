import MartletCore
import Testing

@testable import MartletRouting

@Suite("Target health") struct TargetHealthTests {
    private let policy = CircuitBreakerPolicy()
    private let start = Instant(nanoseconds: 1_000_000_000)

    private func permit(_ health: inout TargetHealth, _ now: Instant) throws -> AttemptPermit {
        guard case .granted(let permit) = health.admit(now, policy) else { throw Refused() }
        return permit
    }

    private struct Refused: Error {}

    /// One attempt that begins and ends at a time.
    private func attempt(_ health: inout TargetHealth, _ end: AttemptEnd, _ now: Instant) throws {
        health.ended(try permit(&health, now), end, now, policy, 1 << 63)
    }

    @Test(
        "failures that are the target's open its circuit",
        arguments: [.connect, .connectTimeout, .reset, .timeout, .serverError, .badResponse, .redirect]
            as [AttemptFailure.Kind]
    )
    func counted(kind: AttemptFailure.Kind) throws {
        var health = TargetHealth()
        for _ in 0..<5 { try attempt(&health, .failed(AttemptFailure(kind)), start) }
        let standing = health.standing(start, policy)
        #expect(standing.obstacle == .circuitOpen && standing.until == start + .seconds(5))
        #expect(health.isDegraded(start) && health.inFlight == 0)
    }

    @Test(
        "what is the caller's doing, a limit, a refused credential and a caller who leaves never do",
        arguments: [
            .failed(AttemptFailure(.notFound)), .failed(AttemptFailure(.contextLength)),
            .failed(AttemptFailure(.contentFilter)), .failed(AttemptFailure(.clientError)),
            .failed(AttemptFailure(.refused)), .failed(AttemptFailure(.rateLimited)), .failed(AttemptFailure(.auth)),
            .abandoned,
        ] as [AttemptEnd]
    )
    func neutral(end: AttemptEnd) throws {
        var health = TargetHealth()
        for _ in 0..<100 { try attempt(&health, end, start) }
        #expect(health.breaker.state(at: start) == .closed && health.inFlight == 0)
    }

    @Test("every kind of failure is either counted or not")
    func allKinds() throws {
        for kind in AttemptFailure.Kind.allCases {
            var health = TargetHealth()
            for _ in 0..<5 where health.breaker.isClosed { try attempt(&health, .failed(AttemptFailure(kind)), start) }
            let opens = [.connect, .connectTimeout, .reset, .timeout, .serverError, .badResponse, .redirect]
                .contains(kind)
            #expect(health.breaker.isClosed != (opens || kind == .quotaExhausted), "\(kind)")
        }
    }

    @Test("a rate limit is a cool-down for as long as the target says, ten seconds if it does not, an hour at most")
    func coolDown() throws {
        for (asked, expected) in [(nil, 10), (30, 30), (1_000_000, 3_600)] as [(Int?, Int)] {
            var health = TargetHealth()
            let failure = AttemptFailure(.rateLimited, status: 429, retryAfter: asked.map { .seconds($0) })
            try attempt(&health, .failed(failure), start)
            let standing = health.standing(start, policy)
            #expect(standing.obstacle == .coolingDown && standing.until == start + .seconds(expected))
            #expect(health.standing(start + .seconds(expected), policy).obstacle == nil)
        }
    }

    @Test("an answer ends a cool-down, unless it was asked for before the limit")
    func coolDownEnds() throws {
        var health = TargetHealth()
        let early = try permit(&health, start)
        try attempt(&health, .failed(AttemptFailure(.rateLimited, retryAfter: .seconds(60))), start + .seconds(1))
        health.ended(early, .succeeded(nil), start + .seconds(2), policy, 0)
        #expect(health.standing(start + .seconds(2), policy).obstacle == .coolingDown)
        try attempt(&health, .succeeded(nil), start + .seconds(3))
        #expect(health.standing(start + .seconds(3), policy).obstacle == nil)
    }

    @Test("an answer to a caller's own key counts for the circuit, but says nothing of the gateway's limits")
    func callersKey() throws {
        var health = TargetHealth()
        try attempt(&health, .failed(AttemptFailure(.rateLimited, retryAfter: .seconds(60))), start)
        for _ in 0..<10 {
            for _ in 0..<4 { try attempt(&health, .failed(AttemptFailure(.reset)), start) }
            for _ in 0..<8 { try attempt(&health, .succeededForCaller(nil), start) }
        }
        #expect(health.standing(start, policy).obstacle == .coolingDown)
        for _ in 0..<5 { try attempt(&health, .failed(AttemptFailure(.reset)), start) }
        for _ in 0..<2 { try attempt(&health, .succeededForCaller(nil), start + .seconds(5)) }
        #expect(health.breaker.isClosed && health.standing(start + .seconds(5), policy).obstacle == .coolingDown)
    }

    @Test("a refused credential is a mark for half a minute")
    func credential() throws {
        var health = TargetHealth()
        try attempt(&health, .failed(AttemptFailure(.auth)), start)
        #expect(health.standing(start, policy).obstacle == .credentialRefused && health.isDegraded(start))
        #expect(health.standing(start + .seconds(30), policy).obstacle == nil)
    }

    @Test("without a breaker a used-up quota is a cool-down of five minutes")
    func quotaWithoutBreaker() throws {
        var off = policy
        off.enabled = false
        var health = TargetHealth()
        guard case .granted(let permit) = health.admit(start, off) else { throw Refused() }
        health.ended(permit, .failed(AttemptFailure(.quotaExhausted)), start, off, 0)
        #expect(health.standing(start, off).obstacle == .coolingDown)
        #expect(health.standing(start, off).until == start + .seconds(300))
    }

    @Test("it counts what runs, and a try that runs is an obstacle for others")
    func running() throws {
        var health = TargetHealth()
        let permits = [try permit(&health, start), try permit(&health, start)]
        #expect(health.standing(start, policy).inFlight == 2 && !health.isForgettable(start))
        for permit in permits { health.ended(permit, .abandoned, start, policy, 0) }
        #expect(health.standing(start, policy).inFlight == 0 && health.isForgettable(start))
        for _ in 0..<5 { try attempt(&health, .failed(AttemptFailure(.reset)), start) }
        let later = start + .seconds(5)
        #expect(health.standing(later, policy).obstacle == nil, "the next request may try it")
        _ = try permit(&health, later)
        #expect(health.standing(later, policy).obstacle == .circuitHalfOpen)
    }

    @Test("a failed target is told of for an hour after the last attempt")
    func relevance() throws {
        var health = TargetHealth()
        for _ in 0..<5 { try attempt(&health, .failed(AttemptFailure(.reset)), start) }
        #expect(health.isDegraded(start + .seconds(3_599)) && !health.isDegraded(start + .seconds(3_601)))
    }

    @Test("measured times come with the standing")
    func latency() throws {
        var health = TargetHealth()
        let sample = LatencySample.stream(firstToken: .milliseconds(500), rest: .seconds(1), outputTokens: 101)
        try attempt(&health, .succeeded(sample), start)
        #expect(health.standing(start, policy).firstToken == .milliseconds(500))
        #expect(health.standing(start, policy).perToken == .milliseconds(10))
    }

    @Test("a target that is outrun over and over without a word counts as failing, and is no guess for waits")
    func outrun() throws {
        var health = TargetHealth()
        let sample = LatencySample.stream(firstToken: .milliseconds(50), rest: .milliseconds(50), outputTokens: 10)
        for _ in 0..<40 { try attempt(&health, .succeeded(sample), start) }
        let usual = try #require(health.usualWait(isStream: true))
        let outrun = AttemptEnd.outrun(isStream: true, after: .seconds(3))
        for _ in 0..<4 { try attempt(&health, outrun, start) }
        #expect(health.breaker.isClosed && !health.isDegraded(start))
        #expect(health.usualWait(isStream: true) == usual)
        #expect(try #require(health.standing(start, policy).firstToken) >= .seconds(3))
        // An answer shows that it only was slow.
        try attempt(&health, .succeeded(sample), start)
        for _ in 0..<8 { try attempt(&health, outrun, start) }
        #expect(health.breaker.isClosed && health.isDegraded(start))
        try attempt(&health, outrun, start)
        #expect(health.standing(start, policy).obstacle == .circuitOpen)
        #expect(health.usualWait(isStream: true) == usual && health.inFlight == 0)
    }
}
