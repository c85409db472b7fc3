/// The instants an exchange waits for; one timer stands at the earliest.
struct Deadlines {
    /// When the body began to be read; limits follow from it and from the bytes that came.
    var bodyBegan: ContinuousClock.Instant?
    /// End of a wait for a slot.
    var queue: ContinuousClock.Instant?
    /// When the next attempt begins.
    var retry: ContinuousClock.Instant?
    /// End of the dial of the current leg.
    var connect: ContinuousClock.Instant?
    /// End of the wait for a non-stream response head.
    var responseHead: ContinuousClock.Instant?
    /// End of the wait for the first content of a stream.
    var firstToken: ContinuousClock.Instant?
    /// End of the current attempt.
    var attempt: ContinuousClock.Instant?
    /// End of the request.
    var total: ContinuousClock.Instant?
    /// When the last bytes of a committed stream came.
    var lastEvent: ContinuousClock.Instant?
    /// When the last content of a committed stream came.
    var lastContent: ContinuousClock.Instant?
    /// When the last byte went to the client of a committed stream.
    var lastSent: ContinuousClock.Instant?
    /// When the client stopped taking bytes.
    var stalledSince: ContinuousClock.Instant?
    /// Where the timer stands.
    var armed: ContinuousClock.Instant?

    /// Forgets what belongs to the current leg.
    mutating func clearLeg() {
        connect = nil
        responseHead = nil
        firstToken = nil
        attempt = nil
    }
}

extension Duration {
    /// Whole milliseconds, clamped to what an `Int32` holds.
    var wholeMilliseconds: Int {
        let parts = components
        guard parts.seconds < 2_000_000 else { return Int(Int32.max) }
        return Int(max(0, parts.seconds * 1_000 + parts.attoseconds / 1_000_000_000_000_000))
    }
}
