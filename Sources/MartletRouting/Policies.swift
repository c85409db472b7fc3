/// Limits of time for every request; durations from monotonic clocks.
public struct TimeoutPolicy: Hashable, Sendable {
    /// From the first byte of a request to the end of its head.
    public var clientHead: Duration = .seconds(10)
    /// From the end of the head to the end of the body.
    public var clientBody: Duration = .seconds(60)
    /// Fewest body bytes a second, averaged since the head.
    public var clientBodyBytesPerSecond: Int = 1_024
    /// Between two requests of a connection.
    public var keepAlive: Duration = .seconds(75)
    /// Dial and TLS handshake.
    public var connect: Duration = .seconds(5)
    /// From a non-stream request to its response head; `nil` leaves only the total.
    public var responseHead: Duration?
    /// From a stream request to its first content-bearing event, unless it is the last candidate.
    public var firstToken: Duration = .seconds(60)
    /// Between two events of a stream.
    public var idleStream: Duration = .seconds(30)
    /// How long comments and pings may stand in for content.
    public var idleContent: Duration = .seconds(120)
    /// From admission to the end.
    public var total: Duration = .seconds(600)
    /// Without progress towards a client that does not read.
    public var writeStall: Duration = .seconds(30)
    /// Silence after which a comment keeps a stream alive; zero turns comments off.
    public var keepAliveComment: Duration = .seconds(15)

    /// Creates the defaults.
    public init() {}
}

/// How failures are answered before the commit point.
public struct RetryPolicy: Hashable, Sendable {
    /// Whether an attempt is ever repeated on the same target.
    public var enabled = true
    /// Repetitions on one target.
    public var retriesPerTarget = 1
    /// Attempts over all targets.
    public var maxAttempts = 4
    /// Base of the full-jitter backoff.
    public var baseDelay: Duration = .milliseconds(250)
    /// Cap of the full-jitter backoff.
    public var maxDelay: Duration = .seconds(8)
    /// The longest `Retry-After` that is waited for.
    public var retryAfterWaitMax: Duration = .seconds(5)

    /// Creates the defaults.
    public init() {}
}

/// When a second target is asked beside a slow first one; the faster answer counts, the other is cancelled.
public struct HedgePolicy: Hashable, Sendable {
    /// Whether that is ever done.
    public var isEnabled = false
    /// How long the first target may be silent; `nil` waits as long as 95 of 100 of its answers take.
    public var delay: Duration?

    /// Creates the defaults.
    public init() {}
}

/// What is done for streams beyond passing them on.
public struct StreamPolicy: Hashable, Sendable {
    /// Whether a stream is sent only once it is complete, so that a broken one can still be asked for elsewhere.
    public var isHeldBack = false
    /// Whether a stream that breaks is continued by a target that goes on from the text so far.
    public var isStitched = false

    /// Creates the defaults.
    public init() {}
}

/// How many requests run and wait.
public struct AdmissionPolicy: Hashable, Sendable {
    /// Requests in flight in the process; 0 means no limit.
    public var process = 4_096
    /// Requests in flight a key; 0 means no limit.
    public var perKey = 0
    /// Requests in flight a target that has no own limit; 0 means no limit.
    public var perTarget = 0
    /// Entries of a waiting list.
    public var queueSize = 256
    /// The longest wait in it.
    public var queueWait: Duration = .seconds(1)
    /// Connections accepted at once.
    public var connections = 8_192

    /// Creates the defaults.
    public init() {}
}

/// Bounds on what comes from outside.
public struct InputLimits: Hashable, Sendable {
    /// Bytes of a request body on an inference route.
    public var maxBodyBytes = 32 << 20
    /// Bytes of a whole upstream JSON body.
    public var maxUpstreamBodyBytes = 64 << 20
    /// Bytes of an upstream stream.
    public var maxUpstreamStreamBytes = 256 << 20
    /// Bytes of the events held before the first content-bearing one.
    public var maxGateBytes = 1 << 20

    /// Creates the defaults.
    public init() {}
}
