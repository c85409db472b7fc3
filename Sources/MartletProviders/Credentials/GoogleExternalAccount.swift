public import MartletCore
internal import MartletWire

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// An identity of another provider, whose tokens Google's token service exchanges.
///
/// Sources: Google, "Workload identity federation" and "Security Token Service API"; RFC 8693 (November 2026).
public struct GoogleExternalAccount: Sendable, Hashable {
    /// Whom the other provider's token is shown to.
    public var audience: String
    /// What kind of token it is.
    public var tokenType: String
    /// Where tokens are exchanged.
    public var tokenURL: String
    /// Where the other provider's token is.
    public var subject: Subject
    /// The member of a JSON document that holds it; `nil` when the text itself is the token.
    public var subjectMember: String?
    /// The service account to act as with the token.
    public var impersonation: GoogleImpersonation?
    /// Who shows itself to the token service, where somebody must.
    public var client: Client?
    /// The project that a person of a workforce pool works for.
    public var userProject: String?

    /// Where a token is.
    public enum Subject: Sendable, Hashable {
        /// In a file, which is read again for each exchange.
        case file(String)
        /// At an address, asked for with these fields.
        case url(String, fields: [String: String])
    }

    /// A client of the token service.
    public struct Client: Sendable, Hashable {
        /// Its id.
        public var id: String
        /// Its secret; empty where it has none.
        public var secret: Secret
    }

    private static let tokenURL = "https://sts.googleapis.com/v1/token"

    static func read(_ view: JSONView, _ place: String) -> Result<Self, CredentialError> {
        func text(_ name: StaticString, in view: JSONView) -> String? {
            view.member(name)?.string().flatMap { $0.isEmpty ? nil : $0 }
        }
        guard let audience = text("audience", in: view), let type = text("subject_token_type", in: view),
            let source = view.member("credential_source"), source.kind == .object
        else {
            return .failure(.unusable("\(place) has no audience, subject_token_type or credential_source"))
        }
        let unsupported: [StaticString] = ["environment_id", "executable", "certificate"]
        for name in unsupported where source.member(name) != nil {
            return .failure(.unusable("\(place) has a credential_source with \(name), which is not supported"))
        }
        let subject: Subject
        switch (text("file", in: source), text("url", in: source)) {
        case (let path?, nil): subject = .file(path)
        case (nil, let url?):
            var fields: [String: String] = [:]
            if let headers = source.member("headers") {
                for member in headers.members {
                    guard let name = member.key.string()?.lowercased(), let value = member.value.string() else {
                        continue
                    }
                    fields[name] = value
                }
            }
            guard fields.allSatisfy({ Self.isField($0.key, $0.value) }) else {
                return .failure(.unusable("\(place) has headers that cannot be sent"))
            }
            subject = .url(url, fields: fields)
        default: return .failure(.unusable("\(place) has a credential_source without one of file and url"))
        }
        var account = GoogleExternalAccount(
            audience: audience,
            tokenType: type,
            tokenURL: text("token_url", in: view) ?? tokenURL,
            subject: subject
        )
        if let format = source.member("format"), text("type", in: format) == "json" {
            guard let member = text("subject_token_field_name", in: format) else {
                return .failure(.unusable("\(place) has a format without subject_token_field_name"))
            }
            account.subjectMember = member
        }
        if let url = text("service_account_impersonation_url", in: view) {
            var target = GoogleImpersonation(url: url)
            let options = view.member("service_account_impersonation")
            if let seconds = options?.member("token_lifetime_seconds")?.int64() {
                target.lifetime = min(max(600, seconds), 43_200)
            }
            account.impersonation = target
        }
        if let id = text("client_id", in: view) {
            account.client = Client(id: id, secret: Secret(text("client_secret", in: view) ?? ""))
        }
        account.userProject = text("workforce_pool_user_project", in: view)
        return .success(account)
    }

    private static func isField(_ name: String, _ value: String) -> Bool {
        let isName =
            !name.isEmpty && name.utf8.allSatisfy { $0 == 0x2D || $0 == 0x5F || $0 &- 0x30 < 10 || $0 &- 0x61 < 26 }
        return isName && value.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
    }

    // MARK: Calls

    /// Asks for the other provider's token; addresses of the machine's own network are asked in clear.
    public func subjectCall(_ url: String, _ fields: [String: String]) -> CredentialCall {
        let call = CredentialCall("GET", url, fields: fields)
        return url.hasPrefix("http://169.254.") ? call.machineLocal : call
    }

    /// Reads the other provider's token.
    ///
    /// - Parameter place: Where it was, for errors.
    public func subjectToken(_ bytes: [UInt8], of place: String) throws(CredentialFailure) -> Secret {
        let text: String?
        if let member = subjectMember {
            text =
                (try? JSONDocument(bytes))?.withView { view in
                    view.member(Array(member.utf8))?.string()
                } ?? nil
        } else {
            text = String(validating: bytes, as: UTF8.self)
        }
        let token = text.map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") } ?? ""
        guard !token.isEmpty else { throw CredentialFailure("\(place) holds no token") }
        return Secret(token)
    }

    /// Exchanges the other provider's token for one of Google's (RFC 8693 §2.1).
    public func exchange(_ subject: Secret, scope: String) -> CredentialCall {
        var form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("audience", audience), ("scope", scope),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("subject_token", subject.reveal()), ("subject_token_type", tokenType),
        ]
        // Who shows itself says by that what it works for.
        if let userProject, client == nil, ProviderPlace.isPlain(userProject) {
            form.append(("options", FormText.encoded(#"{"userProject": "\#(userProject)"}"#)))
        }
        var call = CredentialCall(form: form, to: tokenURL)
        if let client {
            call.fields["authorization"] =
                "Basic " + Data("\(client.id):\(client.secret.reveal())".utf8).base64EncodedString()
        }
        return call
    }
}
