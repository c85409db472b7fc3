public import MartletCore
internal import MartletWire

/// A service account that an identity may act as, by a call of its own.
///
/// Source: Service Account Credentials API, projects.serviceAccounts.generateAccessToken (November 2026).
public struct GoogleImpersonation: Sendable, Hashable {
    /// Where its tokens are given.
    public var url: String
    /// Service accounts that stand between, the nearest first.
    public var delegates: [String] = []
    /// How long tokens are asked for, in seconds.
    public var lifetime: Int64 = 3_600

    /// What the identity's own token is asked for.
    public static let scope = "https://www.googleapis.com/auth/iam"

    /// Asks for a token.
    ///
    /// - Parameters:
    ///   - token: The identity's own.
    ///   - scope: What the token is to be good for; several are separated by blanks.
    ///   - quotaProject: The project that the call is counted for.
    public func token(by token: Secret, scope: String, quotaProject: String?) -> CredentialCall {
        var body = JSONWriter()
        body.beginObject()
        if !delegates.isEmpty {
            body.key("delegates")
            body.beginArray()
            for name in delegates { body.string(name) }
            body.endArray()
        }
        body.key("scope")
        body.beginArray()
        for one in scope.split(separator: " ") { body.string(String(one)) }
        body.endArray()
        body.key("lifetime")
        body.string("\(lifetime)s")
        body.endObject()
        var fields = [
            "content-type": "application/json", "accept": "application/json",
            "authorization": "Bearer \(token.reveal())",
        ]
        if let quotaProject, ProviderPlace.isPlain(quotaProject) { fields["x-goog-user-project"] = quotaProject }
        return CredentialCall("POST", url, fields: fields, body: body.bytes)
    }

    /// Reads a token.
    public static func token(_ reply: CredentialReply) throws(CredentialFailure) -> FetchedCredential {
        let place = "the service that lets identities act as service accounts"
        let document = try? JSONDocument(reply.body)
        guard reply.status == 200 else {
            let words = document?.withView { $0.member("error")?.member("message")?.string() } ?? nil
            throw CredentialFailure(
                "\(place) answers \(reply.status)" + (words.map { " (\(ForeignText.line($0)))" } ?? ""),
                .init(status: reply.status)
            )
        }
        let found = document?.withView { view -> FetchedCredential? in
            guard let token = view.member("accessToken")?.string(), OAuthTokens.isToken(token),
                let end = view.member("expireTime")?.string().flatMap({ UTCTime.unixSeconds($0) })
            else { return nil }
            return FetchedCredential(.token(Secret(token)), expires: end)
        }
        guard let credential = found ?? nil else { throw CredentialFailure("\(place) gives no usable token") }
        return credential
    }
}
