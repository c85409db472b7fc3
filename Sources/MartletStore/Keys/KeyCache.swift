import MartletCore
import MartletGovernance
import Synchronization

/// What one part of the authenticator's cache knows of key ids.
///
/// Times are nanoseconds since the authenticator began.
final class KeyCacheShard: Sendable {
    let entries = Mutex<[KeyNumber: KeyCacheEntry]>([:])
}

/// What is known of one key id.
enum KeyCacheEntry {
    case known(CachedKey)
    /// No such key when it was looked up.
    case absent(since: Int64, revision: Int64)
    /// Being looked up; who waits for it.
    case lookedUp([@Sendable () -> Void])
    /// The database could not say.
    case failed(since: Int64)

    /// The revision that the entry was read at; `nil` when there is none yet.
    var revision: Int64? {
        switch self {
        case .known(let key): key.revision
        case .absent(_, let revision): revision
        case .lookedUp, .failed: nil
        }
    }
}

/// A key as the request path needs it.
struct CachedKey {
    var digest: KeyDigest
    var principal: Principal
    var isRevoked: Bool
    var expiresAt: Timestamp?
    var revision: Int64
    /// When it was read for a request or a request last proved to hold it.
    var seen: Int64
    /// When a request last proved to hold it; `never` else.
    var used: Int64
    /// When its last use was last noted in the database.
    var touched: Int64

    /// A time before all others, far enough from the end of the numbers to be subtracted.
    static let never = Int64.min / 2

    init(_ stored: StoredKey, revision: Int64, seen: Int64, used: Int64 = never, touched: Int64 = never) {
        digest = stored.digest ?? .none
        principal = stored.key.principal
        // A stored digest that cannot be read matches nothing.
        isRevoked = stored.key.revokedAt != nil || stored.digest == nil
        expiresAt = stored.key.expiresAt
        self.revision = revision
        self.seen = seen
        self.used = used
        self.touched = touched
    }
}
