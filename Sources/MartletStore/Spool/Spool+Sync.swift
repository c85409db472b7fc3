import Synchronization

extension Spool {
    /// Brings everything appended so far to stable storage, and allocates spare segments.
    ///
    /// Called every 50 ms by one thread, or as soon as a writer asks. After a failed write or sync the segment is left and its
    /// unsynced records are written to a new one: a second sync of the same file could report success for lost pages.
    ///
    /// - Returns: Whether nothing is left unsynced of what was appended before the call.
    @discardableResult
    public func syncPass() -> Bool {
        var complete = true
        for share in writerShares() {
            guard let work = share.work() else { continue }
            do throws(SpoolError) {
                try bringToDisk(work, of: share)
                share.noteSynced(upTo: work.position, of: work, stalled: stalledWriters)
            } catch {
                complete = false
                share.failWaiters(error)
            }
        }
        refillSpares()
        return complete
    }

    private func bringToDisk(_ work: WriterShare.Work, of share: WriterShare) throws(SpoolError) {
        var failed = false
        for segment in work.segments {
            if segment.abandoned.load(ordering: .acquiring) {
                failed = true
                continue
            }
            do throws(SystemFailure) {
                try files.sync(segment.descriptor)
            } catch {
                segment.abandoned.store(true, ordering: .releasing)
                failed = true
            }
        }
        if failed { try writeAgain(share.unsyncedBytes(upTo: work.position)) }
        do throws(SystemFailure) {
            try syncDirectoryIfChanged()
        } catch {
            throw .system(error)
        }
    }

    /// Writes unsynced records to a segment of their own and syncs it; the store ignores the doubles by their ids.
    private func writeAgain(_ bytes: [UInt8]) throws(SpoolError) {
        let segment = try takeSegment(roomFor: bytes.count)
        defer { segment.sealed.store(true, ordering: .releasing) }
        do throws(SystemFailure) {
            try files.write(bytes.span, to: segment.descriptor, at: SegmentHeader.bytes)
            segment.written.store(SegmentHeader.bytes + bytes.count, ordering: .releasing)
            try files.sync(segment.descriptor)
        } catch {
            throw .system(error)
        }
    }
}
