public import MartletCore
internal import MartletWire

/// Tokens as OAuth services give them (RFC 6749 §5).
public enum OAuthTokens {
    /// Asks Entra ID for a token of an application (RFC 6749 §4.4).
    ///
    /// Source: Microsoft identity platform, "OAuth 2.0 client credentials flow" (November 2026).
    public static func token(of client: EntraClient) -> CredentialCall {
        var base = client.authority[...]
        while base.hasSuffix("/") { base = base.dropLast() }
        // The environment's authority may be a bare host.
        let prefix = base.contains("://") ? "" : "https://"
        return CredentialCall(
            form: [
                ("grant_type", "client_credentials"), ("client_id", client.clientID),
                ("client_secret", client.secret.reveal()), ("scope", client.scope),
            ],
            to: "\(prefix)\(base)/\(FormText.encoded(client.tenant))/oauth2/v2.0/token"
        )
    }

    /// Reads a token.
    ///
    /// - Parameters:
    ///   - reply: The answer.
    ///   - place: Who answers, for errors.
    ///   - unixSeconds: Seconds since 1970 (UTC) when it was asked for.
    public static func token(
        in reply: CredentialReply,
        of place: String,
        unixSeconds: Int64
    ) throws(CredentialFailure) -> FetchedCredential {
        let document = try? JSONDocument(reply.body)
        guard reply.status == 200 else {
            let said = document?.withView { view in
                [view.member("error")?.string(), view.member("error_description")?.string()].compactMap(\.self)
            }
            let words = said.map { $0.joined(separator: ": ") } ?? ""
            throw CredentialFailure(
                "\(place) answers \(reply.status)" + (words.isEmpty ? "" : " (\(ForeignText.line(words)))"),
                .init(status: reply.status)
            )
        }
        let found = document?.withView { view -> FetchedCredential? in
            guard let token = view.member("access_token")?.string(), Self.isToken(token) else { return nil }
            // Some services write the number as a string.
            let lifetime =
                view.member("expires_in")?.int64() ?? view.member("expires_in")?.string().flatMap { Int64($0) }
                ?? Self.defaultLifetime
            let clamped = min(max(0, lifetime), Self.longestLifetime)
            return FetchedCredential(.token(Secret(token)), expires: unixSeconds + clamped)
        }
        guard let credential = found ?? nil else { throw CredentialFailure("\(place) gives no usable token") }
        return credential
    }

    /// How long a token is believed to live when its service does not say.
    private static let defaultLifetime: Int64 = 300
    private static let longestLifetime: Int64 = 7 * 86_400

    /// Whether a token can stand in a header.
    static func isToken(_ text: String) -> Bool {
        (1...32_768).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21..<0x7F).contains($0) }
    }
}
