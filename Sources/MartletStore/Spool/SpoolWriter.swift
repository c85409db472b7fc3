public import MartletGovernance
import Synchronization

/// Appends the records of one event loop to its own segment.
///
/// Used from one thread at a time; shares no lock with other writers. While another thread appends what was taken with
/// ``takePending()``, the loop's own may only encode.
public final class SpoolWriter {
    private let spool: Spool
    private let share: WriterShare
    private var segment: Segment?
    private var pending: [UInt8] = []
    private var pendingCount = 0

    init(spool: Spool, share: WriterShare) {
        self.spool = spool
        self.share = share
        pending.reserveCapacity(16 * 1_024)
    }

    deinit { segment?.sealed.store(true, ordering: .releasing) }

    /// Whether records wait for `append()`.
    public var hasPending: Bool { pendingCount > 0 }

    /// Adds a record to the next append.
    ///
    /// Texts over their limit (names 512 bytes, key 64, client request id 256, error code 64, trace 512) are cut.
    ///
    /// - Complexity: O(size of the record); no allocation once the buffer has grown.
    public func encode(_ record: LedgerRecord) {
        Frame.append(record, to: &pending)
        pendingCount += 1
    }

    /// Writes all pending records with one `pwrite`.
    ///
    /// When it returns, they survive the death of the process. When it throws they stay pending: no response that depends on
    /// them may end, and the caller tries again (`Spool.room` is false until a later append succeeds).
    ///
    /// - Throws: `.full` at the size limit; `.system` when no segment can be created or written.
    public func append() throws(SpoolError) {
        guard pendingCount > 0 else { return }
        do throws(SpoolError) {
            try write()
        } catch {
            share.noteWriteFailure(stalled: spool.stalledWriters)
            throw error
        }
    }

    /// Calls back on the syncing thread once everything appended so far is on stable storage.
    ///
    /// Requests a sync; calls that come while one runs share the next (group commit).
    ///
    /// - Parameter completion: Called once; at once and on this thread when nothing is unsynced.
    public func whenDurable(_ completion: @escaping @Sendable (Result<Void, SpoolError>) -> Void) {
        share.whenSynced(completion)
        spool.requestSync()
    }

    /// Writes all pending records and calls back once they are on stable storage.
    ///
    /// - Throws: As `append()`; then nothing is called back.
    public func appendDurably(
        _ completion: @escaping @Sendable (Result<Void, SpoolError>) -> Void
    ) throws(SpoolError) {
        try append()
        whenDurable(completion)
    }

    /// Takes the pending records out, for another thread to append.
    public func takePending() -> Pending {
        defer {
            pending = []
            pendingCount = 0
        }
        return Pending(bytes: pending, count: pendingCount)
    }

    /// Encoded records on their way to a segment.
    public struct Pending: Sendable {
        fileprivate let bytes: [UInt8]
        fileprivate let count: Int
    }

    /// Writes records that were taken with ``takePending()``; when it throws, the caller keeps them and tries again.
    ///
    /// - Throws: As `append()`.
    public func append(_ records: Pending) throws(SpoolError) {
        do throws(SpoolError) {
            try write(records.bytes, count: records.count)
        } catch {
            share.noteWriteFailure(stalled: spool.stalledWriters)
            throw error
        }
    }

    private func write() throws(SpoolError) {
        // A local array, so that its bytes can be lent out without holding on to `self`.
        var records: [UInt8] = []
        swap(&records, &pending)
        defer { swap(&records, &pending) }
        try write(records, count: pendingCount)
        records.removeAll(keepingCapacity: true)
        pendingCount = 0
    }

    private func write(_ records: [UInt8], count: Int) throws(SpoolError) {
        var firstFailure: SystemFailure?
        // The second try goes to another segment: after a failed write this one's end is unknown.
        for _ in 0..<2 {
            let segment = try segment(withRoomFor: records.count)
            let offset = segment.written.load(ordering: .relaxed)
            do throws(SystemFailure) {
                try spool.files.write(records.span, to: segment.descriptor, at: offset)
            } catch {
                firstFailure = firstFailure ?? error
                abandon(segment)
                continue
            }
            segment.records.add(count, ordering: .relaxed)
            segment.written.store(offset + records.count, ordering: .releasing)
            share.noteAppend(records.span, to: segment, stalled: spool.stalledWriters)
            return
        }
        throw .system(firstFailure ?? SystemFailure(call: "pwrite", code: 0))
    }

    private func segment(withRoomFor count: Int) throws(SpoolError) -> Segment {
        if let segment {
            if segment.abandoned.load(ordering: .acquiring) {
                abandon(segment)
            } else if segment.room >= count {
                return segment
            } else {
                segment.sealed.store(true, ordering: .releasing)
                self.segment = nil
            }
        }
        let taken = try spool.takeSegment(roomFor: count)
        segment = taken
        return taken
    }

    /// Leaves a segment whose write or sync failed; the syncing thread writes its unsynced records again.
    private func abandon(_ segment: Segment) {
        segment.abandoned.store(true, ordering: .releasing)
        segment.sealed.store(true, ordering: .releasing)
        self.segment = nil
        spool.requestSync()
    }
}
