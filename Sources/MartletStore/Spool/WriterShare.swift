import Synchronization

/// What a writer shares with the syncing thread: the bytes not yet on stable storage and who waits for them.
///
/// Unsynced bytes are kept in memory because the kernel may mark pages clean after a failed sync: they cannot be trusted to
/// be written by a second one, nor to be read back.
final class WriterShare: Sendable {
    /// The event loop's number.
    let shard: Int
    private let unsyncedLimit: Int
    private let state = Mutex(State())

    typealias Completion = @Sendable (Result<Void, SpoolError>) -> Void

    private struct State {
        /// Bytes appended since the start of the run.
        var appended: UInt64 = 0
        /// Bytes of them on stable storage.
        var synced: UInt64 = 0
        /// The bytes from `synced` to `appended`.
        var unsynced: [UInt8] = []
        /// The records in these bytes, in the same order.
        var segments: [Segment] = []
        var waiters: [(position: UInt64, completion: Completion)] = []
        var writeFails = false
        var lags = false
    }

    /// What a sync has to bring to stable storage.
    struct Work {
        var segments: [Segment]
        var position: UInt64
    }

    init(shard: Int, unsyncedLimit: Int) {
        self.shard = shard
        self.unsyncedLimit = unsyncedLimit
    }

    /// Notes bytes that were appended to a segment.
    func noteAppend(_ bytes: Span<UInt8>, to segment: Segment, stalled: borrowing Atomic<Int>) {
        state.withLock { state in
            state.appended &+= UInt64(bytes.count)
            unsafe bytes.withUnsafeBufferPointer { unsafe state.unsynced.append(contentsOf: $0) }
            if state.segments.last !== segment { state.segments.append(segment) }
            update(&state, writeFails: false, stalled: stalled)
        }
    }

    /// Notes that nothing can be appended now.
    func noteWriteFailure(stalled: borrowing Atomic<Int>) {
        state.withLock { update(&$0, writeFails: true, stalled: stalled) }
    }

    /// Calls back once everything appended so far is on stable storage.
    func whenSynced(_ completion: @escaping Completion) {
        let done = state.withLock { state in
            if state.synced == state.appended { return true }
            state.waiters.append((state.appended, completion))
            return false
        }
        if done { completion(.success(())) }
    }

    /// What is not synced; `nil` when everything is.
    func work() -> Work? {
        state.withLock { state in
            state.synced == state.appended ? nil : Work(segments: state.segments, position: state.appended)
        }
    }

    /// A copy of the unsynced bytes up to a position.
    func unsyncedBytes(upTo position: UInt64) -> [UInt8] {
        state.withLock { Array($0.unsynced.prefix(Int(position - $0.synced))) }
    }

    /// Notes that everything up to a position is on stable storage, and tells those who waited for it.
    func noteSynced(upTo position: UInt64, of work: Work, stalled: borrowing Atomic<Int>) {
        let completions = state.withLock { state in
            state.unsynced.removeFirst(Int(position - state.synced))
            state.synced = position
            // Whoever appended meanwhile did so to the last of these segments or to a later one.
            let finished = state.appended == position ? work.segments[...] : work.segments.dropLast()
            state.segments.removeAll { segment in finished.contains { $0 === segment } }
            update(&state, writeFails: state.writeFails, stalled: stalled)
            let split = state.waiters.partition { $0.position <= position }
            defer { state.waiters.removeSubrange(split...) }
            return state.waiters[split...].map(\.completion)
        }
        for completion in completions { completion(.success(())) }
    }

    /// Tells everyone who waits that stable storage cannot be reached now.
    func failWaiters(_ error: SpoolError) {
        let completions = state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters.map(\.completion)
        }
        for completion in completions { completion(.failure(error)) }
    }

    private func update(_ state: inout State, writeFails: Bool, stalled: borrowing Atomic<Int>) {
        let before = state.writeFails || state.lags
        state.writeFails = writeFails
        state.lags = state.unsynced.count > unsyncedLimit
        let after = state.writeFails || state.lags
        if before != after { stalled.add(after ? 1 : -1, ordering: .relaxed) }
    }
}
