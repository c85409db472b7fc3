public import MartletCore

/// What is known of a target at the moment a plan is made.
public struct TargetStanding: Sendable, Hashable {
    /// Why it should not be asked now; `nil` when nothing speaks against it.
    public var obstacle: Obstacle?
    /// When that may have passed; `nil` when it is not known.
    public var until: Instant?
    /// Measured time to the first content of a stream; `nil` before the first measurement.
    public var firstToken: Duration?
    /// Measured time an output token; `nil` before the first measurement.
    public var perToken: Duration?
    /// Requests that run on it now.
    public var inFlight: Int

    /// Creates a standing; without arguments that of a target about which nothing is known.
    public init(
        obstacle: Obstacle? = nil,
        until: Instant? = nil,
        firstToken: Duration? = nil,
        perToken: Duration? = nil,
        inFlight: Int = 0
    ) {
        self.obstacle = obstacle
        self.until = until
        self.firstToken = firstToken
        self.perToken = perToken
        self.inFlight = inFlight
    }

    /// What speaks against asking a target.
    public enum Obstacle: UInt8, Sendable, Hashable, CaseIterable {
        /// It limits the rate of requests.
        case coolingDown
        /// It refused its credential.
        case credentialRefused
        /// Its circuit breaker is open.
        case circuitOpen
        /// Its circuit breaker is half open and one request tries it already.
        case circuitHalfOpen
        /// Its circuit breaker is open because its quota is used up, which no wait of seconds changes.
        case outOfQuota
        /// All its slots are taken, and another target has one that is free.
        case busy
    }
}
