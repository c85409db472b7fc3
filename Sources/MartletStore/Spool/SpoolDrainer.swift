import MartletCore
import MartletGovernance
import Synchronization

/// Brings what the spool holds into the store, exactly once.
///
/// Reads the segment files from where the store remembers having read them; the store keeps that position in the transaction
/// that keeps the records, so a death at any point neither loses nor doubles.
///
/// Most requests end soon after they began, so an intent is not stored but held back for a while: if its ending comes, only
/// that is stored. Until then the position of its segment stays before it and the segment is not deleted, so that a new
/// process reads the intent again. It may read endings behind it again, too; these the store knows by their ids.
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
    /// Held for a whole pass.
    private let work = Mutex(DrainWork())
    private let state = Mutex(State())
    private static let batchRecords = 4_096
    /// The largest segment that is read; anything larger is no file of ours.
    private static let maxSegmentBytes = 256 << 20

    private struct State {
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
    /// - Parameters:
    ///   - hold: How long an intent waits for its ending before it is stored.
    ///   - now: The time that this is counted by.
    /// - Throws: `.database` when the store fails, `.system` when a segment cannot be read; the records stay in the spool.
    public func pass(holdingIntents hold: Duration = .zero, now: ContinuousClock.Instant = .now) throws(StoreError) {
        do throws(StoreError) {
            try work.withLock { work throws(StoreError) in try drain(&work, now: now, storingIntentsOf: now - hold) }
            state.withLock { $0.isFailing = false }
        } catch {
            state.withLock { $0.isFailing = true }
            throw error
        }
    }

    /// The intents that are held back and that are asked for; waits for a pass that runs.
    func openIntents(where isWanted: (LedgerRecord) -> Bool) -> [LedgerRecord] {
        work.withLock { work in
            work.open.values.compactMap { RecordCodec.decode($0.payload[...]) }.filter(isWanted)
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

    private func drain(
        _ work: inout DrainWork,
        now: ContinuousClock.Instant,
        storingIntentsOf due: ContinuousClock.Instant
    ) throws(StoreError) {
        let segments = spool.liveSegments()
        if work.remembered == nil { try recallPositions(&work, segments) }
        var reading = DrainReading(work)
        var unreadable: StoreError?
        for segment in segments {
            do throws(StoreError) {
                try read(segment, into: &reading)
            } catch {
                // One bad file does not hold up the others.
                unreadable = unreadable ?? error
            }
            guard reading.counts.records >= Self.batchRecords else { continue }
            try commit(&reading, segments, now: now, storingIntentsOf: nil, to: &work)
        }
        try commit(&reading, segments, now: now, storingIntentsOf: due, to: &work)
        if let unreadable { throw unreadable }
    }

    private func read(_ segment: Segment, into reading: inout DrainReading) throws(StoreError) {
        // Sealed before written: a segment sealed now has its last length.
        let sealed = segment.sealed.load(ordering: .acquiring)
        let end = segment.written.load(ordering: .acquiring)
        let remembered = reading.work.remembered?[segment.header.nonce]
        let start = reading.work.progress[segment.serial]?.read ?? max(segment.start, remembered ?? 0)
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
            for range in scan.badRanges + (scan.tornTail.map { [$0] } ?? []) {
                setAside(bytes[range], of: segment, at: start + range.lowerBound)
            }
            reading.take(scan, of: segment, from: start)
        }
        if sealed { reading.finished.append(segment) }
    }

    /// Stores what was read, then deletes the segments that hold nothing else.
    ///
    /// - Parameter due: Intents read first at this time or before are stored; `nil` stores none.
    private func commit(
        _ reading: inout DrainReading,
        _ segments: [Segment],
        now: ContinuousClock.Instant,
        storingIntentsOf due: ContinuousClock.Instant?,
        to work: inout DrainWork
    ) throws(StoreError) {
        var batch = DrainBatch(scans: reading.scans, forgotten: work.forgotten)
        reading.keepOpen(now: now)
        if let due { batch.intents = reading.takeOpen(until: due) }
        batch.positions = reading.takePositions(of: segments)
        if !batch.isEmpty { try sink.apply(batch) }
        work = reading.work
        work.forgotten = []
        let found = reading.counts
        state.withLock { state in
            state.counts.records += found.records
            state.counts.badRegions += found.badRegions
            state.counts.tornTails += found.tornTails
        }
        noteDrained(segments, work)
        let left = deleteFinished(reading.finished, &work)
        reading = DrainReading(work, finished: left)
    }

    private func noteDrained(_ segments: [Segment], _ work: DrainWork) {
        var open: [Int: Int] = [:]
        for intent in work.open.values { open[intent.segment, default: 0] += 1 }
        for segment in segments {
            guard let progress = work.progress[segment.serial] else { continue }
            segment.drained.store(progress.records - (open[segment.serial] ?? 0), ordering: .relaxed)
        }
    }

    /// Deletes segments that were read to their ends and hold no open intent.
    ///
    /// - Returns: Those that are left.
    private func deleteFinished(_ finished: [Segment], _ work: inout DrainWork) -> [Segment] {
        let held = Set(work.open.values.map(\.segment))
        return finished.filter { segment in
            let id = segment.serial
            guard !held.contains(id), spool.delete(segment) else { return true }
            let nonce = segment.header.nonce
            if work.progress.removeValue(forKey: id)?.stored != nil || work.remembered?[nonce] != nil {
                work.remembered?[nonce] = nil
                work.forgotten.append(nonce)
            }
            return false
        }
    }

    private func recallPositions(_ work: inout DrainWork, _ segments: [Segment]) throws(StoreError) {
        var positions = try sink.positions()
        let live = Set(segments.map(\.header.nonce))
        // Segments that were deleted before their position was.
        work.forgotten += positions.keys.filter { !live.contains($0) }
        for nonce in work.forgotten { positions[nonce] = nil }
        work.remembered = positions
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
