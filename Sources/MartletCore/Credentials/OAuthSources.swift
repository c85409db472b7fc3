/// Where Google's access tokens come from.
public struct GoogleCredentialSource: Sendable, Hashable {
    /// What makes them.
    public var place: Place
    /// What they are good for, as one URL or several with spaces between.
    public var scope: String

    /// Creates a source.
    public init(_ place: Place, scope: String) {
        self.place = place
        self.scope = scope
    }

    /// What makes tokens.
    public enum Place: Sendable, Hashable {
        /// A file of credentials; read again for each exchange.
        case file(String)
        /// The content of such a file.
        case content(Secret)
        /// Application default credentials: the first of these files that exists, else the metadata server.
        case discovered(files: [String], metadataURL: String?)
    }
}

/// An application of Microsoft Entra ID that proves itself by a secret.
public struct EntraClient: Sendable, Hashable {
    /// The directory.
    public var tenant: String
    /// The application.
    public var clientID: String
    /// Its secret.
    public var secret: Secret
    /// What its tokens are good for.
    public var scope: String
    /// The base URL of the token service.
    public var authority: String

    /// Describes an application.
    public init(tenant: String, clientID: String, secret: Secret, scope: String, authority: String) {
        self.tenant = tenant
        self.clientID = clientID
        self.secret = secret
        self.scope = scope
        self.authority = authority
    }
}
