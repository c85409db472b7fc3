import MartletGovernance
import Synchronization

/// Brings what the spool holds into the store, exactly once.
///
/// Reads the segment files from where the store remembers having read them; the store keeps that position in the transaction
/// that keeps the records, so a death at any point neither loses nor doubles. `pass()` must be called by one thread at a
/// time.
public final class SpoolDrainer: Sendable {
    /// What draining has met so far.
    public struct Counts: Hashable, Sendable {
        /// Records handed to the store, doubles included.
        public var records = 0
        /// Places set aside into `bad/` because no record could be read there.
        public var badRegions = 0
        /// Ends of segments that held an unfinished record.
        public var tornTails = 0
    }

    private let spool: Spool
    private let sink: any LedgerSink
    private let state = Mutex(State())
    private static let batchRecords = 4_096
    /// The largest segment that is read; anything larger is no file of ours.
    private static let maxSegmentBytes = 256 << 20

    private struct State {
        var positions: [UInt64: Int]?
        /// Positions of segments without a readable header, by path; not kept over a restart.
        var unmarked: [String: Int] = [:]
        var forgotten: [UInt64] = []
        var counts = Counts()
        var isFailing = false
    }

    /// Joins a spool and a store.
    init(spool: Spool, sink: any LedgerSink) {
        self.spool = spool
        self.sink = sink
    }

    /// What draining has met so far.
    public var counts: Counts { state.withLock { $0.counts } }

    /// Whether the last pass failed.
    public var isFailing: Bool { state.withLock { $0.isFailing } }

    /// Drains everything appended before the call and deletes segments that are done with.
    ///
    /// - Throws: `.database` when the store fails, `.system` when a segment cannot be read; the records stay in the spool.
    public func pass() throws(StoreError) {
        do throws(StoreError) {
            try drain()
            state.withLock { $0.isFailing = false }
        } catch {
            state.withLock { $0.isFailing = true }
            throw error
        }
    }

    /// Drains the segments of earlier runs and ends their open intents as interrupted.
    ///
    /// Called once after the spool was opened, before any writer is used: every open intent then belongs to a run that is over.
    ///
    /// - Parameter recordedAt: The time to note, in milliseconds since 1970.
    /// - Returns: How many requests were interrupted.
    @discardableResult
    public func recover(recordedAt: UInt64) throws(StoreError) -> Int {
        try pass()
        return try sink.interruptOpenIntents(recordedAt: recordedAt)
    }

    private func drain() throws(StoreError) {
        var batch = Batch()
        var unreadable: StoreError?
        for segment in spool.liveSegments() {
            let start = try max(segment.start, position(of: segment))
            do throws(StoreError) {
                try read(segment, from: start, into: &batch)
            } catch {
                // One bad file does not hold up the others.
                unreadable = unreadable ?? error
            }
            if batch.records.count >= Self.batchRecords { try commit(&batch) }
        }
        try commit(&batch)
        if let unreadable { throw unreadable }
    }

    /// Records read but not yet stored.
    private struct Batch {
        var records: [LedgerRecord] = []
        var positions: [UInt64: Int] = [:]
        var read: [(segment: Segment, end: Int, records: Int)] = []
        var done: [Segment] = []
        var found = Counts()
    }

    private func read(_ segment: Segment, from start: Int, into batch: inout Batch) throws(StoreError) {
        // Sealed before written: a segment sealed now has its last length.
        let sealed = segment.sealed.load(ordering: .acquiring)
        let end = segment.written.load(ordering: .acquiring)
        if start < end {
            guard end - start <= Self.maxSegmentBytes else {
                throw .system(SystemFailure(call: "segment too large: \(segment.path)", code: 0))
            }
            let bytes: [UInt8]
            do throws(SystemFailure) {
                bytes = try spool.files.read(segment.descriptor, at: start, count: end - start)
            } catch {
                throw .system(error)
            }
            let scan = FrameScan(bytes)
            batch.records += scan.records
            batch.found.records += scan.records.count
            batch.found.badRegions += scan.badRanges.count
            batch.found.tornTails += scan.tornTail == nil ? 0 : 1
            for range in scan.badRanges + (scan.tornTail.map { [$0] } ?? []) {
                setAside(bytes[range], of: segment, at: start + range.lowerBound)
            }
            if segment.header.nonce != 0 { batch.positions[segment.header.nonce] = end }
            batch.read.append((segment, end, scan.records.count))
        }
        if sealed { batch.done.append(segment) }
    }

    private func commit(_ batch: inout Batch) throws(StoreError) {
        let forgotten = state.withLock { $0.forgotten }
        if !batch.positions.isEmpty || !batch.records.isEmpty || !forgotten.isEmpty {
            try sink.apply(batch.records, positions: batch.positions, forgotten: forgotten)
        }
        state.withLock { state in
            state.forgotten.removeFirst(forgotten.count)
            state.counts.records += batch.found.records
            state.counts.badRegions += batch.found.badRegions
            state.counts.tornTails += batch.found.tornTails
            for (segment, end, _) in batch.read {
                if segment.header.nonce != 0 {
                    state.positions?[segment.header.nonce] = end
                } else {
                    state.unmarked[segment.path] = end
                }
            }
        }
        for (segment, _, records) in batch.read { segment.drained.add(records, ordering: .relaxed) }
        for segment in batch.done where spool.delete(segment) {
            state.withLock { state in
                state.unmarked[segment.path] = nil
                guard segment.header.nonce != 0, state.positions?.removeValue(forKey: segment.header.nonce) != nil
                else { return }
                state.forgotten.append(segment.header.nonce)
            }
        }
        batch = Batch()
    }

    private func position(of segment: Segment) throws(StoreError) -> Int {
        let known: Int? = state.withLock { state in
            guard let positions = state.positions else { return nil }
            return positions[segment.header.nonce] ?? state.unmarked[segment.path] ?? 0
        }
        if let known { return known }
        let positions = try sink.positions()
        let live = Set(spool.liveSegments().map(\.header.nonce))
        return state.withLock { state in
            state.positions = positions
            // Segments that were deleted before their position was.
            state.forgotten += positions.keys.filter { !live.contains($0) }
            for nonce in state.forgotten { state.positions?[nonce] = nil }
            return positions[segment.header.nonce] ?? 0
        }
    }

    /// Keeps bytes that are no record for whoever wants to look; failing to is no reason to stop.
    private func setAside(_ bytes: ArraySlice<UInt8>, of segment: Segment, at offset: Int) {
        let directory = spool.directory + "/bad"
        let name = "\(String(segment.header.number, radix: 16))-\(String(segment.header.nonce, radix: 16))-\(offset)"
        do throws(SystemFailure) {
            try spool.files.makeDirectory(directory)
            guard try spool.files.list(directory).count < 256 else { return }
            let descriptor = try spool.files.create("\(directory)/\(name)", bytes: bytes.count)
            defer { spool.files.close(descriptor) }
            try spool.files.write(Array(bytes).span, to: descriptor, at: 0)
        } catch {
            return
        }
    }
}
