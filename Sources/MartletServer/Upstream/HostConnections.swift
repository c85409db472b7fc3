import MartletCore

/// The connections of one loop to one host, of which the idle ones are kept for the next request.
///
/// In-flight requests are limited elsewhere; only idle connections are limited here.
final class HostConnections {
    /// Idle connections kept.
    ///
    /// Closed loops of clients return their connections in waves, so fewer would make a busy gateway reconnect all the
    /// time.
    private static let maxIdle = 64
    private static let idleTime = Duration.seconds(30)
    /// Old connections are replaced, so that changes of addresses are followed.
    private static let maxAge = Duration.seconds(600)

    private struct Idle {
        let connection: UpstreamConnection
        let since: Instant
    }

    private var idle: [Idle] = []
    private var open = 0

    /// Whether any connection is open or being opened.
    var isUsed: Bool { open > 0 }

    /// The most recently used idle connection.
    ///
    /// - Parameter mustBeLoopback: Whether only one that stays on this device will do.
    func takeIdle(mustBeLoopback: Bool) -> UpstreamConnection? {
        let now = Instant.now
        while let entry = idle.popLast() {
            if mustBeLoopback, !entry.connection.isLoopback {
                idle.append(entry)
                return nil
            }
            if entry.connection.isUsable, now - entry.connection.openedAt < Self.maxAge { return entry.connection }
            entry.connection.abandon()
        }
        return nil
    }

    /// A connection is being opened; ``forget(_:)`` or ``failedToOpen()`` follows.
    func opened() { open += 1 }

    /// A connection could not be opened.
    func failedToOpen() { open -= 1 }

    /// Keeps a connection whose response ended cleanly.
    func giveBack(_ connection: UpstreamConnection) {
        let now = Instant.now
        guard now - connection.openedAt < Self.maxAge, idle.count < Self.maxIdle else { return connection.abandon() }
        idle.append(Idle(connection: connection, since: now))
    }

    /// Forgets a connection that closed.
    func forget(_ connection: UpstreamConnection) {
        open -= 1
        idle.removeAll { $0.connection === connection }
    }

    /// Closes idle connections that were not used for a while.
    func closeUnused() {
        let now = Instant.now
        let old = idle.filter { now - $0.since >= Self.idleTime }
        guard !old.isEmpty else { return }
        idle.removeAll { now - $0.since >= Self.idleTime }
        for entry in old { entry.connection.abandon() }
    }
}
