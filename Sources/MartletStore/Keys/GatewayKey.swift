public import MartletCore
public import MartletGovernance

/// What is known of a gateway key; the key itself is not.
public struct GatewayKey: Hashable, Sendable {
    /// The public id.
    public var id: APIKeyID
    /// The operator's name for it.
    public var name: String
    /// The last four characters of the key, to tell it by.
    public var last4: String
    /// What it may do.
    public var scopes: Scopes
    /// Its own limit of requests in flight; 0 means none.
    public var maxConcurrency: Int
    /// When it was made.
    public var createdAt: Timestamp
    /// From when on it is refused; `nil` means never.
    public var expiresAt: Timestamp?
    /// When it was revoked.
    public var revokedAt: Timestamp?
    /// When it was last seen, within a minute.
    public var lastUsedAt: Timestamp?

    /// The visible start of the key: `sk-mt-` and the id.
    public var prefix: String { "sk-mt-\(id.rawValue)" }

    /// Who a request with this key is made for.
    public var principal: Principal { Principal(key: id, scopes: scopes, maxConcurrency: maxConcurrency) }

    /// The object that `keys list --json` shows for this key.
    public var json: String {
        JSONText.object(
            commonMembers + [
                ("revoked_at", JSONText.optional(revokedAt?.description)),
                ("last_used_at", JSONText.optional(lastUsedAt?.description)),
            ]
        )
    }

    /// The object that `keys list --json` shows.
    public static func listJSON(_ keys: [GatewayKey]) -> String {
        JSONText.object([("data", JSONText.array(keys.map(\.json)))])
    }

    fileprivate var idMember: (String, String) { ("id", JSONText.string(id.rawValue)) }

    fileprivate var commonMembers: [(String, String)] {
        [
            idMember,
            ("name", JSONText.string(name)),
            ("prefix", JSONText.string(prefix)),
            ("last4", JSONText.string(last4)),
            ("scopes", JSONText.array(scopes.names.map { JSONText.string($0) })),
            ("created_at", JSONText.string(createdAt.description)),
            ("expires_at", JSONText.optional(expiresAt?.description)),
        ]
    }
}

/// A key just made: the only moment its text is known.
public struct NewGatewayKey: Sendable {
    /// The key to hand to its user.
    public let text: String
    /// What is kept of it.
    public let key: GatewayKey

    /// The object that `keys create --json` shows.
    public var json: String {
        JSONText.object([key.idMember, ("key", JSONText.string(text))] + key.commonMembers.dropFirst())
    }
}
