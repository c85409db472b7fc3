/// Sizes of a usage spool.
public struct SpoolOptions: Hashable, Sendable {
    /// Bytes allocated for one segment file.
    public var segmentBytes: Int
    /// The most bytes that all segments may take.
    public var totalBytes: Int
    /// The part of `totalBytes` kept for the endings of running requests: no new request is admitted into it.
    public var reserveBytes: Int
    /// Segments allocated ahead, so that rotation costs the event loop nothing and a full disk leaves room for endings.
    public var spareSegments: Int
    /// The most unsynced bytes of one shard before no new request is admitted.
    public var unsyncedBytes: Int
    /// How long the running gateway holds an intent back from the store, for its ending to make storing it needless.
    public var intentHold: Duration

    /// Sets the sizes.
    ///
    /// - Parameters:
    ///   - segmentBytes: 4 KiB or more; 1 MiB by default.
    ///   - totalBytes: 1 GiB by default.
    ///   - reserveBytes: 16 MiB by default, above 4,096 running requests with records of the largest size.
    ///   - spareSegments: 2 by default.
    ///   - unsyncedBytes: 16 MiB by default.
    ///   - intentHold: Two seconds by default; the spool's segments are kept so much longer.
    public init(
        segmentBytes: Int = 1 << 20,
        totalBytes: Int = 1 << 30,
        reserveBytes: Int = 16 << 20,
        spareSegments: Int = 2,
        unsyncedBytes: Int = 16 << 20,
        intentHold: Duration = .seconds(2)
    ) {
        self.segmentBytes = max(4_096, segmentBytes)
        self.totalBytes = totalBytes
        self.reserveBytes = reserveBytes
        self.spareSegments = max(1, spareSegments)
        self.unsyncedBytes = unsyncedBytes
        self.intentHold = intentHold
    }
}
