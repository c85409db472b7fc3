public import MartletCore
public import MartletRouting

/// A credential that must be there before a request can be sent.
public struct CredentialRequest: Sendable {
    /// Which one, and what gives it.
    public var authorization: Authorization
    /// When a request was sent that the target refused with the credential of that time; `nil` when none was.
    public var refusedSince: Instant?

    /// Asks for a credential.
    public init(_ authorization: Authorization, refusedSince: Instant? = nil) {
        self.authorization = authorization
        self.refusedSince = refusedSince
    }
}

/// Whether requests can show who sends them.
public enum CredentialAnswer: Sendable, Hashable {
    /// A credential is there; the performer puts it into requests.
    case ready
    /// It must be asked for.
    case mustAsk
    /// There is none; why is for the operator to know, and told in the log.
    case failed
}
