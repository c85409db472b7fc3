import MartletCore
import MartletRouting
import Synchronization

/// State of targets that outlives snapshots: cool-downs, credentials known to be bad, retry budgets.
final class TargetTable: Sendable {
    private let states = Mutex<[TargetID: TargetState]>([:])

    /// The state of a target; made when first used.
    func state(of target: TargetID) -> TargetState {
        states.withLock { states in
            if let state = states[target] { return state }
            if states.count >= Self.limit { Self.makeRoom(&states) }
            let state = TargetState()
            states[target] = state
            return state
        }
    }

    /// A caller may name any model of an account, so the table is bounded.
    private static let limit = 8_192

    /// Forgets targets about which there is nothing to remember; all of them, if that is not enough.
    private static func makeRoom(_ states: inout [TargetID: TargetState]) {
        states = states.filter { $0.value.isDegraded }
        if states.count >= limit { states.removeAll() }
    }

    /// How an account's targets fare.
    enum Status: String, Sendable {
        case ok, degraded, unknown
    }

    /// The state of every account that was used; the worst of its targets counts.
    func accountStatus() -> [String: Status] {
        states.withLock { states in
            var result: [String: Status] = [:]
            for (id, state) in states {
                let account = String(id.rawValue.prefix { $0 != "|" })
                if state.isDegraded {
                    result[account] = .degraded
                } else if result[account] == nil {
                    result[account] = .ok
                }
            }
            return result
        }
    }
}

/// State of one target.
final class TargetState: Sendable {
    private struct State {
        var budget = RetryBudget()
        var coolUntil: Instant?
        var failuresInARow = 0
    }

    private let state = Mutex(State())
    private static let start = Instant.now

    private static func second(_ now: Instant) -> Int64 { (now.nanoseconds &- start.nanoseconds) / 1_000_000_000 }

    func countAttempt(_ now: Instant) {
        state.withLock { $0.budget.countRequest(second: Self.second(now)) }
    }

    func takeRetry(_ now: Instant) -> Bool {
        state.withLock { $0.budget.takeRetry(second: Self.second(now)) }
    }

    /// Whether the target is neither cooling down nor known to refuse its credential.
    func mayUse(_ now: Instant) -> Bool {
        state.withLock { state in
            guard let until = state.coolUntil else { return true }
            return until <= now
        }
    }

    /// Counts an attempt's end; `nil` is a success.
    func report(_ failure: AttemptFailure?, _ now: Instant) {
        state.withLock { state in
            guard let failure else {
                state.failuresInARow = 0
                state.coolUntil = nil
                return
            }
            switch failure.kind {
            case .rateLimited:
                state.coolUntil = now + min(failure.retryAfter ?? .seconds(10), .seconds(3_600))
            case .quotaExhausted, .auth:
                state.failuresInARow += 1
                state.coolUntil = now + .seconds(failure.kind == .auth ? 30 : 300)
            case .connect, .connectTimeout, .reset, .timeout, .serverError, .badResponse, .redirect:
                state.failuresInARow += 1
            case .notFound, .contextLength, .contentFilter, .clientError, .refused:
                break
            }
        }
    }

    /// Whether the last attempts failed for a reason of the target's.
    var isDegraded: Bool { state.withLock { $0.failuresInARow > 0 } }
}
