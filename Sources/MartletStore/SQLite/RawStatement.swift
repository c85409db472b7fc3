import GRDB
import GRDBSQLite

/// A prepared statement driven through SQLite's C interface.
///
/// The ledger binds and steps for every request, where building GRDB's argument values would cost several times what SQLite
/// does. Used within one transaction of the connection that prepared it; it takes no part in GRDB's observation of changes.
@safe struct RawStatement {
    // Keeps the statement prepared; the pointer is its.
    private let statement: Statement
    private let pointer: SQLiteStatement
    private let database: Database

    /// Prepares a statement, or takes it from the connection's cache.
    init(_ sql: String, on database: Database) throws {
        statement = try database.cachedStatement(sql: sql)
        unsafe pointer = statement.sqliteStatement
        self.database = database
        // Whoever used it last may have stopped half-way.
        unsafe sqlite3_reset(pointer)
    }

    /// Binds an integer; the first place is 1.
    func bind(_ value: Int64, at place: Int32) throws {
        try check(unsafe sqlite3_bind_int64(pointer, place, value))
    }

    /// Binds a blob that must stay where it is until the next `run`, `first` or `bind` of this place is over.
    @unsafe func bindBlob(_ bytes: UnsafeRawBufferPointer, at place: Int32) throws {
        // A null pointer would bind NULL.
        guard let base = bytes.baseAddress else { return try check(unsafe sqlite3_bind_zeroblob(pointer, place, 0)) }
        try check(unsafe sqlite3_bind_blob64(pointer, place, base, UInt64(bytes.count), nil))
    }

    /// Binds a copy of a text.
    func bind(_ text: String, at place: Int32) throws {
        // SQLITE_TRANSIENT, which C spells as a pointer made of −1.
        let copied = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        try check(unsafe sqlite3_bind_text(pointer, place, text, Int32(clamping: text.utf8.count), copied))
    }

    /// Runs a statement that changes rows.
    ///
    /// - Returns: How many rows it changed.
    @discardableResult
    func run() throws -> Int {
        let code = unsafe sqlite3_step(pointer)
        // Answers the failure of the step again, which is thrown below.
        unsafe sqlite3_reset(pointer)
        guard code == SQLITE_DONE else { throw failure(code) }
        return Int(unsafe sqlite3_changes(database.sqliteConnection))
    }

    /// Runs a query and reads the integers of its first row; `nil` when there is no row.
    func first(_ columns: Int) throws -> [Int64]? {
        defer { unsafe sqlite3_reset(pointer) }
        switch unsafe sqlite3_step(pointer) {
        case SQLITE_ROW: return (0..<Int32(clamping: columns)).map { unsafe sqlite3_column_int64(pointer, $0) }
        case SQLITE_DONE: return nil
        case let code: throw failure(code)
        }
    }

    /// Lets go of what is bound; the statement's next user begins without values.
    func clear() { unsafe sqlite3_clear_bindings(pointer) }

    private func check(_ code: Int32) throws {
        if code != SQLITE_OK { throw failure(code) }
    }

    private func failure(_ code: Int32) -> DatabaseError {
        let message = unsafe sqlite3_errmsg(database.sqliteConnection).map { unsafe String(cString: $0) }
        return DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
    }
}
