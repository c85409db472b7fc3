import MartletGovernance
import MartletStore
import NIOCore

/// Writes the records of all exchanges of one loop tick with one append, and lets go of the bytes that waited for it.
///
/// The first record of a tick schedules the append; bytes that depend on a record are flushed after it.
final class LedgerTick {
    /// Something whose bytes wait for a record.
    protocol Waiter: AnyObject {
        /// The records of all batches up to this one are written; flush.
        func recordsWritten(through batch: UInt64)
    }

    private let eventLoop: any EventLoop
    private let writer: SpoolWriter
    private var waiters: [any Waiter] = []
    private var spare: [any Waiter] = []
    private var isScheduled = false
    /// The number of the batch that is gathered now.
    private var batch: UInt64 = 0
    /// Wait for stable storage, not just for the operating system.
    var isStrict = false

    init(eventLoop: any EventLoop, writer: SpoolWriter) {
        self.eventLoop = eventLoop
        self.writer = writer
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
        isScheduled = false
        guard writer.hasPending else { return release() }
        do throws(SpoolError) {
            if isStrict { return try appendDurably() }
            try writer.append()
            release()
        } catch {
            // Nothing that depends on these records leaves before they are written; they stay pending in the writer.
            isScheduled = true
            let box = LoopBound(self)
            eventLoop.scheduleTask(in: .milliseconds(100)) { box.value.append() }
        }
    }

    private func appendDurably() throws(SpoolError) {
        try writer.append()
        let waiting = waiters
        waiters = []
        let done = batch
        batch += 1
        waitUntilDurable(waiting, done)
    }

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

    private func release() {
        let done = batch
        batch += 1
        swap(&waiters, &spare)
        for waiter in spare { waiter.recordsWritten(through: done) }
        spare.removeAll(keepingCapacity: true)
    }
}
