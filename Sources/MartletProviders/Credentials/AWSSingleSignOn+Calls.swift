internal import Crypto
public import MartletCore
internal import MartletWire

extension AWSSingleSignOn {
    /// The name of the file that `aws sso login` keeps the token in.
    public var tokenFileName: String {
        let digits = Insecure.SHA1.hash(data: Array((session ?? startURL).utf8)).flatMap { byte in
            [byte >> 4, byte & 15].map { $0 < 10 ? UInt8(ascii: "0") + $0 : UInt8(ascii: "a") + $0 - 10 }
        }
        return String(decoding: digits, as: UTF8.self) + ".json"
    }

    /// Asks for keys of the role.
    public func keys(by token: AWSSignOnToken, chain: AWSCredentialChain) -> CredentialCall {
        let base = chain.portalURL ?? "https://portal.sso.\(region).\(AWSCredentialChain.domain(of: region))"
        let query = "role_name=\(FormText.encoded(role))&account_id=\(FormText.encoded(account))"
        return CredentialCall(
            "GET",
            "\(base.hasSuffix("/") ? base.dropLast() : base[...])/federation/credentials?\(query)",
            fields: ["x-amz-sso_bearer_token": token.accessToken.reveal(), "accept": "application/json"]
        )
    }

    /// Reads the keys; their end is told in milliseconds.
    public static func keys(_ reply: CredentialReply) throws(CredentialFailure) -> FetchedCredential {
        let place = "the sign-on service"
        guard reply.status == 200 else {
            throw CredentialFailure("\(place) answers \(reply.status)", .init(status: reply.status))
        }
        let found = (try? JSONDocument(reply.body))?.withView { view -> FetchedCredential? in
            guard let role = view.member("roleCredentials"), let id = role.member("accessKeyId")?.string(),
                let secret = role.member("secretAccessKey")?.string(),
                let token = role.member("sessionToken")?.string(),
                let end = role.member("expiration")?.int64()
            else { return nil }
            let keys = AWSKeys(accessKeyID: id, secretAccessKey: Secret(secret), sessionToken: Secret(token))
            return FetchedCredential(.aws(keys), expires: end / 1_000)
        }
        guard let credential = found ?? nil else { throw CredentialFailure("\(place) gives no keys") }
        return try AWSKeyCalls.checked(credential, place)
    }

    /// Asks for a new token; `nil` when nothing was kept to ask with, or that has ended, too.
    public func refresh(
        _ token: AWSSignOnToken,
        chain: AWSCredentialChain,
        unixSeconds: Int64
    ) -> CredentialCall? {
        guard session != nil, let refresh = token.refreshToken, let client = token.client,
            client.expires > unixSeconds
        else { return nil }
        let base = chain.signOnURL ?? "https://oidc.\(region).\(AWSCredentialChain.domain(of: region))"
        var body = JSONWriter()
        body.beginObject()
        body.key("grantType")
        body.string("refresh_token" as StaticString)
        body.key("clientId")
        body.string(client.id)
        body.key("clientSecret")
        body.string(client.secret.reveal())
        body.key("refreshToken")
        body.string(refresh.reveal())
        body.endObject()
        return CredentialCall(
            "POST",
            "\(base.hasSuffix("/") ? base.dropLast() : base[...])/token",
            fields: ["content-type": "application/json", "accept": "application/json"],
            body: body.bytes
        )
    }
}
