import MartletGovernance

/// Where the drainer brings records; a seam, so that tests can let the store fail.
protocol LedgerSink: Sendable {
    /// The read positions kept by `apply`, by segment nonce.
    func positions() throws(StoreError) -> [UInt64: Int]

    /// Stores records and read positions in one transaction.
    ///
    /// A record whose id is known is ignored, but an ending replaces an intent.
    ///
    /// - Parameters:
    ///   - records: The records, in any order.
    ///   - positions: How far each segment is read, by its nonce.
    ///   - forgotten: The nonces of deleted segments.
    func apply(
        _ records: [LedgerRecord],
        positions: [UInt64: Int],
        forgotten: [UInt64]
    ) throws(StoreError)

    /// Turns every open intent into an interrupted ending with its own estimate.
    ///
    /// - Returns: How many there were.
    func interruptOpenIntents(recordedAt: UInt64) throws(StoreError) -> Int
}
