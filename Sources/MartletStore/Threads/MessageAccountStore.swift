import GRDB
public import MartletCore

/// Which account made a message, for conversations that the provider keeps.
///
/// A message is unknown to every key but the one it was made for. Calls block on SQLite: not for event loops.
public final class MessageAccountStore: Sendable {
    private let database: MartletDatabase

    /// A message and its account.
    public struct Entry: Hashable, Sendable {
        /// The provider's id of the message.
        public var messageID: String
        /// The key it was made for.
        public var keyID: APIKeyID
        /// The account that made it.
        public var account: AccountName
        /// From when on it is forgotten.
        public var expiresAt: Timestamp

        /// Creates an entry.
        public init(messageID: String, keyID: APIKeyID, account: AccountName, expiresAt: Timestamp) {
            self.messageID = messageID
            self.keyID = keyID
            self.account = account
            self.expiresAt = expiresAt
        }
    }

    /// Opens the accounts of messages in a database.
    public init(_ database: MartletDatabase) { self.database = database }

    /// Keeps entries, all or none; one with the same message and key is replaced.
    public func put(_ entries: [Entry]) throws(StoreError) {
        try storing {
            try database.pool.write { db in
                for entry in entries {
                    try db.execute(
                        sql: """
                            INSERT INTO message_accounts (id, key_id, account, expires_at) VALUES (?, ?, ?, ?)
                            ON CONFLICT (id, key_id) DO UPDATE SET
                                account = excluded.account, expires_at = excluded.expires_at
                            """,
                        arguments: [
                            entry.messageID, entry.keyID.rawValue, entry.account.rawValue,
                            entry.expiresAt.unixSeconds,
                        ]
                    )
                }
            }
        }
    }

    /// The account that made a message for a key; `nil` when it is not known, or not any more.
    public func account(of messageID: String, keyID: APIKeyID, now: Timestamp) throws(StoreError) -> AccountName? {
        try storing {
            try database.pool.read { db in
                try String.fetchOne(
                    db,
                    sql: "SELECT account FROM message_accounts WHERE id = ? AND key_id = ? AND expires_at > ?",
                    arguments: [messageID, keyID.rawValue, now.unixSeconds]
                ).map { AccountName($0) }
            }
        }
    }

    /// Whether a message is known, whoever it was made for.
    public func isKnown(_ messageID: String, now: Timestamp) throws(StoreError) -> Bool {
        try storing {
            try database.pool.read { db in
                try Bool.fetchOne(
                    db,
                    sql: "SELECT EXISTS (SELECT 1 FROM message_accounts WHERE id = ? AND expires_at > ?)",
                    arguments: [messageID, now.unixSeconds]
                ) ?? false
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
                        DELETE FROM message_accounts WHERE (id, key_id) IN (
                            SELECT id, key_id FROM message_accounts WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)
                        """,
                    arguments: [now.unixSeconds, limit]
                )
                return db.changesCount
            }
        }
    }
}
