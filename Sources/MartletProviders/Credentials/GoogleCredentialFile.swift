public import MartletCore
internal import MartletWire

/// A file of Google credentials.
public struct GoogleCredentialFile: Sendable, Hashable {
    /// What makes tokens.
    public var kind: Kind
    /// The project that calls are counted for, where the file names another one than that of the identity.
    public var quotaProject: String?
    /// The project of the identity.
    public var project: String?

    /// What makes tokens.
    public indirect enum Kind: Sendable, Hashable {
        /// A key of a service account.
        case serviceAccount(GoogleServiceAccount)
        /// What `gcloud auth application-default login` leaves.
        case authorizedUser(GoogleUser)
        /// A service account that another identity may act as.
        case impersonated(GoogleImpersonation, by: GoogleCredentialFile)
        /// An identity of another provider (workload and workforce identity federation).
        case external(GoogleExternalAccount)
    }

    /// Reads a file.
    ///
    /// - Throws: ``CredentialError/unusable(_:)`` for what is none, or is of a kind that is not supported.
    public init(_ bytes: [UInt8], from place: String) throws(CredentialError) {
        guard let document = try? JSONDocument(bytes) else { throw .unusable("\(place) is not JSON") }
        let found = document.withView { Self.read($0, place, depth: 0) }
        self = try found.get()
    }

    private init(_ kind: Kind) { self.kind = kind }

    /// Where tokens are given unless the file says otherwise.
    static let tokenURL = "https://oauth2.googleapis.com/token"

    private static func read(_ view: JSONView, _ place: String, depth: Int) -> Result<Self, CredentialError> {
        func text(_ name: StaticString) -> String? {
            view.member(name)?.string().flatMap { $0.isEmpty ? nil : $0 }
        }
        let kind: Result<Kind, CredentialError>
        switch text("type") {
        case "service_account": kind = serviceAccount(text, place)
        case "authorized_user": kind = user(text, place)
        case "impersonated_service_account" where depth == 0: kind = impersonated(view, place)
        case "external_account": kind = GoogleExternalAccount.read(view, place).map { .external($0) }
        case let type?:
            return .failure(.unusable("\(place) is of type \(ForeignText.line(type)), which is not supported"))
        case nil: return .failure(.unusable("\(place) has no type"))
        }
        return kind.map { kind in
            var file = Self(kind)
            file.quotaProject = text("quota_project_id")
            file.project = text("project_id")
            return file
        }
    }

    private static func serviceAccount(
        _ text: (StaticString) -> String?,
        _ place: String
    ) -> Result<Kind, CredentialError> {
        guard let email = text("client_email"), let key = text("private_key") else {
            return .failure(.unusable("\(place) has no client_email or no private_key"))
        }
        return .success(
            .serviceAccount(
                GoogleServiceAccount(
                    email: email,
                    privateKey: Secret(key),
                    keyID: text("private_key_id"),
                    tokenURL: text("token_uri") ?? tokenURL
                )
            )
        )
    }

    private static func user(_ text: (StaticString) -> String?, _ place: String) -> Result<Kind, CredentialError> {
        guard let id = text("client_id"), let secret = text("client_secret"), let token = text("refresh_token")
        else { return .failure(.unusable("\(place) has no client_id, client_secret or refresh_token")) }
        return .success(
            .authorizedUser(
                GoogleUser(
                    clientID: id,
                    clientSecret: Secret(secret),
                    refreshToken: Secret(token),
                    tokenURL: text("token_uri") ?? tokenURL
                )
            )
        )
    }

    private static func impersonated(_ view: JSONView, _ place: String) -> Result<Kind, CredentialError> {
        guard let url = view.member("service_account_impersonation_url")?.string(), !url.isEmpty,
            let source = view.member("source_credentials")
        else {
            return .failure(.unusable("\(place) has no service_account_impersonation_url or no source_credentials"))
        }
        var target = GoogleImpersonation(url: url)
        if let names = view.member("delegates") { target.delegates = names.elements.compactMap { $0.string() } }
        return read(source, "source_credentials of \(place)", depth: 1).map { .impersonated(target, by: $0) }
    }
}

/// A key of a service account.
public struct GoogleServiceAccount: Sendable, Hashable {
    /// Who it is.
    public var email: String
    /// The RSA key, in PEM.
    public var privateKey: Secret
    /// The key's name.
    public var keyID: String?
    /// Where tokens are given.
    public var tokenURL: String
}

/// A user's consent.
public struct GoogleUser: Sendable, Hashable {
    /// The application.
    public var clientID: String
    /// Its secret.
    public var clientSecret: Secret
    /// What is exchanged for tokens.
    public var refreshToken: Secret
    /// Where tokens are given.
    public var tokenURL: String
}
