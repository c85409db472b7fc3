import Dispatch
import MartletCore
import MartletGovernance
import MartletStore
import NIOCore

/// Writes the records of all exchanges of one loop tick with one append, and lets go of the bytes that waited for it.
///
/// The first record of a tick schedules the append; bytes that depend on a record are flushed after it. A disk that is slow
/// must not hold the loop up: after an append that took long or failed, a thread appends until it is quick again.
final class LedgerTick {
    /// Something whose bytes wait for a record.
    protocol Waiter: AnyObject {
        /// The records of all batches up to this one are written; flush.
        func recordsWritten(through batch: UInt64)
    }

    /// How long an append may hold the loop.
    private static let patience = Duration.milliseconds(5)
    /// Quick appends in a row after which the loop appends itself again.
    private static let recovery = 8

    private let eventLoop: any EventLoop
    private let writer: SpoolWriter
    private let now: () -> Instant
    private let thread = DispatchQueue(label: "martlet.spool-writer", qos: .userInitiated)
    private var waiters: [any Waiter] = []
    private var spare: [any Waiter] = []
    private var isScheduled = false
    /// The number of the batch that is gathered now.
    private var batch: UInt64 = 0
    /// Quick appends that are still wanted of the thread; 0 while the loop appends itself.
    private(set) var wantedQuickAppends = 0
    /// Wait for stable storage, not just for the operating system.
    var isStrict = false

    init(eventLoop: any EventLoop, writer: SpoolWriter, now: @escaping () -> Instant = { .now }) {
        self.eventLoop = eventLoop
        self.writer = writer
        self.now = now
        waiters.reserveCapacity(64)
        spare.reserveCapacity(64)
    }

    /// Adds a record to this tick's append; `waiter` is told once it is written.
    ///
    /// - Returns: The batch the record belongs to.
    func add(_ record: LedgerRecord, waiter: any Waiter) -> UInt64 {
        writer.encode(record)
        if waiters.last !== waiter { waiters.append(waiter) }
        guard !isScheduled else { return batch }
        isScheduled = true
        let box = LoopBound(self)
        eventLoop.execute { box.value.append() }
        return batch
    }

    private func append() {
        guard writer.hasPending else {
            isScheduled = false
            return release()
        }
        guard wantedQuickAppends == 0 else { return appendOnThread() }
        let began = now()
        do throws(SpoolError) {
            try writer.append()
        } catch {
            // Nothing that depends on these records leaves before they are written; they stay pending in the writer.
            wantedQuickAppends = Self.recovery
            return appendOnThread()
        }
        if now() - began > Self.patience { wantedQuickAppends = Self.recovery }
        isScheduled = false
        if isStrict { waitUntilDurable(takeWaiters(), endBatch()) } else { release() }
    }

    // MARK: A slow disk

    /// Lets a thread append what is pending; what comes meanwhile is its next append.
    private func appendOnThread() {
        append(writer.takePending(), for: takeWaiters(), endBatch())
    }

    private func append(_ records: SpoolWriter.Pending, for waiting: [any Waiter], _ batch: UInt64) {
        let box = LoopBound((tick: self, writer: writer, waiting: waiting))
        let eventLoop = eventLoop
        let began = now()
        thread.async {
            let written: Bool
            do throws(SpoolError) {
                try box.value.writer.append(records)
                written = true
            } catch {
                written = false
            }
            eventLoop.execute {
                if written {
                    box.value.tick.appended(for: box.value.waiting, batch, since: began)
                } else {
                    box.value.tick.appendLater(records, for: box.value.waiting, batch)
                }
            }
        }
    }

    private func appendLater(_ records: SpoolWriter.Pending, for waiting: [any Waiter], _ batch: UInt64) {
        wantedQuickAppends = Self.recovery
        let box = LoopBound((tick: self, waiting: waiting))
        eventLoop.scheduleTask(in: .milliseconds(100)) {
            box.value.tick.append(records, for: box.value.waiting, batch)
        }
    }

    private func appended(for waiting: [any Waiter], _ batch: UInt64, since began: Instant) {
        wantedQuickAppends = now() - began > Self.patience ? Self.recovery : wantedQuickAppends - 1
        if isStrict {
            waitUntilDurable(waiting, batch)
        } else {
            for waiter in waiting { waiter.recordsWritten(through: batch) }
        }
        append()
    }

    // MARK: Letting go

    /// Lets go only once the records are on stable storage; a failed sync is tried again on another segment.
    private func waitUntilDurable(_ waiting: [any Waiter], _ batch: UInt64) {
        let box = LoopBound((tick: self, waiting: waiting))
        let eventLoop = eventLoop
        writer.whenDurable { result in
            switch result {
            case .success:
                eventLoop.execute { for waiter in box.value.waiting { waiter.recordsWritten(through: batch) } }
            case .failure:
                eventLoop.scheduleTask(in: .milliseconds(100)) {
                    box.value.tick.waitUntilDurable(box.value.waiting, batch)
                }
            }
        }
    }

    private func endBatch() -> UInt64 {
        defer { batch += 1 }
        return batch
    }

    private func takeWaiters() -> [any Waiter] {
        defer { waiters = [] }
        return waiters
    }

    private func release() {
        let done = endBatch()
        swap(&waiters, &spare)
        for waiter in spare { waiter.recordsWritten(through: done) }
        spare.removeAll(keepingCapacity: true)
    }
}
