import MartletCore
import MartletGovernance

/// What the drainer knows between two transactions.
struct DrainWork: Sendable {
    /// How far a segment is read.
    struct Progress: Sendable {
        /// Up to where its records are stored, or kept as open intents.
        var read: Int
        /// The position that the store remembers.
        var stored: Int?
        /// Whole records found so far.
        var records = 0
    }

    /// Positions of earlier runs, by nonce; `nil` before they were asked for.
    var remembered: [UInt64: Int]?
    /// By the serial of the segment.
    var progress: [Int: Progress] = [:]
    var open: [RecordID: OpenIntent] = [:]
    /// Deleted segments whose positions are not.
    var forgotten: [UInt64] = []
}

/// Records read but not yet stored.
struct DrainReading: Sendable {
    /// An intent of this reading; holds places instead of bytes, because nearly all meet their ending in it.
    private struct Fresh {
        var scan: Int
        var outline: Int
    }

    /// The work as it will be once all this is stored.
    var work: DrainWork
    var scans: [FrameScan] = []
    var counts = SpoolDrainer.Counts()
    /// Read to their ends and written no more.
    var finished: [Segment] = []
    private var origins: [(segment: Int, start: Int)] = []
    private var fresh: [RecordID: Fresh] = [:]

    init(_ work: DrainWork, finished: [Segment] = []) {
        self.work = work
        self.finished = finished
    }

    /// Takes in what a read of a segment found.
    mutating func take(_ scan: FrameScan, of segment: Segment, from start: Int) {
        let id = segment.serial
        for (index, outline) in scan.outlines.enumerated() {
            if outline.state == .intent {
                fresh[outline.id] = Fresh(scan: scans.count, outline: index)
            } else {
                fresh[outline.id] = nil
                // An intent that was told again stands in both.
                if !work.open.isEmpty { work.open[outline.id] = nil }
            }
        }
        work.progress[id, default: DrainWork.Progress(read: start)].read = start + scan.content.count
        work.progress[id]?.records += scan.outlines.count
        counts.records += scan.outlines.count
        counts.badRegions += scan.badRanges.count
        counts.tornTails += scan.tornTail == nil ? 0 : 1
        scans.append(scan)
        origins.append((id, start))
    }

    /// Copies the intents that stay open out of the bytes that were read.
    ///
    /// One that was written again, for a further attempt or because a sync failed, is from then on held by the segment that
    /// was read last.
    mutating func keepOpen(now: ContinuousClock.Instant) {
        for (id, place) in fresh {
            let scan = scans[place.scan]
            let payload = scan.outlines[place.outline].payload
            work.open[id] = OpenIntent(
                id: id,
                segment: origins[place.scan].segment,
                offset: origins[place.scan].start + payload.lowerBound - Frame.headerBytes,
                since: work.open[id]?.since ?? now,
                payload: Array(scan.content[payload])
            )
        }
        fresh = [:]
    }

    /// Takes out the open intents that were read first at `time` or before.
    mutating func takeOpen(until time: ContinuousClock.Instant) -> [OpenIntent] {
        let due = work.open.values.filter { $0.since <= time }
        for intent in due { work.open[intent.id] = nil }
        return due
    }

    /// The positions that the store has to be told: each at the first open intent of its segment, else where reading stopped.
    mutating func takePositions(of segments: [Segment]) -> [UInt64: Int] {
        var firstOpen: [Int: Int] = [:]
        for intent in work.open.values {
            firstOpen[intent.segment] = min(firstOpen[intent.segment] ?? .max, intent.offset)
        }
        var positions: [UInt64: Int] = [:]
        for segment in segments where segment.header.nonce != 0 {
            let id = segment.serial
            guard let progress = work.progress[id] else { continue }
            let position = min(progress.read, firstOpen[id] ?? .max)
            guard position > progress.stored ?? segment.start else { continue }
            positions[segment.header.nonce] = position
            work.progress[id]?.stored = position
        }
        return positions
    }
}
