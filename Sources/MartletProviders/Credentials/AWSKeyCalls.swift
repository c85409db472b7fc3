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
        guard reply.status == 200 else {
            throw CredentialFailure("\(place) answers \(reply.status)", .init(status: reply.status))
        }
        let line = reply.body.prefix { $0 != 0x0A && $0 != 0x0D }
        guard !line.isEmpty, line.count <= 4_096, line.allSatisfy({ (0x21..<0x7F).contains($0) }) else {
            throw CredentialFailure("\(place) gives no usable answer")
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Reads keys as containers and instances get them.
    public static func keys(_ reply: CredentialReply, of place: String) throws(CredentialFailure) -> FetchedCredential {
        guard reply.status == 200 else {
            throw CredentialFailure("\(place) answers \(reply.status)", .init(status: reply.status))
        }
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

    private static func tokenService(_ chain: AWSCredentialChain) -> Substring {
        withoutSlash(
            chain.tokenServiceURL ?? "https://sts.\(chain.region).\(AWSCredentialChain.domain(of: chain.region))"
        )
    }

    /// Exchanges a token for keys of a role.
    public static func assumeRole(
        _ identity: AWSCredentialChain.WebIdentity,
        token: String,
        chain: AWSCredentialChain
    ) -> CredentialCall {
        var call = CredentialCall(
            form: [
                ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", identity.roleARN),
                ("RoleSessionName", identity.sessionName), ("WebIdentityToken", token),
            ],
            to: "\(tokenService(chain))/"
        )
        call.fields["accept"] = "text/xml"
        return call
    }

    /// Asks whose keys these are, which costs nothing and every valid key may (STS, GetCallerIdentity).
    ///
    /// - Parameters:
    ///   - keys: The keys, which sign the call.
    ///   - unixSeconds: Seconds since 1970 (UTC).
    /// - Returns: The call; `nil` when its address cannot be read.
    public static func identity(
        _ keys: AWSKeys,
        chain: AWSCredentialChain,
        unixSeconds: Int64
    ) -> CredentialCall? {
        signed([("Action", "GetCallerIdentity"), ("Version", "2011-06-15")], by: keys, chain, unixSeconds)
    }

    /// Exchanges keys for those of a role (STS, AssumeRole).
    ///
    /// - Parameters:
    ///   - role: The role.
    ///   - keys: Keys that may take it, which sign the call.
    ///   - unixSeconds: Seconds since 1970 (UTC).
    /// - Returns: The call; `nil` when its address cannot be read.
    public static func assume(
        _ role: AWSProfile.Role,
        by keys: AWSKeys,
        chain: AWSCredentialChain,
        unixSeconds: Int64
    ) -> CredentialCall? {
        var form = [
            ("Action", "AssumeRole"), ("Version", "2011-06-15"), ("RoleArn", role.arn),
            ("RoleSessionName", role.sessionName),
        ]
        if let id = role.externalID { form.append(("ExternalId", id)) }
        if let duration = role.duration { form.append(("DurationSeconds", String(duration))) }
        return signed(form, by: keys, chain, unixSeconds)
    }

    private static func signed(
        _ form: [(String, String)],
        by keys: AWSKeys,
        _ chain: AWSCredentialChain,
        _ unixSeconds: Int64
    ) -> CredentialCall? {
        var call = CredentialCall(form: form, to: "\(tokenService(chain))/")
        call.fields["accept"] = "text/xml"
        guard let slashes = call.url.firstRange(of: "://") else { return nil }
        let rest = call.url[slashes.upperBound...]
        let host = rest.prefix { $0 != "/" }
        let signer = SigV4Signer(keys: keys, region: chain.region, service: "sts")
        let added = signer.sign(
            method: call.method,
            target: String(rest[host.endIndex...]),
            fields: [.init("host", String(host)), .init("content-type", call.fields["content-type"] ?? "")],
            payloadHash: PayloadHash.digits(of: call.body),
            unixSeconds: unixSeconds
        )
        for field in added { call.fields[field.name] = field.value }
        return call
    }

    /// The token service's own words about a failure.
    private static func said(_ xml: XMLText) -> String {
        let words = [xml.text(of: "Code"), xml.text(of: "Message")].compactMap(\.self).joined(separator: ": ")
        return words.isEmpty ? "" : " (\(ForeignText.line(words)))"
    }

    /// Reads whose keys they are.
    public static func identity(_ reply: CredentialReply) throws(CredentialFailure) -> String {
        let xml = XMLText(reply.body)
        guard reply.status == 200, let name = xml.text(of: "Arn") else {
            let code = said(xml)
            throw CredentialFailure("the token service answers \(reply.status)\(code)", .init(status: reply.status))
        }
        return ForeignText.line(name)
    }

    /// Reads keys as the token service gives them.
    public static func roleKeys(_ reply: CredentialReply) throws(CredentialFailure) -> FetchedCredential {
        let xml = XMLText(reply.body)
        guard reply.status == 200 else {
            let code = said(xml)
            throw CredentialFailure("the token service answers \(reply.status)\(code)", .init(status: reply.status))
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
