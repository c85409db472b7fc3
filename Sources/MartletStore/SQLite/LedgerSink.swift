/// Where the drainer brings records; a seam, so that tests can let the store fail.
protocol LedgerSink: Sendable {
    /// The read positions kept by `apply`, by segment nonce.
    func positions() throws(StoreError) -> [UInt64: Int]

    /// Stores records and read positions in one transaction.
    ///
    /// An ending whose id is known is ignored; an intent whose ending is known is, too; of two intents the later one stays.
    func apply(_ batch: DrainBatch) throws(StoreError)

    /// Turns every open intent into an interrupted ending with its own estimate.
    ///
    /// - Returns: How many there were.
    func interruptOpenIntents(recordedAt: UInt64) throws(StoreError) -> Int
}

/// What one transaction stores.
struct DrainBatch: Sendable {
    /// Runs of segment bytes, of whose records the endings are stored.
    var scans: [FrameScan] = []
    /// Intents to be kept as open.
    var intents: [OpenIntent] = []
    /// Up to where each segment needs no reading any more, by its nonce.
    var positions: [UInt64: Int] = [:]
    /// The nonces of deleted segments.
    var forgotten: [UInt64] = []

    /// Whether there is nothing to store.
    var isEmpty: Bool { scans.isEmpty && intents.isEmpty && positions.isEmpty && forgotten.isEmpty }
}
