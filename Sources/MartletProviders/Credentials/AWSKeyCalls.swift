public import MartletCore
internal import MartletWire

/// The calls by which AWS gives keys, and how their answers are read.
///
/// Sources: AWS SDKs and Tools Reference Guide, "Container credential provider" and "IMDS credential provider"; STS API
/// Reference, AssumeRoleWithWebIdentity (November 2026).
public enum AWSKeyCalls {
    // MARK: Containers

    /// Asks a container's endpoint.
    ///
    /// - Throws: ``CredentialFailure`` for an address that must not get the container's token.
    public static func container(_ url: String, token: String?) throws(CredentialFailure) -> CredentialCall {
        guard isContainerURL(url) else {
            throw CredentialFailure("the container's endpoint must be https, loopback or one of AWS's own addresses")
        }
        var fields = ["accept": "application/json"]
        if let token {
            guard token.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
                throw CredentialFailure("the container's authorization token holds bytes that cannot stand in a header")
            }
            fields["authorization"] = token
        }
        let call = CredentialCall("GET", url, fields: fields)
        return url.hasPrefix("https://") ? call : call.machineLocal
    }

    private static let containerHosts: Set = [
        "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost", "[::1]",
    ]

    /// Whether keys may be asked for at an address; anything may be asked over TLS.
    static func isContainerURL(_ url: String) -> Bool {
        if url.hasPrefix("https://") { return true }
        guard url.hasPrefix("http://") else { return false }
        let authority = url.dropFirst(7).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@") else { return false }
        let host: Substring
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            host = authority[...end]
        } else {
            host = authority.prefix { $0 != ":" }
        }
        if containerHosts.contains(host.lowercased()) { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.first == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    // MARK: Instances

    /// Asks the instance metadata service for a session (IMDSv2).
    public static func metadataSession(_ base: String) -> CredentialCall {
        CredentialCall(
            "PUT",
            "\(withoutSlash(base))/latest/api/token",
            fields: ["x-aws-ec2-metadata-token-ttl-seconds": "21600"]
        ).machineLocal
    }

    /// Asks for the name of the instance's role.
    public static func metadataRole(_ base: String, session: String) -> CredentialCall {
        CredentialCall(
            "GET",
            "\(withoutSlash(base))/latest/meta-data/iam/security-credentials/",
            fields: ["x-aws-ec2-metadata-token": session]
        ).machineLocal
    }

    /// Asks for the keys of a role.
    public static func metadataKeys(_ base: String, role: String, session: String) -> CredentialCall {
        CredentialCall(
            "GET",
            "\(withoutSlash(base))/latest/meta-data/iam/security-credentials/\(FormText.encoded(role))",
            fields: ["x-aws-ec2-metadata-token": session, "accept": "application/json"]
        ).machineLocal
    }

    private static func withoutSlash(_ base: String) -> Substring { base.hasSuffix("/") ? base.dropLast() : base[...] }

    /// Reads one line of text, as sessions and names of roles are.
    public static func line(_ reply: CredentialReply, of place: String) throws(CredentialFailure) -> String {
        guard reply.status == 200 else { throw CredentialFailure("\(place) answers \(reply.status)") }
        let line = reply.body.prefix { $0 != 0x0A && $0 != 0x0D }
        guard !line.isEmpty, line.count <= 4_096, line.allSatisfy({ (0x21..<0x7F).contains($0) }) else {
            throw CredentialFailure("\(place) gives no usable answer")
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Reads keys as containers and instances get them.
    public static func keys(_ reply: CredentialReply, of place: String) throws(CredentialFailure) -> FetchedCredential {
        guard reply.status == 200 else { throw CredentialFailure("\(place) answers \(reply.status)") }
        guard let document = try? JSONDocument(reply.body) else {
            throw CredentialFailure("\(place) gives no usable answer")
        }
        let found = document.withView { view -> (FetchedCredential?, String?) in
            let code = view.member("Code")?.string()
            guard code == nil || code == "Success" else { return (nil, code) }
            guard let id = view.member("AccessKeyId")?.string(), let secret = view.member("SecretAccessKey")?.string()
            else { return (nil, nil) }
            let token = view.member("Token")?.string() ?? view.member("SessionToken")?.string()
            let keys = AWSKeys(accessKeyID: id, secretAccessKey: Secret(secret), sessionToken: token.map { Secret($0) })
            let expires = view.member("Expiration")?.string().flatMap { UTCTime.unixSeconds($0) }
            return (FetchedCredential(.aws(keys), expires: expires), nil)
        }
        guard let credential = found.0 else {
            throw CredentialFailure("\(place) gives no keys" + (found.1.map { " (\(ForeignText.line($0)))" } ?? ""))
        }
        return try checked(credential, place)
    }

    // MARK: Roles

    /// Exchanges a token for keys of a role.
    public static func assumeRole(
        _ identity: AWSCredentialChain.WebIdentity,
        token: String,
        chain: AWSCredentialChain
    ) -> CredentialCall {
        let suffix = chain.region.hasPrefix("cn-") ? ".cn" : ""
        let base = chain.tokenServiceURL ?? "https://sts.\(chain.region).amazonaws.com\(suffix)"
        var call = CredentialCall(
            form: [
                ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", identity.roleARN),
                ("RoleSessionName", identity.sessionName), ("WebIdentityToken", token),
            ],
            to: "\(withoutSlash(base))/"
        )
        call.fields["accept"] = "text/xml"
        return call
    }

    /// Reads keys as the token service gives them.
    public static func roleKeys(_ reply: CredentialReply) throws(CredentialFailure) -> FetchedCredential {
        let xml = XMLText(reply.body)
        guard reply.status == 200 else {
            let code = xml.text(of: "Code").map { " (\(ForeignText.line($0)))" } ?? ""
            throw CredentialFailure("the token service answers \(reply.status)\(code)")
        }
        guard let id = xml.text(of: "AccessKeyId"), let secret = xml.text(of: "SecretAccessKey"),
            let token = xml.text(of: "SessionToken")
        else { throw CredentialFailure("the token service gives no keys") }
        let keys = AWSKeys(accessKeyID: id, secretAccessKey: Secret(secret), sessionToken: Secret(token))
        let expires = xml.text(of: "Expiration").flatMap { UTCTime.unixSeconds($0) }
        return try checked(FetchedCredential(.aws(keys), expires: expires), "the token service")
    }

    /// Refuses keys that cannot stand in a header.
    static func checked(
        _ credential: FetchedCredential,
        _ place: String
    ) throws(CredentialFailure) -> FetchedCredential {
        guard case .aws(let keys) = credential.value else { return credential }
        let texts = [keys.accessKeyID, keys.secretAccessKey.reveal(), keys.sessionToken?.reveal() ?? "-"]
        guard texts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x21..<0x7F).contains($0) } }) else {
            throw CredentialFailure("\(place) gives keys with bytes that cannot stand in a header")
        }
        return credential
    }
}
