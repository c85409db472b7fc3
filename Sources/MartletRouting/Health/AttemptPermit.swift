public import MartletCore

/// Leave to begin one attempt on a target; handed back when the attempt has ended, whatever became of it.
public struct AttemptPermit: Sendable, Hashable {
    /// When it was given.
    public let givenAt: Instant
    /// How many times the circuit had opened by then.
    let openings: UInt32
    /// The number of the try of a half-open circuit, 0 for every other attempt.
    let trial: UInt32

    init(givenAt: Instant, openings: UInt32, trial: UInt32 = 0) {
        self.givenAt = givenAt
        self.openings = openings
        self.trial = trial
    }

    /// Whether the attempt tries a target whose circuit is half open.
    public var isTrial: Bool { trial != 0 }
}

/// Whether an attempt on a target may begin.
public enum AttemptAdmission: Sendable, Hashable {
    /// It may.
    case granted(AttemptPermit)
    /// It may not, until an instant that may be unknown.
    case refused(TargetStanding.Obstacle, until: Instant?)
}

/// What became of an attempt, as far as it says something about its target.
public enum AttemptEnd: Sendable, Hashable {
    /// The target answered; with what it took, where that was measured.
    case succeeded(LatencySample?)
    /// The target answered a request that showed a key of the caller's: nothing is said of limits of the gateway's own.
    case succeededForCaller(LatencySample?)
    /// The attempt failed.
    case failed(AttemptFailure)
    /// Nobody can say: the caller left, or the gateway gave up for reasons of its own.
    case abandoned
    /// Another attempt was faster: it would have taken longer than this to its first content, or as a whole.
    case outrun(isStream: Bool, after: Duration)
}
