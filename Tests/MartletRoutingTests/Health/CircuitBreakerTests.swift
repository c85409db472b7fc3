import MartletCore
import Testing

@testable import MartletRouting

@Suite("Circuit breaker") struct CircuitBreakerTests {
    /// A breaker with a clock; random bits in the middle give no jitter.
    private struct Bench {
        var breaker = CircuitBreaker()
        var now = Instant(nanoseconds: 1_000_000_000)
        var policy = CircuitBreakerPolicy()
        var random: UInt64 = 1 << 63

        mutating func permit(sourceLocation: SourceLocation = #_sourceLocation) throws -> AttemptPermit {
            guard case .granted(let permit) = breaker.admit(now, policy) else {
                Issue.record("refused", sourceLocation: sourceLocation)
                throw Refused()
            }
            return permit
        }

        /// What the next attempt would be told.
        var answer: AttemptAdmission {
            var breaker = breaker
            return breaker.admit(now, policy)
        }

        var isRefused: Bool { if case .refused = answer { true } else { false } }

        mutating func fail(_ permit: AttemptPermit) { breaker.failed(permit, now, policy, random) }
        mutating func succeed(_ permit: AttemptPermit) { breaker.succeeded(permit, now, policy, random) }

        /// Attempts that fail one after the other.
        mutating func failures(_ count: Int) throws { for _ in 0..<count { fail(try permit()) } }

        var state: CircuitBreaker.State { breaker.state(at: now) }
        var pause: Duration? { breaker.pauseEnd(at: now).map { $0 - now } }
    }

    private struct Refused: Error {}

    private func opened() throws -> Bench {
        var bench = Bench()
        try bench.failures(5)
        return bench
    }

    /// A breaker whose pause is over.
    private func halfOpen() throws -> Bench {
        var bench = try opened()
        bench.now += .seconds(5)
        return bench
    }

    @Test("five failures in a row open it for five seconds, four do not")
    func row() throws {
        var bench = Bench()
        try bench.failures(4)
        #expect(bench.state == .closed)
        bench.succeed(try bench.permit())
        try bench.failures(4)
        #expect(bench.state == .closed && !bench.isRefused)
        try bench.failures(1)
        #expect(bench.state == .open && bench.pause == .seconds(5))
        #expect(bench.answer == .refused(.circuitOpen, until: bench.now + .seconds(5)))
    }

    @Test("half of twenty results within thirty seconds open it; nineteen say nothing")
    func share() throws {
        var bench = Bench()
        for index in 0..<19 {
            let permit = try bench.permit()
            if index % 2 == 0 { bench.fail(permit) } else { bench.succeed(permit) }
        }
        #expect(bench.state == .closed)
        bench.fail(try bench.permit())
        #expect(bench.state == .open)
    }

    @Test("results that are older than the window do not count")
    func window() throws {
        var bench = Bench()
        for index in 0..<18 {
            let permit = try bench.permit()
            if index % 3 != 0 { bench.fail(permit) } else { bench.succeed(permit) }
        }
        bench.now += .seconds(30)
        for _ in 0..<4 {
            bench.fail(try bench.permit())
            bench.succeed(try bench.permit())
        }
        #expect(bench.state == .closed)
    }

    @Test("the pauses double up to the longest, and a closing begins anew")
    func pauses() throws {
        var bench = try opened()
        for seconds in [5, 10, 20, 20] {
            #expect(bench.pause == .seconds(seconds))
            bench.now += .seconds(seconds)
            #expect(bench.state == .halfOpen && bench.pause == nil)
            bench.fail(try bench.permit())
        }
        bench.now += .seconds(20)
        for _ in 0..<2 { bench.succeed(try bench.permit()) }
        #expect(bench.state == .closed)
        try bench.failures(5)
        #expect(bench.pause == .seconds(5))
    }

    @Test("jitter moves a pause by at most a fifth", arguments: [UInt64.min, .max, 1 << 62])
    func jitter(random: UInt64) throws {
        var bench = Bench(random: random)
        try bench.failures(5)
        let seconds = try #require(bench.pause) / .seconds(1)
        #expect((4...6).contains(seconds))
        #expect(random != .min || seconds == 4)
    }

    @Test("half open, one attempt at a time tries the target, and two successes close")
    func tries() throws {
        var bench = try halfOpen()
        let first = try bench.permit()
        #expect(first.isTrial)
        #expect(bench.answer == .refused(.circuitHalfOpen, until: nil))
        bench.succeed(first)
        #expect(bench.state == .halfOpen)
        let second = try bench.permit()
        #expect(bench.isRefused)
        bench.succeed(second)
        #expect(bench.state == .closed)
        let third = try bench.permit()
        #expect(!third.isTrial)
    }

    @Test("what began before the opening neither closes nor prolongs it")
    func late() throws {
        var bench = Bench()
        let early = [try bench.permit(), try bench.permit(), try bench.permit()]
        try bench.failures(5)
        bench.now += .seconds(1)
        bench.succeed(early[0])
        #expect(bench.state == .open && bench.pause == .seconds(4))
        bench.fail(early[1])
        #expect(bench.pause == .seconds(4))
        bench.now += .seconds(4)
        bench.succeed(early[2])
        #expect(bench.state == .halfOpen)
        bench.succeed(try bench.permit())
        #expect(bench.state == .halfOpen, "the early success must not have counted")
    }

    @Test("a try's success counts however late it comes")
    func lateTry() throws {
        var bench = try halfOpen()
        let slow = try bench.permit()
        bench.now += .seconds(60)
        bench.succeed(slow)
        #expect(bench.state == .halfOpen)
        bench.succeed(try bench.permit())
        #expect(bench.state == .closed)
    }

    @Test("a try's success counts even when another try has failed since")
    func lateTryAfterOpening() throws {
        var bench = try halfOpen()
        let lost = try bench.permit()
        bench.now += bench.policy.trialLease
        bench.fail(try bench.permit())
        #expect(bench.state == .open)
        bench.succeed(lost)
        #expect(bench.state == .halfOpen && !bench.isRefused)
    }

    @Test("a try that is abandoned gives its place back and decides nothing")
    func abandoned() throws {
        var bench = try halfOpen()
        bench.breaker.abandoned(try bench.permit())
        #expect(bench.state == .halfOpen && !bench.isRefused)
    }

    @Test("a try of which nothing is heard keeps its place for the time of its lease only")
    func lease() throws {
        var bench = try halfOpen()
        let lost = try bench.permit()
        bench.now += bench.policy.trialLease - .nanoseconds(1)
        #expect(bench.isRefused)
        bench.now += .nanoseconds(1)
        let next = try bench.permit()
        bench.breaker.abandoned(lost)
        #expect(bench.isRefused, "the place is the next one's by now")
        bench.succeed(next)
        #expect(!bench.isRefused)
    }

    @Test("a try that streams counts once: when it answers, and its cut opens again")
    func streamedTry() throws {
        var bench = try halfOpen()
        let rest = bench.breaker.trialAnswered(try bench.permit(), bench.now, bench.policy, bench.random)
        #expect(!rest.isTrial && !bench.isRefused)
        bench.succeed(rest)
        #expect(bench.state == .halfOpen)
        bench.fail(rest)
        #expect(bench.state == .open && bench.pause == .seconds(10))
    }

    @Test("a quota that is used up opens for five minutes")
    func quota() throws {
        var bench = Bench()
        bench.breaker.quotaExhausted(try bench.permit(), bench.now, bench.policy)
        #expect(bench.pause == .seconds(300) && bench.breaker.isOutOfQuota)
        bench.now += .seconds(299)
        bench.breaker.probed(isAlive: true, bench.now, hold: .seconds(9))
        #expect(bench.isRefused, "a list of models says nothing of the quota")
        bench.now += .seconds(1)
        #expect(bench.state == .halfOpen)
    }

    @Test("a sign of life ends a pause, silence holds it")
    func probed() throws {
        var bench = try opened()
        bench.now += .seconds(1)
        bench.breaker.probed(isAlive: false, bench.now, hold: .seconds(2))
        #expect(bench.pause == .seconds(4), "a pause is never shortened by silence")
        bench.breaker.probed(isAlive: false, bench.now, hold: .seconds(9))
        #expect(bench.pause == .seconds(9))
        bench.breaker.probed(isAlive: true, bench.now, hold: .seconds(9))
        #expect(bench.state == .halfOpen)
        bench.breaker.probed(isAlive: false, bench.now, hold: .seconds(9))
        #expect(bench.state == .open, "nobody has tried it yet")
    }

    @Test("silence holds a circuit open for five minutes at most, and says nothing of one that is closed or tried")
    func probeLimits() throws {
        var bench = try opened()
        for _ in 0..<400 {
            bench.breaker.probed(isAlive: false, bench.now, hold: .seconds(10))
            bench.now += .seconds(1)
        }
        #expect(bench.state == .halfOpen && !bench.isRefused)
        _ = try bench.permit()
        bench.breaker.probed(isAlive: false, bench.now, hold: .seconds(10))
        #expect(bench.state == .halfOpen)
        var closed = Bench()
        closed.breaker.probed(isAlive: false, closed.now, hold: .seconds(10))
        #expect(closed.state == .closed)
    }

    @Test("turned off, it admits everything and remembers nothing")
    func disabled() throws {
        var bench = Bench()
        bench.policy.enabled = false
        try bench.failures(100)
        bench.breaker.quotaExhausted(try bench.permit(), bench.now, bench.policy)
        #expect(bench.state == .closed)
        var open = try opened()
        open.policy.enabled = false
        #expect(!open.isRefused, "a reload that turns it off lets everything through at once")
    }
}
