import Synchronization

/// What a scripted upstream has seen so far.
public struct UpstreamJournal: Sendable {
    /// The requests, in the order in which they were complete.
    public var requests: [ReceivedRequest] = []
    /// The connections, in the order of acceptance.
    public var connections: [Connection] = []

    /// One connection.
    public struct Connection: Sendable, Hashable {
        /// Bytes that came in.
        public var bytesReceived = 0
        /// Bytes of answers that the kernel has taken.
        public var bytesSent = 0
        /// Whether it is over, whoever ended it.
        public var isClosed = false
        /// When the other side ended it; `nil` while it is open or when the script ended it.
        public var closedByPeer: ContinuousClock.Instant?
    }
}

/// Keeps a journal and tells those who wait for an entry.
final class JournalKeeper: Sendable {
    private struct Waiter {
        let isMet: @Sendable (UpstreamJournal) -> Bool
        let done: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var journal = UpstreamJournal()
        var attempts: [String: Int] = [:]
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    var journal: UpstreamJournal { state.withLock { $0.journal } }

    /// Changes the journal; whoever waited for the change is told.
    func record<Result: Sendable>(_ change: @Sendable (inout UpstreamJournal) -> Result) -> Result {
        let (result, met) = state.withLock { state in
            let result = change(&state.journal)
            let met = state.waiters.filter { $0.value.isMet(state.journal) }
            for key in met.keys { state.waiters[key] = nil }
            return (result, met.values.map(\.done))
        }
        for waiter in met { waiter.resume(returning: true) }
        return result
    }

    /// Adds a request and returns how many of its model's name there were before.
    func add(_ request: ReceivedRequest) -> Int {
        record { $0.requests.append(request) }
        return state.withLock { state in
            defer { state.attempts[request.model, default: 0] += 1 }
            return state.attempts[request.model, default: 0]
        }
    }

    /// Returns once the journal meets a condition, or `false` after the limit.
    func wait(within limit: Duration, until isMet: @escaping @Sendable (UpstreamJournal) -> Bool) async -> Bool {
        await withCheckedContinuation { done in
            let key: Int? = state.withLock { state in
                if isMet(state.journal) { return nil }
                defer { state.nextWaiter += 1 }
                state.waiters[state.nextWaiter] = Waiter(isMet: isMet, done: done)
                return state.nextWaiter
            }
            guard let key else { return done.resume(returning: true) }
            Task {
                try? await Task.sleep(for: limit)
                let late = state.withLock { $0.waiters.removeValue(forKey: key) }
                late?.done.resume(returning: false)
            }
        }
    }
}
