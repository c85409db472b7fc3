import GRDB
public import MartletCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Keeps responses for the callers that asked for it, until they expire or are deleted.
///
/// Calls block on SQLite: not for event loops.
public final class ResponseStore: Sendable {
    private let database: MartletDatabase

    /// The longest chain of responses that go on from each other.
    public static let longestChain = 1_000

    /// Opens the responses of a database.
    public init(_ database: MartletDatabase) { self.database = database }

    /// Keeps a response; one with the same id and key is replaced.
    ///
    /// - Returns: Whether it is kept: an id that another key's response has is not taken.
    public func put(_ kept: KeptResponse) throws(StoreError) -> Bool {
        try storing {
            try database.pool.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO responses (id, key_id, previous_id, created_at, expires_at, input, response)
                        VALUES (?, ?, ?, ?, ?, ?, ?)
                        ON CONFLICT (id) DO UPDATE SET
                            previous_id = excluded.previous_id, created_at = excluded.created_at,
                            expires_at = excluded.expires_at, input = excluded.input, response = excluded.response
                        WHERE key_id = excluded.key_id
                        """,
                    arguments: [
                        kept.id, kept.keyID.rawValue, kept.previousID, kept.createdAt.unixSeconds,
                        kept.expiresAt.unixSeconds, Data(kept.input), Data(kept.response),
                    ]
                )
                return db.changesCount > 0
            }
        }
    }

    /// The response of an id, if the key may see it and it has not expired.
    public func get(_ id: String, keyID: APIKeyID, now: Timestamp) throws(StoreError) -> KeptResponse? {
        try storing {
            try database.pool.read { db in try Self.fetch(id, keyID, now, from: db) }
        }
    }

    /// A response and all it went on from, oldest first.
    ///
    /// - Returns: `nil` when one of them is not there, and for a chain longer than ``longestChain``.
    public func chain(to id: String, keyID: APIKeyID, now: Timestamp) throws(StoreError) -> [KeptResponse]? {
        try storing {
            try database.pool.read { db in
                var chain: [KeptResponse] = []
                var next: String? = id
                while let id = next {
                    guard chain.count < Self.longestChain, let kept = try Self.fetch(id, keyID, now, from: db) else {
                        return nil
                    }
                    chain.append(kept)
                    next = kept.previousID
                }
                return chain.reversed()
            }
        }
    }

    /// Deletes a response.
    ///
    /// - Returns: Whether there was one that the key may see.
    public func delete(_ id: String, keyID: APIKeyID, now: Timestamp) throws(StoreError) -> Bool {
        try storing {
            try database.pool.write { db in
                try db.execute(
                    sql: "DELETE FROM responses WHERE id = ? AND key_id = ? AND expires_at > ?",
                    arguments: [id, keyID.rawValue, now.unixSeconds]
                )
                return db.changesCount > 0
            }
        }
    }

    /// Deletes what has expired, in pieces so that no write waits long for it.
    ///
    /// - Parameter limit: The most rows of this call.
    /// - Returns: How many rows are gone; as many as the limit means that there may be more.
    public func expire(now: Timestamp, limit: Int = 500) throws(StoreError) -> Int {
        try storing {
            try database.pool.write { db in
                try db.execute(
                    sql: """
                        DELETE FROM responses WHERE id IN (
                            SELECT id FROM responses WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)
                        """,
                    arguments: [now.unixSeconds, limit]
                )
                return db.changesCount
            }
        }
    }

    private static func fetch(
        _ id: String,
        _ keyID: APIKeyID,
        _ now: Timestamp,
        from db: Database
    ) throws -> KeptResponse? {
        let row = try Row.fetchOne(
            db,
            sql: "SELECT * FROM responses WHERE id = ? AND key_id = ? AND expires_at > ?",
            arguments: [id, keyID.rawValue, now.unixSeconds]
        )
        guard let row else { return nil }
        return KeptResponse(
            id: row["id"],
            keyID: APIKeyID(row["key_id"]),
            previousID: row["previous_id"],
            createdAt: Timestamp(unixSeconds: row["created_at"]),
            expiresAt: Timestamp(unixSeconds: row["expires_at"]),
            input: Array(row["input"] as Data),
            response: Array(row["response"] as Data)
        )
    }
}
