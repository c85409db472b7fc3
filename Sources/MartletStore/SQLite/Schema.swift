import GRDB

/// The tables, as the list of steps that make them.
enum Schema {
    /// The steps in order; one that was released is never changed, only followed.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 keys, ledger") { db in
            try db.execute(sql: keys)
            try db.execute(sql: ledger)
        }
        migrator.registerMigration("2 responses") { db in try db.execute(sql: responses) }
        migrator.registerMigration("3 accounts of messages") { db in try db.execute(sql: messageAccounts) }
        migrator.registerMigration("4 parts of usage") { db in
            for column in partsOfUsage {
                try db.execute(sql: "ALTER TABLE usage_daily ADD COLUMN \(column) INTEGER NOT NULL DEFAULT 0")
            }
        }
        migrator.registerMigration("5 ids of callers") { db in try db.execute(sql: clientIDs) }
        return migrator
    }

    /// The records of requests whose callers gave them ids; only those that ended since it exists.
    ///
    /// A row goes with its record.
    private static let clientIDs = """
        CREATE TABLE ledger_client_ids (
            client_id TEXT NOT NULL,
            id_high INTEGER NOT NULL,
            id_low INTEGER NOT NULL,
            PRIMARY KEY (client_id, id_high, id_low)
        ) STRICT, WITHOUT ROWID;
        """

    /// Sums that came later; days before them have none.
    private static let partsOfUsage = [
        "cache_write_1h_tokens", "audio_input_tokens", "audio_output_tokens", "image_input_tokens",
        "image_output_tokens", "reported_requests", "reported_difference_nano_usd",
    ]

    /// Keys, and single numbers in `facts`.
    ///
    /// `keys_revision` grows with every change that matters to authentication (not with `last_used_at`), so that a running
    /// gateway notices what the command line did by reading one row.
    private static let keys = """
        CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO facts VALUES ('keys_revision', 0);
        CREATE TABLE keys (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            digest BLOB NOT NULL,
            last4 TEXT NOT NULL,
            scopes INTEGER NOT NULL,
            max_concurrency INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            revoked_at INTEGER,
            last_used_at INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER keys_inserted AFTER INSERT ON keys BEGIN
            UPDATE facts SET value = value + 1 WHERE name = 'keys_revision';
        END;
        CREATE TRIGGER keys_deleted AFTER DELETE ON keys BEGIN
            UPDATE facts SET value = value + 1 WHERE name = 'keys_revision';
        END;
        CREATE TRIGGER keys_changed AFTER UPDATE OF id, digest, scopes, max_concurrency, expires_at, revoked_at ON keys
        BEGIN
            UPDATE facts SET value = value + 1 WHERE name = 'keys_revision';
        END;
        """

    /// Responses kept for their callers; an id is unknown to every key but its own.
    private static let responses = """
        CREATE TABLE responses (
            id TEXT PRIMARY KEY,
            key_id TEXT NOT NULL,
            previous_id TEXT,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            input BLOB NOT NULL,
            response BLOB NOT NULL
        ) STRICT;
        CREATE INDEX responses_expires_at ON responses (expires_at);
        """

    /// Which account made a message of a conversation that the provider keeps.
    private static let messageAccounts = """
        CREATE TABLE message_accounts (
            id TEXT NOT NULL,
            key_id TEXT NOT NULL,
            account TEXT NOT NULL,
            expires_at INTEGER NOT NULL,
            PRIMARY KEY (id, key_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX message_accounts_expires_at ON message_accounts (expires_at);
        """

    /// Ledger, daily sums and read positions of the spool.
    ///
    /// A record's id is split into its two halves, big-endian; the first one starts with the time of receipt, so rows are
    /// kept in that order. `record` is the payload of `RecordCodec` as it stood in the spool: a column for each of its two
    /// dozen fields would cost more than all else that is done for a request here, and nothing is asked by them, since
    /// questions are answered from `usage_daily`, which counts endings in the transaction that stores them. `ledger` holds
    /// endings, `ledger_open` intents whose ending did not follow soon.
    private static let ledger = """
        CREATE TABLE ledger (
            id_high INTEGER NOT NULL,
            id_low INTEGER NOT NULL,
            record BLOB NOT NULL,
            PRIMARY KEY (id_high, id_low)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE ledger_open (
            id_high INTEGER NOT NULL,
            id_low INTEGER NOT NULL,
            record BLOB NOT NULL,
            PRIMARY KEY (id_high, id_low)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE usage_daily (
            day INTEGER NOT NULL,
            key_id TEXT NOT NULL,
            model TEXT NOT NULL,
            provider TEXT NOT NULL,
            requests INTEGER NOT NULL,
            succeeded INTEGER NOT NULL,
            failed INTEGER NOT NULL,
            cancelled INTEGER NOT NULL,
            interrupted INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            input_tokens INTEGER NOT NULL,
            output_tokens INTEGER NOT NULL,
            cache_read_tokens INTEGER NOT NULL,
            cache_write_tokens INTEGER NOT NULL,
            reasoning_tokens INTEGER NOT NULL,
            estimated_requests INTEGER NOT NULL,
            unpriced_requests INTEGER NOT NULL,
            cost_nano_usd INTEGER NOT NULL,
            PRIMARY KEY (day, key_id, model, provider)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE spool_positions (nonce INTEGER PRIMARY KEY, consumed INTEGER NOT NULL) STRICT;
        """
}
