import MartletCore

/// An intent that was read from the spool and whose ending was not, yet.
///
/// The store need not hear of it for a while: its segment holds it, and is neither deleted nor passed by the store's read
/// position as long as the intent is neither stored nor ended.
struct OpenIntent: Sendable {
    var id: RecordID
    /// The serial of the segment that holds it.
    var segment: Int
    /// Where its frame begins there.
    var offset: Int
    /// When it was read first.
    var since: ContinuousClock.Instant
    var payload: [UInt8]
}
