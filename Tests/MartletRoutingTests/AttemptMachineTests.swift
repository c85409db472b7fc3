import MartletCore
import MartletRouting
import Testing

@Suite("Attempt machine") struct AttemptMachineTests {
    private static let calm = AttemptMachine.Situation(timeLeft: .seconds(600), random: 0)

    /// The next target has another credential.
    private static let elsewhere = AttemptMachine.Situation(timeLeft: .seconds(600), random: 0, otherCredential: 1)

    private func machine(targets: Int = 2, policy: RetryPolicy = RetryPolicy()) -> AttemptMachine {
        var machine = AttemptMachine(targetCount: targets, policy: policy)
        machine.begin()
        return machine
    }

    @Test(
        "tells what is repeated from what is passed over",
        arguments: [
            (.connect, true), (.connectTimeout, true), (.reset, true), (.serverError, true), (.timeout, false),
            (.rateLimited, false), (.quotaExhausted, false), (.auth, false), (.notFound, false), (.refused, false),
            (.badResponse, false), (.redirect, false),
        ] as [(AttemptFailure.Kind, Bool)]
    )
    func kinds(kind: AttemptFailure.Kind, isRepeated: Bool) {
        var machine = machine()
        #expect(machine.wouldRetry(AttemptFailure(kind), Self.calm) == isRepeated)
        let next = machine.failed(AttemptFailure(kind), Self.elsewhere)
        #expect(next == (isRepeated ? .retry(after: .zero) : .advance(1)))
    }

    @Test(
        "a caller's own mistake is never asked elsewhere",
        arguments: [AttemptFailure.Kind.clientError, .contentFilter]
    )
    func callersMistake(kind: AttemptFailure.Kind) {
        var machine = machine()
        #expect(machine.failed(AttemptFailure(kind), Self.calm) == .giveUp(AttemptFailure(kind)))
    }

    @Test("where a credential is refused, targets with another one are asked first")
    func credential() {
        var machine = machine(targets: 4)
        let auth = AttemptFailure(.auth, status: 401)
        var situation = Self.calm
        situation.otherCredential = 3
        #expect(machine.failed(auth, situation) == .advance(3))
        machine.begin()
        #expect(machine.failed(auth, Self.calm) == .giveUp(auth))
        var alone = self.machine()
        #expect(alone.failed(auth, Self.calm) == .advance(1))
    }

    @Test("a prompt that does not fit goes only to a larger window")
    func contextLength() {
        let failure = AttemptFailure(.contextLength, status: 400)
        var none = machine(targets: 3)
        #expect(none.failed(failure, Self.calm) == .giveUp(failure))
        var some = machine(targets: 3)
        var situation = Self.calm
        situation.largerWindow = 2
        #expect(some.failed(failure, situation) == .advance(2))
        #expect(some.target == 2 && some.isLastTarget)
        var draining = machine(targets: 3)
        situation.mayNotRetry = true
        #expect(draining.failed(failure, situation) == .giveUp(failure))
    }

    @Test("makes four attempts over all targets and two on one")
    func limits() {
        var machine = AttemptMachine(targetCount: 5, policy: RetryPolicy())
        var order: [Int] = []
        while true {
            machine.begin()
            order.append(machine.target)
            if case .giveUp = machine.failed(AttemptFailure(.serverError), Self.calm) { break }
        }
        #expect(order == [0, 0, 1, 1])
        #expect(machine.attempts == 4)
    }

    @Test("with repetition off each target is asked once")
    func disabled() {
        var policy = RetryPolicy()
        policy.enabled = false
        var machine = machine(policy: policy)
        #expect(machine.failed(AttemptFailure(.serverError), Self.calm) == .advance(1))
    }

    @Test("an empty budget, the end of the process and the end of time stop repetition")
    func stops() {
        let failure = AttemptFailure(.serverError)
        var situation = Self.calm
        situation.budgetHasRoom = false
        var first = machine()
        #expect(first.failed(failure, situation) == .advance(1))
        situation = Self.calm
        situation.mayNotRetry = true
        var second = machine()
        #expect(!second.wouldRetry(failure, situation))
        #expect(second.failed(failure, situation) == .giveUp(failure))
        situation = Self.calm
        situation.timeLeft = .zero
        var third = machine()
        #expect(third.failed(failure, situation) == .giveUp(failure))
        situation.timeLeft = .milliseconds(100)
        situation.random = .max
        var fourth = machine()
        #expect(fourth.failed(failure, situation) == .advance(1), "the backoff is longer than the time left")
    }

    @Test("waits as long as the upstream asks, up to five seconds")
    func retryAfter() {
        var short = machine()
        let limited = AttemptFailure(.rateLimited, status: 429, retryAfter: .seconds(5))
        #expect(short.failed(limited, Self.calm) == .retry(after: .seconds(5)))
        var long = machine()
        let longer = AttemptFailure(.rateLimited, status: 429, retryAfter: .milliseconds(5_001))
        #expect(long.failed(longer, Self.calm) == .advance(1))
        var server = machine()
        let busy = AttemptFailure(.serverError, status: 503, retryAfter: .seconds(3))
        #expect(server.failed(busy, Self.calm) == .retry(after: .seconds(3)))
        var late = machine()
        #expect(late.failed(AttemptFailure(.serverError, retryAfter: .seconds(9)), Self.calm) == .advance(1))
        var hurried = machine()
        var situation = Self.calm
        situation.timeLeft = .seconds(4)
        #expect(hurried.failed(limited, situation) == .advance(1))
    }

    @Test("shows a rate limit only when every target was limited, with the shortest wait")
    func rateLimits() {
        var all = machine()
        _ = all.failed(AttemptFailure(.rateLimited, status: 429, retryAfter: .seconds(30)), Self.calm)
        all.begin()
        let last = AttemptFailure(.rateLimited, status: 429, retryAfter: .seconds(60))
        #expect(all.failed(last, Self.calm) == .giveUp(last))
        #expect(all.retryAfter == .seconds(30))

        var mixed = machine()
        let auth = AttemptFailure(.auth, status: 401)
        _ = mixed.failed(auth, Self.elsewhere)
        mixed.begin()
        #expect(mixed.failed(last, Self.calm) == .giveUp(auth))

        var silent = machine(targets: 1)
        _ = silent.failed(AttemptFailure(.rateLimited), Self.calm)
        #expect(silent.retryAfter == .seconds(10))
    }

    @Test(
        "backs off with full jitter under a doubling ceiling",
        arguments: [(0, 250), (1, 500), (2, 1_000), (4, 4_000), (5, 8_000), (60, 8_000), (-3, 250)]
    )
    func backoff(attempt: Int, ceiling: Int) {
        let policy = RetryPolicy()
        #expect(AttemptMachine.backoff(attempt: attempt, policy: policy, random: 0) == .zero)
        let most = AttemptMachine.backoff(attempt: attempt, policy: policy, random: .max)
        #expect(most <= .milliseconds(ceiling) && most > .milliseconds(ceiling - 1))
        let half = AttemptMachine.backoff(attempt: attempt, policy: policy, random: 1 << 63)
        #expect(half == .milliseconds(ceiling) / 2)
    }

    @Test("no history makes more than four attempts or goes back to an earlier target")
    func schedules() {
        var state: UInt64 = 42
        func next() -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33)
        }
        for _ in 0..<2_000 {
            var machine = AttemptMachine(targetCount: 1 + next() % 5, policy: RetryPolicy())
            var perTarget: [Int: Int] = [:]
            var latest = 0
            while true {
                machine.begin()
                perTarget[machine.target, default: 0] += 1
                #expect(machine.target >= latest)
                latest = machine.target
                let kind = AttemptFailure.Kind.allCases[next() % AttemptFailure.Kind.allCases.count]
                let wait: Duration? = next() % 2 == 0 ? nil : .seconds(next() % 10)
                var situation = Self.calm
                situation.largerWindow = next() % 2 == 0 || machine.isLastTarget ? nil : machine.target + 1
                situation.budgetHasRoom = next() % 4 > 0
                if case .giveUp = machine.failed(AttemptFailure(kind, retryAfter: wait), situation) { break }
            }
            #expect(machine.attempts <= 4)
            #expect(perTarget.values.allSatisfy { $0 <= 2 })
        }
    }
}
