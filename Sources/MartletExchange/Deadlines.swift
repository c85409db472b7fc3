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
    /// When a second target is asked beside the first.
    var hedge: Instant?
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
}

/// The instants that one leg is waited for.
struct LegDeadlines {
    /// End of its dial.
    var connect: Instant?
    /// End of the wait for the head of an answer that is no stream.
    var responseHead: Instant?
    /// End of the wait for the first content of a stream.
    var firstToken: Instant?
    /// End of the wait for the next event of a stream that is held back.
    var idle: Instant?
    /// End of the wait for the next content of such a stream.
    var content: Instant?
    /// End of the attempt; holds on when the answer goes to the client.
    var attempt: Instant?

    /// The earliest of them.
    var earliest: Instant? {
        var next = attempt
        func take(_ instant: Instant?) {
            guard let instant else { return }
            next = next.map { min($0, instant) } ?? instant
        }
        take(connect)
        take(responseHead)
        take(firstToken)
        take(idle)
        take(content)
        return next
    }

    /// The answer has come so far that only the limit of the whole attempt counts.
    mutating func answered() { self = LegDeadlines(attempt: attempt) }
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
