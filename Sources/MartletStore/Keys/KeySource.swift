import GRDB
import MartletCore

/// Where the authenticator reads keys; a seam, so that tests can let the database fail.
protocol KeySource: Sendable {
    /// Reads one key without blocking the caller.
    func load(_ id: APIKeyID, then completion: @escaping @Sendable (Result<KeyReading, StoreError>) -> Void)
    /// Reads the revision of all keys.
    func revision() throws(StoreError) -> Int64
    /// Reads several keys; those that do not exist are missing from the result.
    func load(_ ids: [APIKeyID]) throws(StoreError) -> KeyReading
    /// Notes when keys were last seen.
    func touch(_ ids: [APIKeyID], now: Timestamp) throws(StoreError)
}

/// Keys as they stood at one revision.
struct KeyReading: Sendable {
    var keys: [StoredKey]
    /// Grows with every change of a key that matters to authentication.
    var revision: Int64
}

extension KeyStore: KeySource {
    func load(_ id: APIKeyID, then completion: @escaping @Sendable (Result<KeyReading, StoreError>) -> Void) {
        database.pool.asyncRead { access in
            do {
                completion(.success(try Self.read([id], from: access.get())))
            } catch {
                completion(.failure(.database(describe(error))))
            }
        }
    }

    func revision() throws(StoreError) -> Int64 { try storing { try database.pool.read(Self.revision) } }

    func load(_ ids: [APIKeyID]) throws(StoreError) -> KeyReading {
        try storing { try database.pool.read { try Self.read(ids, from: $0) } }
    }

    /// Reads keys and revision in one snapshot of the database.
    private static func read(_ ids: [APIKeyID], from db: Database) throws -> KeyReading {
        KeyReading(keys: try ids.compactMap { try StoredKey.fetch($0, from: db) }, revision: try revision(db))
    }

    private static func revision(_ db: Database) throws -> Int64 {
        try Int64.fetchOne(db, sql: "SELECT value FROM facts WHERE name = 'keys_revision'") ?? 0
    }
}
