import MartletCore
import MartletExchange
import MartletGovernance
import MartletStore

/// Answers whose credentials a request presents, at once where that is known.
final class KeyService: Sendable {
    private let authenticator: KeyAuthenticator

    init(_ authenticator: KeyAuthenticator) { self.authenticator = authenticator }

    /// Checks every presented value: one valid key counts, two different valid ones are refused.
    func authenticate(_ credentials: Credentials, now: Instant) -> AuthAnswer {
        var found: AuthAnswer?
        var isUnknown = false
        var isUnavailable = false
        for value in credentials.values {
            switch authenticator.authenticate(value.utf8.span, now: now) {
            case .principal(let principal):
                if case .principal(let other) = found, other.key != principal.key { return .refused }
                found = .principal(principal)
            case .unknownYet: isUnknown = true
            case .unavailable: isUnavailable = true
            case .refused: break
            }
        }
        if let found { return found }
        return isUnknown ? .mustAsk : isUnavailable ? .unavailable : .refused
    }

    /// Looks up what is not known yet, then answers; `reply` is called once, from any thread.
    func lookUp(_ credentials: Credentials, reply: @escaping @Sendable (Answer) -> Void) {
        let now = Instant.now
        for value in credentials.values {
            guard case .unknownYet(let id) = authenticator.authenticate(value.utf8.span, now: now) else { continue }
            return authenticator.lookUp(id, now: now) { [self] in
                switch authenticate(credentials, now: .now) {
                case .mustAsk where credentials.values.count > 1:
                    // Another presented value is unknown too.
                    lookUp(credentials, reply: reply)
                case .mustAsk: reply(.authenticated(.unavailable))
                case let answer: reply(.authenticated(answer))
                }
            }
        }
        reply(.authenticated(authenticate(credentials, now: now)))
    }
}
