import GRDB

/// The SQLite database of a data directory, shared by the gateway and the command line.
///
/// Write-ahead logging, so that readers and the one writer do not block each other; a process that finds the database locked
/// by another waits up to five seconds.
public final class MartletDatabase: Sendable {
    let pool: DatabasePool

    /// Opens the database of a data directory and brings its schema up to date.
    ///
    /// - Parameter busyTimeout: How long a write waits for another process.
    /// - Throws: `.newerSchema` when a newer release has changed the schema; `.database` else.
    public convenience init(_ directory: DataDirectory, busyTimeout: Duration = .seconds(5)) throws(StoreError) {
        try self.init(path: directory.databasePath, busyTimeout: busyTimeout)
    }

    /// Opens a database file, which is created when missing, and brings its schema up to date.
    ///
    /// - Parameters:
    ///   - path: The file; its directory must exist.
    ///   - busyTimeout: How long a write waits for another process.
    /// - Throws: `.newerSchema` when a newer release has changed the schema; `.database` else.
    public init(path: String, busyTimeout: Duration = .seconds(5)) throws(StoreError) {
        var configuration = Configuration()
        configuration.busyMode = .timeout(busyTimeout / .seconds(1))
        configuration.label = "martlet"
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            // NORMAL, the pool's default, may lose the last commits at power loss, and the drainer deletes the segments of
            // what it has committed. With NORMAL it would have to keep them until a checkpoint has synced the database; FULL
            // costs one sync of the log for each transaction, which the drainer makes once a second.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            let migrator = Schema.migrator
            guard try !pool.read(migrator.hasBeenSuperseded) else { throw StoreError.newerSchema(path: path) }
            do {
                try migrator.migrate(pool)
            } catch {
                // Two processes that start at once race for the same migration; the loser finds it done.
                guard try pool.read(migrator.hasCompletedMigrations) else { throw error }
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw .database(describe(error))
        }
    }
}

/// SQLite's message of an error, without the statement's values.
func describe(_ error: any Error) -> String {
    guard let error = error as? DatabaseError else { return String(describing: error) }
    return "\(error.resultCode.rawValue) \(error.message ?? "unknown error")"
}

/// Runs a piece of database work and turns what it throws into a `StoreError`.
func storing<Value>(_ work: () throws -> Value) throws(StoreError) -> Value {
    do {
        return try work()
    } catch let error as StoreError {
        throw error
    } catch {
        throw .database(describe(error))
    }
}
