/// When a target that fails is left alone, and for how long.
public struct CircuitBreakerPolicy: Hashable, Sendable {
    /// Whether targets that fail are left alone at all.
    public var enabled = true
    /// Failures in a row that open a circuit; at least 1.
    public var consecutiveFailures = 5
    /// Share of failures that opens a circuit, above 0 and at most 1; 0 turns this rule off.
    public var failureRatio = 0.5
    /// Results within the window below which the share says nothing.
    public var minRequests = 20
    /// How far back results count for the share.
    public var window: Duration = .seconds(30)
    /// The first pause; each one after a failed try is twice as long.
    public var open: Duration = .seconds(5)
    /// The longest pause, before jitter.
    public var maxOpen: Duration = .seconds(20)
    /// How long a try keeps others waiting of which nothing is heard any more.
    ///
    /// Every request ends in time and says so, so this bounds what a defect could do.
    public var trialLease: Duration = .seconds(660)

    /// Creates the defaults.
    public init() {}

    /// Pauses are lengthened or shortened by up to this share, so that many gateways do not come back at once.
    static let jitter = 0.2
    /// Tries that must succeed in a row to close a circuit.
    static let successesToClose = 2
    /// How long a target is left alone whose quota is used up.
    public static let quotaPause = Duration.seconds(300)

    /// How long probes from beside may keep a circuit open.
    static let longestHold = Duration.seconds(300)

    /// The pause before the next try.
    ///
    /// - Parameters:
    ///   - opening: 0 for the first opening, one more for each that follows a failed try.
    ///   - random: 64 random bits, for the jitter.
    public func pause(opening: Int, random: UInt64) -> Duration {
        var pause = open
        for _ in 0..<min(max(0, opening), 32) where pause < maxOpen { pause *= 2 }
        let fraction = Double(random >> 11) / Double(1 << 53)
        return min(pause, maxOpen) * (1 - Self.jitter + 2 * Self.jitter * fraction)
    }
}
