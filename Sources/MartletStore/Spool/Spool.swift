import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The write-ahead spool of usage records in one directory: segment files, their lock and their size limit.
///
/// Each event loop appends through its own `SpoolWriter`; one thread calls `syncPass()`, another drains. Records survive the
/// death of the process from the moment `SpoolWriter.append()` returns, and a power loss from the next sync on.
public final class Spool: Sendable {
    /// The directory.
    public let directory: String
    let options: SpoolOptions
    let files: any SpoolFiles
    /// Called after work for the syncing thread came up; set once before writers are made.
    let wakeSync = Mutex<(@Sendable () -> Void)?>(nil)
    /// Called when so many bytes wait that they should be drained before their time.
    let wakeDrain = Mutex<(@Sendable () -> Void)?>(nil)

    private let lockDescriptor: Mutex<CInt?>
    private let state: Mutex<State>
    private let allocated = Atomic<Int>(0)
    private let spareFailed = Atomic<Bool>(false)
    /// Writers that cannot write or whose unsynced bytes are over the limit.
    let stalledWriters = Atomic<Int>(0)

    private struct State {
        /// Segments that hold or will hold records, oldest first.
        var segments: [Segment] = []
        var spares: [Segment] = []
        var writers: [WriterShare] = []
        var nextNumber: UInt64
        var directoryChanged = false
        var closed = false
    }

    /// Opens the spool of a directory, which is created when missing, and takes its lock.
    ///
    /// Segments of earlier runs become readable by the drainer; they are not changed.
    ///
    /// - Throws: `.locked` when another process (or another spool of this one) holds the directory; `.system` else.
    public convenience init(
        directory: String,
        options: SpoolOptions = SpoolOptions()
    ) throws(SpoolError) {
        try self.init(directory: directory, options: options, files: DiskFiles())
    }

    /// Opens the spool of a directory over the given file operations.
    init(directory: String, options: SpoolOptions, files: any SpoolFiles) throws(SpoolError) {
        self.directory = directory
        self.options = options
        self.files = files
        do throws(SystemFailure) {
            try files.makeDirectory(directory)
            lockDescriptor = Mutex(try files.lock(directory + "/lock"))
        } catch {
            if error.code == EWOULDBLOCK { throw .locked(directory: directory) }
            throw .system(error)
        }
        state = Mutex(State(nextNumber: 1))
        do throws(SystemFailure) {
            try readLeftOvers()
        } catch {
            throw .system(error)
        }
        refillSpares()
    }

    deinit { release() }

    /// Whether a new request may be admitted: its intent and its ending will find a place.
    ///
    /// Lock-free; three relaxed loads.
    public var room: Bool {
        !spareFailed.load(ordering: .relaxed) && stalledWriters.load(ordering: .relaxed) == 0
            && allocated.load(ordering: .relaxed) <= options.totalBytes - options.reserveBytes
    }

    /// Records appended in this run that the store does not hold yet.
    public var pendingRecords: Int {
        liveSegments().reduce(0) {
            $0 + max(0, $1.records.load(ordering: .relaxed) - $1.drained.load(ordering: .relaxed))
        }
    }

    /// Makes the writer of one event loop.
    ///
    /// - Parameter shard: The loop's number; for diagnosis only.
    public func makeWriter(shard: Int) -> sending SpoolWriter {
        let share = WriterShare(shard: shard, unsyncedLimit: options.unsyncedBytes)
        state.withLock { $0.writers.append(share) }
        return SpoolWriter(spool: self, share: share)
    }

    /// Seals every segment, so that the drainer can delete them once read, and removes the spares.
    ///
    /// No writer may be used afterwards.
    public func close() {
        let spares = state.withLock { state in
            state.closed = true
            for segment in state.segments { segment.sealed.store(true, ordering: .releasing) }
            defer { state.spares = [] }
            return state.spares
        }
        for spare in spares { discard(spare) }
    }

    /// Gives the directory's lock back; nothing may be appended or drained afterwards.
    public func release() {
        let descriptor = lockDescriptor.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
        if let descriptor { files.close(descriptor) }
    }

    // MARK: - Segments

    func liveSegments() -> [Segment] { state.withLock { $0.segments } }

    func writerShares() -> [WriterShare] { state.withLock { $0.writers } }

    /// Hands out a segment with room for `bytes` more and lists it for the drainer.
    func takeSegment(roomFor bytes: Int) throws(SpoolError) -> Segment {
        let spare: Segment? = state.withLock { state in
            guard let index = state.spares.firstIndex(where: { $0.room >= bytes }) else { return nil }
            let segment = state.spares.remove(at: index)
            state.segments.append(segment)
            return segment
        }
        defer {
            requestSync()
            if allocated.load(ordering: .relaxed) > options.totalBytes / 4 { wakeDrain.withLock { $0 }?() }
        }
        if let spare { return spare }
        let segment = try createSegment(capacity: max(options.segmentBytes, bytes + SegmentHeader.bytes))
        state.withLock { $0.segments.append(segment) }
        return segment
    }

    /// Deletes a segment whose records the store holds.
    ///
    /// - Returns: Whether the file is gone.
    func delete(_ segment: Segment) -> Bool {
        do throws(SystemFailure) {
            try files.remove(segment.path)
        } catch {
            if error.code != ENOENT { return false }
        }
        state.withLock { $0.segments.removeAll { $0 === segment } }
        allocated.subtract(segment.capacity, ordering: .relaxed)
        return true
    }

    /// Makes the names of new segments durable.
    func syncDirectoryIfChanged() throws(SystemFailure) {
        let changed = state.withLock { state in
            defer { state.directoryChanged = false }
            return state.directoryChanged
        }
        guard changed else { return }
        do throws(SystemFailure) {
            try files.syncDirectory(directory)
        } catch {
            state.withLock { $0.directoryChanged = true }
            throw error
        }
    }

    /// Allocates spare segments up to the wanted number; a failure closes admission until it succeeds again.
    func refillSpares() {
        while state.withLock({ !$0.closed && $0.spares.count < options.spareSegments }) {
            do throws(SpoolError) {
                let spare = try createSegment(capacity: options.segmentBytes)
                let kept = state.withLock { state in
                    if !state.closed { state.spares.append(spare) }
                    return !state.closed
                }
                if !kept { discard(spare) }
            } catch {
                // At the size limit the spares are used up by endings; admission is closed by the size already.
                if case .system = error { spareFailed.store(true, ordering: .relaxed) }
                return
            }
        }
        spareFailed.store(false, ordering: .relaxed)
    }

    func requestSync() { wakeSync.withLock { $0 }?() }

    private func createSegment(capacity: Int) throws(SpoolError) -> Segment {
        let total = allocated.add(capacity, ordering: .relaxed).newValue
        guard total <= options.totalBytes else {
            allocated.subtract(capacity, ordering: .relaxed)
            throw .full
        }
        let number = state.withLock { state in
            state.directoryChanged = true
            defer { state.nextNumber += 1 }
            return state.nextNumber
        }
        let header = SegmentHeader(number: number, nonce: UInt64.random(in: 1...UInt64(Int64.max)))
        let path = directory + "/" + Self.fileName(number)
        do throws(SystemFailure) {
            let descriptor = try files.create(path, bytes: capacity)
            do throws(SystemFailure) {
                try files.write(header.encoded.span, to: descriptor, at: 0)
            } catch {
                files.close(descriptor)
                try? files.remove(path)
                throw error
            }
            return Segment(
                header: header,
                path: path,
                descriptor: descriptor,
                capacity: capacity,
                start: SegmentHeader.bytes,
                written: SegmentHeader.bytes,
                isRecovered: false,
                files: files
            )
        } catch {
            allocated.subtract(capacity, ordering: .relaxed)
            throw .system(error)
        }
    }

    private func discard(_ spare: Segment) {
        try? files.remove(spare.path)
        allocated.subtract(spare.capacity, ordering: .relaxed)
    }

    // MARK: - Earlier runs

    private func readLeftOvers() throws(SystemFailure) {
        let numbered = try files.list(directory).compactMap { name in Self.number(ofFile: name).map { ($0, name) } }
        var segments: [Segment] = []
        for (number, name) in numbered.sorted(by: { $0.0 < $1.0 }) {
            let path = directory + "/" + name
            let descriptor = try files.open(path)
            let size = try files.size(of: descriptor)
            let header = SegmentHeader(try files.read(descriptor, at: 0, count: min(size, SegmentHeader.bytes)))
            segments.append(
                Segment(
                    header: header ?? SegmentHeader(number: number, nonce: 0),
                    path: path,
                    descriptor: descriptor,
                    capacity: size,
                    start: header == nil ? 0 : SegmentHeader.bytes,
                    written: size,
                    isRecovered: true,
                    files: files
                )
            )
            allocated.add(size, ordering: .relaxed)
        }
        let last = numbered.map(\.0).max() ?? 0
        state.withLock { state in
            state.segments = segments
            state.nextNumber = last &+ 1
        }
    }

    static func fileName(_ number: UInt64) -> String {
        let hex = String(number, radix: 16)
        return String(repeating: "0", count: 16 - hex.utf8.count) + hex + ".seg"
    }

    static func number(ofFile name: String) -> UInt64? {
        guard name.utf8.count == 20, name.hasSuffix(".seg") else { return nil }
        return UInt64(name.dropLast(4), radix: 16).flatMap { fileName($0) == name ? $0 : nil }
    }
}
