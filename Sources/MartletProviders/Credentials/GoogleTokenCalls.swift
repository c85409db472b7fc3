internal import Crypto
internal import CryptoExtras
internal import MartletCore
internal import MartletWire

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// The calls by which Google gives access tokens.
///
/// Sources: Google, "Using OAuth 2.0 for Server to Server Applications"; RFC 7523; Compute Engine, "Access tokens of the
/// metadata server" (November 2026).
public enum GoogleTokenCalls {
    /// How long an assertion, and so its token, is asked for.
    private static let lifetime: Int64 = 3_600

    /// Asks for a token of a service account.
    ///
    /// - Throws: ``CredentialFailure`` when the file's key is none.
    public static func token(
        of account: GoogleServiceAccount,
        scope: String,
        unixSeconds: Int64
    ) throws(CredentialFailure) -> CredentialCall {
        let assertion = try assertion(of: account, scope: scope, unixSeconds: unixSeconds)
        return CredentialCall(
            form: [("assertion", assertion), ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")],
            to: account.tokenURL
        )
    }

    /// Signs what proves to be the service account (RS256, RFC 7515).
    static func assertion(
        of account: GoogleServiceAccount,
        scope: String,
        unixSeconds: Int64
    ) throws(CredentialFailure) -> String {
        let input = signingInput(of: account, scope: scope, unixSeconds: unixSeconds)
        do {
            let key = try _RSA.Signing.PrivateKey(pemRepresentation: account.privateKey.reveal())
            let signature = try key.signature(for: Array(input.utf8), padding: .insecurePKCS1v1_5)
            return "\(input).\(Base64URL.encoded(Array(signature.rawRepresentation)))"
        } catch {
            throw CredentialFailure("the private_key of \(ForeignText.line(account.email)) is no RSA key in PEM")
        }
    }

    static func signingInput(of account: GoogleServiceAccount, scope: String, unixSeconds: Int64) -> String {
        var header = JSONWriter()
        header.beginObject()
        header.key("typ")
        header.string("JWT" as StaticString)
        header.key("alg")
        header.string("RS256" as StaticString)
        if let keyID = account.keyID {
            header.key("kid")
            header.string(keyID)
        }
        header.endObject()
        var claims = JSONWriter()
        claims.beginObject()
        claims.key("iat")
        claims.integer(unixSeconds)
        claims.key("exp")
        claims.integer(unixSeconds + lifetime)
        claims.key("iss")
        claims.string(account.email)
        // The public address, wherever the file has tokens given (google-auth, `service_account`, read November 2026).
        claims.key("aud")
        claims.string(GoogleCredentialFile.tokenURL)
        claims.key("scope")
        claims.string(scope)
        claims.endObject()
        return "\(Base64URL.encoded(header.bytes)).\(Base64URL.encoded(claims.bytes))"
    }

    /// Asks for a token of a user.
    public static func token(of user: GoogleUser) -> CredentialCall {
        CredentialCall(
            form: [
                ("grant_type", "refresh_token"), ("client_id", user.clientID),
                ("client_secret", user.clientSecret.reveal()), ("refresh_token", user.refreshToken.reveal()),
            ],
            to: user.tokenURL
        )
    }

    /// Whether an answer comes from a metadata server, and from nobody else who listens at its address.
    public static func isMetadata(_ reply: CredentialReply) -> Bool {
        reply.fields["metadata-flavor"]?.lowercased() == "google"
    }

    /// Asks the metadata server of the machine for a token of its service account.
    public static func metadata(_ base: String, scope: String) -> CredentialCall {
        let base = base.hasSuffix("/") ? base.dropLast() : base[...]
        let query = FormText.encoded(scope.split(separator: " ").joined(separator: ","))
        return CredentialCall(
            "GET",
            "\(base)/computeMetadata/v1/instance/service-accounts/default/token?scopes=\(query)",
            fields: ["metadata-flavor": "Google", "accept": "application/json"]
        ).machineLocal
    }
}

enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// Encodes without padding (RFC 4648 §5).
    static func encoded(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var start = 0
        while start < bytes.count {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var word: UInt32 = 0
            for byte in group { word = word << 8 | UInt32(byte) }
            word <<= 8 * UInt32(3 - group.count)
            for index in 0...group.count { text.append(alphabet[Int(word >> (18 - 6 * UInt32(index)) & 63)]) }
            start += 3
        }
        return String(decoding: text, as: UTF8.self)
    }
}
