public import MartletCore

/// The thread that keeps an authenticator's keys confirmed: every second.
public final class KeyRefresher: Sendable {
    private let loop: BackgroundLoop

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - authenticator: What to refresh.
    ///   - now: The monotonic clock that requests are timed with.
    ///   - report: Called on the thread with the outcome of a refresh when it differs from the one before: `nil` when the
    ///     database answers again, its failure when it stops answering.
    public init(
        _ authenticator: KeyAuthenticator,
        now: @escaping @Sendable () -> Instant,
        report: @escaping @Sendable (StoreError?) -> Void = { _ in }
    ) {
        let failing = Flag()
        loop = BackgroundLoop(name: "keys") {
            do throws(StoreError) {
                try authenticator.refresh(now: now())
                if failing.set(false) { report(nil) }
            } catch {
                if !failing.set(true) { report(error) }
            }
            return .seconds(1)
        }
    }

    /// Ends the thread after the refresh at hand.
    public func stop() { loop.stop() }
}
