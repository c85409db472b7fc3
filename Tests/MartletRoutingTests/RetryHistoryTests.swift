import MartletCore
import Testing

@testable import MartletRouting

/// Histories of failures, told to the machine and to a model that looks at all of the past each time.
@Suite("Histories of retries") struct RetryHistoryTests {
    /// One attempt that failed, and what was known then.
    private struct Failed {
        var failure: AttemptFailure
        var target: Int
        var isRetry: Bool
    }

    /// What follows the last of some failures, straight from the table of failures.
    private func next(
        _ past: [Failed],
        begun: Int,
        targets: Int,
        besides: Int?,
        _ policy: RetryPolicy,
        _ now: AttemptMachine.Situation
    ) -> AttemptMachine.Next {
        guard let last = past.last else { return .giveUp(AttemptFailure(.reset)) }
        let failure = last.failure
        // A rate limit is shown only if nothing else went wrong.
        let other = past.last { $0.failure.kind != .rateLimited }?.failure
        let ending = failure.kind == .rateLimited ? other ?? failure : failure
        if begun >= policy.maxAttempts || now.timeLeft <= .zero { return .giveUp(ending) }
        let course = past.filter { $0.target != besides || $0.target == last.target }
        let retries = course.reversed().prefix { $0.target == last.target }.count { $0.isRetry }
        var wait: Duration?
        switch failure.kind {
        case .connect, .connectTimeout: wait = .zero
        case .reset, .serverError:
            var ceiling = policy.baseDelay
            for _ in 0..<retries { ceiling = min(ceiling * 2, policy.maxDelay) }
            // The random numbers of these histories are half of their range.
            let asked = failure.retryAfter ?? .zero
            wait = asked > policy.retryAfterWaitMax ? nil : max(min(ceiling, policy.maxDelay) / 2, asked)
        case .rateLimited: wait = failure.retryAfter.flatMap { $0 <= policy.retryAfterWaitMax ? $0 : nil }
        default: break
        }
        let mayRetry = policy.enabled && !now.mayNotRetry && now.budgetHasRoom && retries < policy.retriesPerTarget
        if mayRetry, let wait, wait < now.timeLeft { return .retry(after: wait) }
        switch failure.kind {
        case .clientError, .contentFilter: return .giveUp(failure)
        case .contextLength:
            guard let larger = now.largerWindow, !now.mayNotRetry else { return .giveUp(failure) }
            return .advance(larger)
        case .auth:
            let place = now.otherCredential ?? (last.target + 1 == besides ? last.target + 2 : last.target + 1)
            return place < targets && !now.mayNotRetry ? .advance(place) : .giveUp(ending)
        default:
            let place = last.target + 1 == besides ? last.target + 2 : last.target + 1
            return place < targets && !now.mayNotRetry ? .advance(place) : .giveUp(ending)
        }
    }

    @Test("the machine does what the table says, through every history")
    func machine() async {
        for seed in UInt64(1)...4_000 {
            // Tests that wait for something have only as many threads as there are cores.
            if seed % 16 == 0 { await Task.yield() }
            var numbers = SplitMix(seed: seed)
            func below(_ limit: Int) -> Int { Int(numbers.next() % UInt64(limit)) }
            var policy = RetryPolicy()
            policy.enabled = below(10) > 0
            policy.retriesPerTarget = below(3)
            policy.maxAttempts = 1 + below(6)
            let targets = 1 + below(4)
            var machine = AttemptMachine(targetCount: targets, policy: policy)
            var past: [Failed] = []
            var begun = 0
            var isRetry = false
            var besides: Int?
            for step in 0..<12 {
                let target = machine.target
                machine.begin()
                begun += 1
                if besides == nil, target + 1 < targets, begun < policy.maxAttempts, below(4) == 0 {
                    // A second target is asked beside this one, and one of the two fails first.
                    machine.beginBeside()
                    begun += 1
                    let failure = AttemptFailure(.reset)
                    if below(2) == 0 {
                        machine.lost(failure, on: target + 1, goingOnWith: target)
                        past.append(Failed(failure: failure, target: target + 1, isRetry: false))
                        besides = target + 1
                    } else {
                        machine.lost(failure, on: target, goingOnWith: target + 1)
                        past.append(Failed(failure: failure, target: target, isRetry: isRetry))
                        isRetry = false
                    }
                }
                let kinds = AttemptFailure.Kind.allCases
                let asked: Duration? = [nil, .milliseconds(300), .seconds(4), .seconds(60)][below(4)]
                let failure = AttemptFailure(kinds[below(kinds.count)], retryAfter: asked)
                let now = AttemptMachine.Situation(
                    timeLeft: [.zero, .milliseconds(100), .seconds(2), .seconds(600)][below(12) == 0 ? below(3) : 3],
                    random: 1 << 63,
                    budgetHasRoom: below(6) > 0,
                    mayNotRetry: below(20) == 0,
                    largerWindow: machine.target + 1 < targets && below(2) == 0 ? targets - 1 : nil,
                    otherCredential: machine.nextTarget < targets && below(2) == 0 ? targets - 1 : nil
                )
                past.append(Failed(failure: failure, target: machine.target, isRetry: isRetry))
                let expected = next(past, begun: begun, targets: targets, besides: besides, policy, now)
                let got = machine.failed(failure, now)
                #expect(got == expected, "seed \(seed), step \(step)")
                guard got == expected else { return }
                switch got {
                case .retry: isRetry = true
                case .advance: isRetry = false
                case .giveUp: break
                }
                if case .giveUp = got { break }
            }
            #expect(machine.attempts == begun)
        }
    }

    @Test("the budget lets through what a list of all that was sent and taken would")
    func budget() async {
        for seed in UInt64(1)...1_000 {
            if seed % 16 == 0 { await Task.yield() }
            var numbers = SplitMix(seed: seed)
            func below(_ limit: Int) -> Int { Int(numbers.next() % UInt64(limit)) }
            var budget = RetryBudget()
            var sent: [Int64] = []
            var taken: [Int64] = []
            var second: Int64 = 100
            for step in 0..<300 {
                if below(12) == 0 { second += Int64([1, 1, 1, 2, 5, 9, 10, 11, 40][below(9)]) }
                if below(3) > 0 {
                    budget.countRequest(second: second)
                    sent.append(second)
                    continue
                }
                let recent = taken.count { $0 > second - 10 }
                let mayTake = recent * 5 < sent.count { $0 > second - 10 } || taken.count { $0 == second } < 3
                let took = budget.takeRetry(second: second)
                #expect(took == mayTake, "seed \(seed), step \(step)")
                guard took == mayTake else { return }
                if took { taken.append(second) }
            }
        }
    }
}
