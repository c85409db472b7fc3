import MartletGovernance
import Synchronization

/// The usage ledger of a running gateway: spool, store, and the two threads between them.
///
/// Event loops append through writers; `report` sees every record appended before it was asked.
public final class UsageLedger: Sendable {
    /// The spool, for `room` and `makeWriter`.
    public let spool: Spool
    /// The ledger in SQLite.
    public let store: UsageStore
    /// How many requests of earlier runs were found open and ended as interrupted.
    public let interruptedAtStart: Int

    private let drainer: SpoolDrainer
    private let state = Mutex(State())

    private struct State {
        var sync: BackgroundLoop?
        var drain: BackgroundLoop?
        var waiters: [@Sendable (Result<Void, StoreError>) -> Void] = []
        var pause = Duration.zero
        var retention: Retention?
        var nextDeletion = ContinuousClock.now
    }

    /// How long single records are kept; daily sums are kept for good.
    public struct Retention: Sendable {
        /// Days since receipt after which a record is deleted.
        public var days: Int
        /// Milliseconds since 1970.
        public var wallClock: @Sendable () -> UInt64

        /// Sets the days and the clock they are counted by.
        public init(days: Int = 30, wallClock: @escaping @Sendable () -> UInt64) {
            self.days = max(1, days)
            self.wallClock = wallClock
        }
    }

    /// Opens spool and ledger of a data directory and recovers what earlier runs left.
    ///
    /// - Parameters:
    ///   - directory: The data directory.
    ///   - database: Its database.
    ///   - options: Sizes of the spool.
    ///   - now: Milliseconds since 1970, noted as the end of interrupted requests.
    /// - Throws: `SpoolError.locked` when another process uses the spool; `SpoolError.system`; `StoreError`.
    public init(
        _ directory: DataDirectory,
        database: MartletDatabase,
        options: SpoolOptions = SpoolOptions(),
        now: UInt64
    ) throws {
        spool = try Spool(directory: directory.spoolPath, options: options)
        store = UsageStore(database)
        drainer = SpoolDrainer(spool: spool, sink: store)
        interruptedAtStart = try drainer.recover(recordedAt: now)
    }

    /// Whether a new request may be admitted; lock-free.
    public var room: Bool { spool.room }

    /// Records appended that the store does not hold yet.
    public var pendingRecords: Int { spool.pendingRecords }

    /// Whether the store could not be written lately.
    public var storeIsFailing: Bool { drainer.isFailing }

    /// What draining has met so far.
    public var counts: SpoolDrainer.Counts { drainer.counts }

    /// Starts the threads: one syncs the spool every 50 ms or when asked, one drains it every second, when asked, or when
    /// much waits.
    ///
    /// - Parameter retention: How long records are kept; `nil` keeps them for good.
    public func start(retention: Retention? = nil) {
        state.withLock { state in
            guard state.sync == nil else { return }
            state.retention = retention
            let spool = spool
            let sync = BackgroundLoop(name: "spool-sync") {
                spool.syncPass()
                return .milliseconds(50)
            }
            state.sync = sync
            spool.wakeSync.withLock { $0 = { sync.wake() } }
            let drain = BackgroundLoop(name: "spool-drain") { [weak self] in
                self?.drainOnce() ?? .seconds(1)
            }
            state.drain = drain
            spool.wakeDrain.withLock { $0 = { drain.wake() } }
        }
    }

    /// Drains everything appended before the call.
    ///
    /// - Throws: `StoreError` when the store fails; the records stay in the spool.
    public func drainNow() async throws(StoreError) {
        let result: Result<Void, StoreError> = await withCheckedContinuation { continuation in
            let loop = state.withLock { state -> BackgroundLoop? in
                guard let loop = state.drain else { return nil }
                state.waiters.append { continuation.resume(returning: $0) }
                return loop
            }
            guard let loop else {
                return continuation.resume(returning: .failure(.database("the ledger is not running")))
            }
            loop.wake()
        }
        try result.get()
    }

    /// The requests that run, have reached an upstream, and are not in the store yet.
    func openRequests(where isWanted: (LedgerRecord) -> Bool) -> [LedgerRecord] {
        drainer.openIntents(where: isWanted)
    }

    /// Answers a usage question, including every record appended before the call.
    public func report(_ query: UsageQuery) async throws(StoreError) -> UsageReport {
        try await drainNow()
        return try store.report(query)
    }

    /// Stops the threads, then syncs and drains what is left.
    ///
    /// No writer may be used any more.
    ///
    /// - Throws: `StoreError` when the store fails; the records stay in the spool for the next start.
    public func stop() throws(StoreError) {
        let (sync, drain) = state.withLock { state in
            defer { (state.sync, state.drain) = (nil, nil) }
            return (state.sync, state.drain)
        }
        spool.wakeSync.withLock { $0 = nil }
        spool.wakeDrain.withLock { $0 = nil }
        sync?.stop()
        drain?.stop()
        spool.syncPass()
        spool.close()
        defer {
            spool.release()
            finishWaiters(.failure(.database("the ledger has stopped")))
        }
        try drainer.pass()
    }

    /// One round of the draining thread; answers the pause until the next, longer after each failure (0.2 to 5 s).
    private func drainOnce() -> Duration {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        do throws(StoreError) {
            try drainer.pass(holdingIntents: spool.options.intentHold)
            state.withLock { $0.pause = .zero }
            for waiter in waiters { waiter(.success(())) }
            deleteOldRecords()
            // Larger batches cost less for each record, and the spool keeps them safe meanwhile.
            return .seconds(1)
        } catch {
            for waiter in waiters { waiter(.failure(error)) }
            return state.withLock { state in
                state.pause = min(max(.milliseconds(200), state.pause * 2), .seconds(5))
                return state.pause
            }
        }
    }

    /// Deletes one batch of records that are over their time, and the next one in the next round; when none is left, an hour
    /// later.
    private func deleteOldRecords() {
        let due: Retention? = state.withLock { $0.nextDeletion <= .now ? $0.retention : nil }
        guard let due else { return }
        let limit = 5_000
        let kept = UInt64(due.days) * 86_400_000
        let now = due.wallClock()
        var deleted = 0
        do throws(StoreError) {
            if now > kept {
                // Stores the intents held back, which brings the read positions to where reading stopped: no ending that is
                // deleted here can be read again after a kill and counted twice.
                try drainer.pass()
                deleted = try store.deleteRecords(receivedBefore: now - kept, limit: limit)
            }
        } catch {
            // Shows in the next pass; the deletion is tried again after it.
            return
        }
        if deleted < limit { state.withLock { $0.nextDeletion = .now + .seconds(3_600) } }
    }

    private func finishWaiters(_ result: Result<Void, StoreError>) {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter(result) }
    }
}
