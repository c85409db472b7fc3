public import MartletCore
internal import MartletWire

/// What `aws sso login` leaves: a token of a sign-on, and what a new one is asked for with.
public struct AWSSignOnToken: Sendable, Hashable {
    /// The token.
    public var accessToken: Secret
    /// When it ends, in seconds since 1970 (UTC).
    public var expires: Int64
    /// What is exchanged for a new one.
    public var refreshToken: Secret?
    /// The registered program that may ask.
    public var client: Client?

    /// A program that was registered with the service.
    public struct Client: Sendable, Hashable {
        /// Its id.
        public var id: String
        /// Its secret.
        public var secret: Secret
        /// When its registration ends, in seconds since 1970 (UTC).
        public var expires: Int64
        /// The same, as the file has it.
        var expiresText: String
    }

    /// Reads the file; `nil` when it holds no token.
    public init?(_ bytes: [UInt8]) {
        guard let document = try? JSONDocument(bytes) else { return nil }
        let found = document.withView { view -> AWSSignOnToken? in
            func text(_ name: StaticString) -> String? { view.member(name)?.string().flatMap { $0.isEmpty ? nil : $0 } }
            guard let token = text("accessToken"), token.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }),
                let end = text("expiresAt").flatMap(Self.time)
            else { return nil }
            var client: Client?
            if let id = text("clientId"), let secret = text("clientSecret"), let ends = text("registrationExpiresAt"),
                let seconds = Self.time(ends)
            {
                client = Client(id: id, secret: Secret(secret), expires: seconds, expiresText: ends)
            }
            let refresh = text("refreshToken").map { Secret($0) }
            return AWSSignOnToken(accessToken: Secret(token), expires: end, refreshToken: refresh, client: client)
        }
        guard let found else { return nil }
        self = found
    }

    private init(accessToken: Secret, expires: Int64, refreshToken: Secret?, client: Client?) {
        self.accessToken = accessToken
        self.expires = expires
        self.refreshToken = refreshToken
        self.client = client
    }

    /// Old versions of AWS's tools write `UTC` in place of `Z`.
    private static func time(_ text: String) -> Int64? {
        UTCTime.unixSeconds(text.hasSuffix("UTC") ? text.dropLast(3) + "Z" : text)
    }

    /// The token that an answer gives in place of this one; `nil` when it gives none.
    public func renewed(by reply: CredentialReply, unixSeconds: Int64) -> AWSSignOnToken? {
        guard reply.status == 200, let document = try? JSONDocument(reply.body) else { return nil }
        return document.withView { view -> AWSSignOnToken? in
            guard let token = view.member("accessToken")?.string(), !token.isEmpty,
                token.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }), let life = view.member("expiresIn")?.int64()
            else { return nil }
            return AWSSignOnToken(
                accessToken: Secret(token),
                expires: unixSeconds + min(max(0, life), 366 * 86_400),
                refreshToken: view.member("refreshToken")?.string().map { Secret($0) },
                client: client
            )
        }
    }

    /// The file with this token, for AWS's tools to go on with.
    public func file(of signOn: AWSSingleSignOn) -> [UInt8] {
        var out = JSONWriter()
        out.beginObject()
        func member(_ name: StaticString, _ value: String?) {
            guard let value else { return }
            out.key(name)
            out.string(value)
        }
        member("startUrl", signOn.startURL)
        member("region", signOn.region)
        member("accessToken", accessToken.reveal())
        member("expiresAt", UTCTime.text(expires))
        member("clientId", client?.id)
        member("clientSecret", client?.secret.reveal())
        member("registrationExpiresAt", client?.expiresText)
        member("refreshToken", refreshToken?.reveal())
        out.endObject()
        return out.bytes
    }
}

extension UTCTime {
    /// Writes `2026-01-02T03:04:05Z`.
    static func text(_ unixSeconds: Int64) -> String {
        let digits = Array(SigV4Time(unixSeconds: unixSeconds).text.utf8)
        func part(_ range: Range<Int>) -> String { String(decoding: digits[range], as: UTF8.self) }
        return "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z"
    }
}
