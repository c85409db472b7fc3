import GRDB
public import MartletCore
public import MartletGovernance

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Makes, lists and revokes the gateway keys of a data directory.
///
/// Calls block on SQLite: not for event loops.
public final class KeyStore: Sendable {
    let database: MartletDatabase
    let hasher: KeyHasher

    /// Opens the keys of a database.
    ///
    /// - Throws: `.pepperMismatch` when the database's keys were made with another pepper; `.database`.
    public init(_ database: MartletDatabase, pepper: Pepper, directory: DataDirectory) throws(StoreError) {
        self.database = database
        hasher = KeyHasher(pepper: pepper)
        let fingerprint = hasher.digest(of: Array("martlet pepper check".utf8).span).fingerprint
        let known = try storing {
            try database.pool.write { db in
                try db.execute(
                    sql: "INSERT INTO facts VALUES ('pepper_check', ?) ON CONFLICT DO NOTHING",
                    arguments: [fingerprint]
                )
                return try Int64.fetchOne(db, sql: "SELECT value FROM facts WHERE name = 'pepper_check'")
            }
        }
        guard known == fingerprint else { throw .pepperMismatch(path: directory.pepperPath) }
    }

    /// Makes a key and stores its digest.
    ///
    /// - Parameters:
    ///   - name: The operator's name for it; may be empty.
    ///   - scopes: What it may do.
    ///   - expiresAt: From when on it is refused; `nil` means never.
    ///   - maxConcurrency: Its own limit of requests in flight; 0 means none.
    ///   - now: The time to note as its making.
    public func create(
        name: String,
        scopes: Scopes,
        expiresAt: Timestamp? = nil,
        maxConcurrency: Int = 0,
        now: Timestamp
    ) throws(StoreError) -> NewGatewayKey {
        var random = SecureRandom()
        return try create(
            name: name,
            scopes: scopes,
            expiresAt: expiresAt,
            maxConcurrency: maxConcurrency,
            now: now,
            random: &random
        )
    }

    func create(
        name: String,
        scopes: Scopes,
        expiresAt: Timestamp?,
        maxConcurrency: Int,
        now: Timestamp,
        random: inout some RandomNumberGenerator
    ) throws(StoreError) -> NewGatewayKey {
        let text = KeyText.make(using: &random)
        let key = GatewayKey(
            id: APIKeyID(String(decoding: text[6..<18], as: UTF8.self)),
            name: name,
            last4: String(decoding: text.suffix(4), as: UTF8.self),
            scopes: scopes,
            maxConcurrency: maxConcurrency,
            createdAt: now,
            expiresAt: expiresAt
        )
        let digest = hasher.digest(of: text.span).stored
        try storing {
            try database.pool.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO keys (id, name, digest, last4, scopes, max_concurrency, created_at, expires_at)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        key.id.rawValue, name, digest, key.last4, scopes.rawValue, maxConcurrency, now.unixSeconds,
                        expiresAt?.unixSeconds,
                    ]
                )
            }
        }
        return NewGatewayKey(text: String(decoding: text, as: UTF8.self), key: key)
    }

    /// All keys, revoked and expired ones included, oldest first.
    public func list() throws(StoreError) -> [GatewayKey] {
        try storing {
            try database.pool.read { db in
                try Row.fetchAll(db, sql: "SELECT * FROM keys ORDER BY created_at, id").map(StoredKey.init).map(\.key)
            }
        }
    }

    /// Whether there is a key that is neither revoked nor expired.
    public func hasUsableKey(now: Timestamp) throws(StoreError) -> Bool {
        try list().contains { $0.revokedAt == nil && $0.expiresAt.map { $0 > now } ?? true }
    }

    /// Revokes a key; doing it again changes nothing.
    ///
    /// - Returns: Whether there is such a key.
    public func revoke(_ id: APIKeyID, now: Timestamp) throws(StoreError) -> Bool {
        try storing {
            try database.pool.write { db in
                try db.execute(
                    sql: "UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                    arguments: [now.unixSeconds, id.rawValue]
                )
                return try StoredKey.fetch(id, from: db) != nil
            }
        }
    }

    /// Notes when keys were last seen.
    public func touch(_ ids: [APIKeyID], now: Timestamp) throws(StoreError) {
        guard !ids.isEmpty else { return }
        try storing {
            try database.pool.write { db in
                for id in ids {
                    try db.execute(
                        sql: "UPDATE keys SET last_used_at = ? WHERE id = ?",
                        arguments: [now.unixSeconds, id.rawValue]
                    )
                }
            }
        }
    }
}

/// A row of `keys`.
struct StoredKey: Sendable {
    var key: GatewayKey
    /// `nil` when the stored bytes are no digest; such a key matches nothing.
    var digest: KeyDigest?

    init(row: Row) throws {
        key = GatewayKey(
            id: APIKeyID(row["id"]),
            name: row["name"],
            last4: row["last4"],
            scopes: Scopes(rawValue: UInt8(truncatingIfNeeded: row["scopes"] as Int64)),
            maxConcurrency: row["max_concurrency"],
            createdAt: Timestamp(unixSeconds: row["created_at"]),
            expiresAt: (row["expires_at"] as Int64?).map { Timestamp(unixSeconds: $0) },
            revokedAt: (row["revoked_at"] as Int64?).map { Timestamp(unixSeconds: $0) },
            lastUsedAt: (row["last_used_at"] as Int64?).map { Timestamp(unixSeconds: $0) }
        )
        digest = KeyDigest(stored: row["digest"])
    }

    static func fetch(_ id: APIKeyID, from db: Database) throws -> StoredKey? {
        try Row.fetchOne(db, sql: "SELECT * FROM keys WHERE id = ?", arguments: [id.rawValue]).map(StoredKey.init)
    }
}
