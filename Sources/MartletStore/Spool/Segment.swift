import Synchronization

/// One append-only file of the spool, shared by its writer, the syncing thread and the drainer.
final class Segment: Sendable {
    /// A number that no other segment of this process has; neither the place in memory nor, after a restore from a backup,
    /// the number in the header is sure to be the file's own.
    let serial = Segment.serials.add(1, ordering: .relaxed).newValue
    private static let serials = Atomic<Int>(0)

    /// The file's number and its random mark.
    let header: SegmentHeader
    /// Where the file is.
    let path: String
    /// The open file; closed when the last user lets go.
    let descriptor: CInt
    /// Bytes allocated, header included.
    let capacity: Int
    /// Where the first frame starts; 0 when the header could not be read.
    let start: Int
    /// Whether the file is left over from an earlier run.
    let isRecovered: Bool

    /// Bytes written, header included; stored after the write, so that a reader never sees half an append.
    let written: Atomic<Int>
    /// Records written in this run.
    let records = Atomic<Int>(0)
    /// Records of it that the store holds.
    let drained = Atomic<Int>(0)
    /// Whether nothing more will be appended.
    let sealed: Atomic<Bool>
    /// Whether a write or sync failed here; what it holds and was not synced is written again elsewhere.
    let abandoned = Atomic<Bool>(false)

    private let files: any SpoolFiles

    init(
        header: SegmentHeader,
        path: String,
        descriptor: CInt,
        capacity: Int,
        start: Int,
        written: Int,
        isRecovered: Bool,
        files: any SpoolFiles
    ) {
        self.header = header
        self.path = path
        self.descriptor = descriptor
        self.capacity = capacity
        self.start = start
        self.isRecovered = isRecovered
        self.written = Atomic(written)
        self.sealed = Atomic(isRecovered)
        self.files = files
    }

    deinit { files.close(descriptor) }

    /// Bytes that can still be appended.
    var room: Int { capacity - written.load(ordering: .relaxed) }
}
