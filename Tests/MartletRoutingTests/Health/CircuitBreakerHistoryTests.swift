import MartletCore
import Testing

@testable import MartletRouting

@Suite("Circuit breaker histories") struct CircuitBreakerHistoryTests {
    /// One random history, told to the breaker and to the model.
    private struct History {
        var numbers: SplitMix
        var breaker = CircuitBreaker()
        var model = CircuitBreakerModel()
        var policy = CircuitBreakerPolicy()
        /// Attempts that run: their number in the model, and their leave.
        var running: [(number: Int, permit: AttemptPermit)] = []
        var milliseconds = 10_000
        var states: Set<CircuitBreaker.State> = []
        /// How likely an attempt fails, in percent; changes as health does.
        var failing = 50

        var now: Instant { Instant(nanoseconds: Int64(milliseconds) * 1_000_000) }

        /// Lives one step.
        ///
        /// - Returns: Whether breaker and model agree.
        mutating func step() -> Bool {
            milliseconds += [0, 0, 1, 200, 900, 2_500, 5_000, 31_000, 700_000][below(below(30) == 0 ? 9 : 7)]
            if below(20) == 0 { failing = [0, 30, 60, 100][below(4)] }
            let verdict = model.verdict(at: milliseconds)
            guard agrees(verdict) else { return false }
            switch below(10) {
            case 0..<5:
                switch (breaker.admit(now, policy), verdict) {
                case (.granted(let permit), .closed) where !permit.isTrial,
                    (.granted(let permit), .mayTry) where permit.isTrial:
                    running.append((model.events.count, permit))
                    model.events.append((milliseconds, .admitted))
                case (.refused(.circuitOpen, _), .open), (.refused(.circuitHalfOpen, nil), .isTried): break
                default: return false
                }
            case 5..<9 where !running.isEmpty: end(at: below(running.count))
            case 9 where !running.isEmpty:
                let index = below(running.count)
                guard running[index].permit.isTrial else { break }
                model.events.append((milliseconds, .streams(running[index].number)))
                running[index].permit = breaker.trialAnswered(running[index].permit, now, policy, 1 << 63)
            default: break
            }
            return true
        }

        private mutating func end(at index: Int) {
            let (number, permit) = running.remove(at: index)
            switch below(100) {
            case 0..<8:
                model.events.append((milliseconds, .abandoned(number)))
                breaker.abandoned(permit)
            case 8..<9:
                model.events.append((milliseconds, .quota(number)))
                breaker.quotaExhausted(permit, now, policy)
            default:
                if below(100) < failing {
                    model.events.append((milliseconds, .failed(number)))
                    breaker.failed(permit, now, policy, 1 << 63)
                } else {
                    model.events.append((milliseconds, .succeeded(number)))
                    breaker.succeeded(permit, now, policy, 1 << 63)
                }
            }
        }

        private mutating func agrees(_ verdict: CircuitBreakerModel.Verdict) -> Bool {
            let state = breaker.state(at: now)
            states.insert(state)
            return switch verdict {
            case .closed: state == .closed
            case .open(let until):
                state == .open && breaker.pauseEnd(at: now) == Instant(nanoseconds: Int64(until) * 1_000_000)
            case .mayTry: state == .halfOpen && !breaker.isBeingTried(at: now)
            case .isTried: state == .halfOpen && breaker.isBeingTried(at: now)
            }
        }

        private mutating func below(_ bound: Int) -> Int { Int(numbers.next() % UInt64(bound)) }
    }

    @Test("four thousand random histories are those of the model", arguments: 0..<8 as Range<UInt64>)
    func histories(part: UInt64) async {
        var states: [CircuitBreaker.State: Int] = [:]
        for seed in part * 500..<(part + 1) * 500 {
            // Tests that wait for something have only as many threads as there are cores.
            if seed % 16 == 0 { await Task.yield() }
            var history = History(numbers: SplitMix(seed: seed))
            for step in 0..<60 where !history.step() {
                let tail = history.model.events.suffix(30).map { "\($0.time) \($0.event)" }.joined(separator: "\n")
                let told = history.breaker
                Issue.record(
                    """
                    seed \(seed), step \(step), at \(history.milliseconds): \
                    the model says \(history.model.verdict(at: history.milliseconds)), the breaker \(told)
                    \(tail)
                    """
                )
                return
            }
            for state in history.states { states[state, default: 0] += 1 }
        }
        // Histories that never left one state would prove nothing.
        for state in CircuitBreaker.State.allCases { #expect(states[state, default: 0] > 100, "\(states)") }
    }
}
