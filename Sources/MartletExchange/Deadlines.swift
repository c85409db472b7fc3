import MartletCore

/// The instants an exchange waits for; one timer stands at the earliest.
struct Deadlines {
    /// When the body began to be read; limits follow from it and from the bytes that came.
    var bodyBegan: Instant?
    /// End of the wait for a service's answer.
    var answer: Instant?
    /// When room for bytes that are held back is looked for again.
    var room: Instant?
    /// End of a wait for a slot.
    var queue: Instant?
    /// When the next attempt begins.
    var retry: Instant?
    /// End of the dial of the current leg.
    var connect: Instant?
    /// End of the wait for a non-stream response head.
    var responseHead: Instant?
    /// End of the wait for the first content of a stream.
    var firstToken: Instant?
    /// End of the current attempt.
    var attempt: Instant?
    /// End of the request.
    var total: Instant?
    /// When the last bytes of a committed stream came.
    var lastEvent: Instant?
    /// When the last content of a committed stream came.
    var lastContent: Instant?
    /// When the last byte went to the client of a committed stream.
    var lastSent: Instant?
    /// When the client stopped taking bytes.
    var stalledSince: Instant?
    /// Where the timer stands.
    var armed: Instant?

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

    /// Whole nanoseconds, clamped to a month.
    var wholeNanoseconds: Int64 {
        let parts = components
        guard parts.seconds < 2_592_000 else { return 2_592_000_000_000_000 }
        return max(0, parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000)
    }
}
