public import MartletCore
internal import MartletWire

/// A file of Google credentials.
public enum GoogleCredentialFile: Sendable, Hashable {
    /// A key of a service account.
    case serviceAccount(GoogleServiceAccount)
    /// What `gcloud auth application-default login` leaves.
    case authorizedUser(GoogleUser)

    /// Reads a file.
    ///
    /// - Throws: ``CredentialError/unusable(_:)`` for what is none, or is of a kind that is not supported.
    public init(_ bytes: [UInt8], from place: String) throws(CredentialError) {
        guard let document = try? JSONDocument(bytes) else { throw .unusable("\(place) is not JSON") }
        let found = document.withView { Self.read($0, place) }
        self = try found.get()
    }

    private static func read(_ view: JSONView, _ place: String) -> Result<Self, CredentialError> {
        func text(_ name: StaticString) -> String? {
            view.member(name)?.string().flatMap { $0.isEmpty ? nil : $0 }
        }
        let type = text("type")
        switch type {
        case "service_account":
            guard let email = text("client_email"), let key = text("private_key") else {
                return .failure(.unusable("\(place) has no client_email or no private_key"))
            }
            return .success(
                .serviceAccount(
                    GoogleServiceAccount(
                        email: email,
                        privateKey: Secret(key),
                        keyID: text("private_key_id"),
                        tokenURL: text("token_uri") ?? GoogleTokenCalls.tokenURL
                    )
                )
            )
        case "authorized_user":
            guard let id = text("client_id"), let secret = text("client_secret"), let token = text("refresh_token")
            else { return .failure(.unusable("\(place) has no client_id, client_secret or refresh_token")) }
            return .success(
                .authorizedUser(
                    GoogleUser(
                        clientID: id,
                        clientSecret: Secret(secret),
                        refreshToken: Secret(token),
                        tokenURL: text("token_uri") ?? GoogleTokenCalls.tokenURL
                    )
                )
            )
        case let type?:
            return .failure(.unusable("\(place) is of type \(ForeignText.line(type)), which is not supported"))
        case nil:
            return .failure(.unusable("\(place) has no type"))
        }
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
