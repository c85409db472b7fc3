/// Where a credential comes from that does not stand in the configuration: what must be read or asked for, and renewed.
///
/// A value of what the configuration and the environment said when they were loaded; reading files and asking endpoints is
/// the work of a service.
public enum CredentialSource: Sendable, Hashable {
    /// AWS access keys.
    case aws(AWSCredentialChain)
    /// OAuth tokens of Google Cloud.
    case google(GoogleCredentialSource)
    /// OAuth tokens of Microsoft Entra ID.
    case entra(EntraClient)
}

/// Names a credential: the account and where its credential is found.
///
/// What was fetched survives reloads under the same name while its source stays the same.
public struct CredentialID: Hashable, Sendable, CustomStringConvertible {
    /// `account|location`; never a secret.
    public let rawValue: String

    /// Joins the two parts.
    public init(account: AccountName, location: String) { rawValue = "\(account.rawValue)|\(location)" }

    /// The joined parts.
    public var description: String { rawValue }
}
