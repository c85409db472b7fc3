import MartletCore
import MartletExchange
import MartletGovernance

/// The credentials a connection was let in with, so that its next request needs no HMAC.
///
/// Compared in full with what the same connection showed before, so that nothing is told to who guesses; so short-lived that
/// a revoked key still ends within two seconds.
struct KnownCredentials {
    /// How long they stand in for a check.
    static let lifetime = Duration.milliseconds(500)

    let credentials: Credentials
    let principal: Principal
    let until: Instant
}
