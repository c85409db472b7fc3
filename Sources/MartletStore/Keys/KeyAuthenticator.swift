public import MartletCore
public import MartletGovernance
import Synchronization

/// What a presented key turned out to be.
public enum KeyAnswer: Hashable, Sendable {
    /// A valid key.
    case principal(Principal)
    /// No key, a wrong one, or one that is revoked or expired.
    case refused
    /// Not known yet: call `lookUp` with this id, then ask again.
    case unknownYet(APIKeyID)
    /// The database cannot say, and the key was not seen lately.
    case unavailable
}

/// Tells whose key a request shows, without waiting.
///
/// Any number of event loops may ask at once. What is known is kept in memory and confirmed by `refresh()` every second,
/// so that a busy key never waits and a change made by another process is seen within two seconds. If the database fails,
/// keys seen in the last 300 seconds go on working.
public final class KeyAuthenticator: Sendable {
    /// How long what was read counts as confirmed, in nanoseconds.
    private static let confirmedFor: Int64 = 2_000_000_000
    /// How long a key works after it was last seen while the database fails.
    private static let graceFor: Int64 = 300_000_000_000
    /// How long an id that was not found (or a failure) is not looked up again.
    private static let absentFor: Int64 = 1_000_000_000
    /// How long a last use may go unnoted.
    private static let touchEvery: Int64 = 60_000_000_000
    /// Longer keys are refused unread.
    private static let maxKeyBytes = 512
    /// Look-ups at once before further unknown ids are answered `unavailable`.
    private static let maxLookUps = 1_024

    private let source: any KeySource
    private let hasher: KeyHasher
    private let configured: Mutex<[(digest: KeyDigest, principal: Principal)]>
    private let shards = (0..<16).map { _ in KeyCacheShard() }
    private let lookUps = Atomic<Int>(0)
    private let epoch: Instant
    private let wallClock: @Sendable () -> Int64
    /// Milliseconds since 1970 when the authenticator began, by the wall clock as of the last refresh.
    private let wallEpoch: Atomic<Int64>
    private let confirmedAt: Atomic<Int64>

    /// Creates the authenticator of a data directory's keys.
    ///
    /// - Parameters:
    ///   - store: The keys.
    ///   - staticKey: The key given by `GATEWAY_API_KEY`; it may use models.
    ///   - adminKey: The key given by `ADMIN_KEY`; it may use `/admin`.
    ///   - now: The time of creation.
    ///   - wallClock: Milliseconds since 1970.
    public convenience init(
        _ store: KeyStore,
        staticKey: String?,
        adminKey: String?,
        now: Instant,
        wallClock: @escaping @Sendable () -> Int64
    ) {
        self.init(
            source: store,
            hasher: store.hasher,
            staticKey: staticKey,
            adminKey: adminKey,
            now: now,
            wallClock: wallClock
        )
    }

    init(
        source: any KeySource,
        hasher: KeyHasher,
        staticKey: String?,
        adminKey: String?,
        now: Instant,
        wallClock: @escaping @Sendable () -> Int64
    ) {
        self.source = source
        self.hasher = hasher
        epoch = now
        self.wallClock = wallClock
        wallEpoch = Atomic(wallClock())
        confirmedAt = Atomic(0)
        configured = Mutex([])
        setConfiguredKeys(staticKey: staticKey, adminKey: adminKey)
    }

    /// Replaces the keys given by configuration; empty ones count as absent.
    public func setConfiguredKeys(staticKey: String?, adminKey: String?) {
        var keys: [(KeyDigest, Principal)] = []
        if let staticKey, !staticKey.isEmpty {
            let digest = hasher.digest(of: Array(staticKey.utf8).span)
            keys.append((digest, Principal(key: .static, scopes: [.inference])))
        }
        if let adminKey, !adminKey.isEmpty {
            let digest = hasher.digest(of: Array(adminKey.utf8).span)
            keys.append((digest, Principal(key: .admin, scopes: [.admin])))
        }
        configured.withLock { $0 = keys }
    }

    /// Tells whose key these bytes are.
    ///
    /// Bounded time, no I/O. The HMAC is computed and compared in full for every input, so that an unknown id costs the same
    /// as a wrong secret.
    public func authenticate(_ presented: Span<UInt8>, now: Instant) -> KeyAnswer {
        guard presented.count > 0, presented.count <= Self.maxKeyBytes else { return .refused }
        let digest = hasher.digest(of: presented)
        let configuredPrincipal = configured.withLock { keys in
            var found: Principal?
            for key in keys where key.digest.equals(digest) { found = key.principal }
            return found
        }
        if let configuredPrincipal { return .principal(configuredPrincipal) }
        guard let number = KeyText.id(of: presented) else { return .refused }
        let time = nanoseconds(now)
        return shard(of: number).entries.withLock { entries in
            guard let index = entries.index(forKey: number) else { return unknown(number) }
            switch entries.values[index] {
            case .known(var key):
                let answer = check(key, digest: digest, time: time)
                if case .principal = answer {
                    key.seen = time
                    key.used = time
                    entries.values[index] = .known(key)
                }
                return answer
            case .absent(let since, _):
                _ = KeyDigest.none.equals(digest)
                return time - since < Self.absentFor ? .refused : unknown(number)
            case .failed(let since):
                return time - since < Self.absentFor ? .unavailable : unknown(number)
            case .lookedUp: return .unknownYet(number.id)
            }
        }
    }

    /// Looks up a key id off the caller's thread.
    ///
    /// Look-ups of the same id share one read; one that was not found is read again after a second at the earliest.
    ///
    /// - Parameter completion: Called once, on this thread when nothing has to be read, else on a thread of the store.
    public func lookUp(_ id: APIKeyID, now: Instant, then completion: @escaping @Sendable () -> Void) {
        guard let number = KeyNumber(id) else { return completion() }
        let time = nanoseconds(now)
        let mustRead: Bool? = shard(of: number).entries.withLock { entries in
            switch entries[number] {
            case .known: return nil
            case .absent(let since, _) where time - since < Self.absentFor: return nil
            case .failed(let since) where time - since < Self.absentFor: return nil
            case .lookedUp(let waiters):
                entries[number] = .lookedUp(waiters + [completion])
                return false
            default:
                entries[number] = .lookedUp([completion])
                return true
            }
        }
        guard let mustRead else { return completion() }
        guard mustRead else { return }
        lookUps.add(1, ordering: .relaxed)
        source.load(id) { [self] result in
            lookUps.subtract(1, ordering: .relaxed)
            finish(number, with: result, time: time)
        }
    }

    /// Looks up a key id, suspending until it is known.
    public func lookUp(_ id: APIKeyID, now: Instant) async {
        await withCheckedContinuation { continuation in
            lookUp(id, now: now) { continuation.resume() }
        }
    }

    /// Confirms what is known, takes over changes, forgets what is not used and notes last uses.
    ///
    /// Blocks on SQLite: called every second by one thread that is no event loop.
    ///
    /// - Throws: `.database`; what is known then counts as unconfirmed.
    public func refresh(now: Instant) throws(StoreError) {
        let time = nanoseconds(now)
        wallEpoch.store(wallClock() - time / 1_000_000, ordering: .relaxed)
        let revision = try source.revision()
        let outdated = outdatedIDs(revision: revision, time: time)
        if !outdated.isEmpty { replace(outdated, with: try source.load(outdated.map(\.id)), time: time) }
        confirmedAt.store(time, ordering: .relaxed)
        let used = usedKeys(time: time)
        if !used.isEmpty { try source.touch(used, now: Timestamp(unixSeconds: wallMilliseconds(time) / 1_000)) }
    }
}

extension KeyAuthenticator {
    private func check(_ key: CachedKey, digest: KeyDigest, time: Int64) -> KeyAnswer {
        let matches = key.digest.equals(digest)
        if time - confirmedAt.load(ordering: .relaxed) > Self.confirmedFor, time - key.seen > Self.graceFor {
            return .unavailable
        }
        guard matches, !key.isRevoked else { return .refused }
        if let expiresAt = key.expiresAt, wallMilliseconds(time) / 1_000 >= expiresAt.unixSeconds { return .refused }
        return .principal(key.principal)
    }

    private func unknown(_ number: KeyNumber) -> KeyAnswer {
        lookUps.load(ordering: .relaxed) < Self.maxLookUps ? .unknownYet(number.id) : .unavailable
    }

    private func finish(_ number: KeyNumber, with result: Result<KeyReading, StoreError>, time: Int64) {
        let waiters: [@Sendable () -> Void] = shard(of: number).entries.withLock { entries in
            guard case .lookedUp(let waiters) = entries[number] else { return [] }
            switch result {
            case .success(let reading):
                if let stored = reading.keys.first {
                    entries[number] = .known(CachedKey(stored, revision: reading.revision, seen: time))
                } else {
                    entries[number] = .absent(since: time, revision: reading.revision)
                }
            case .failure: entries[number] = .failed(since: time)
            }
            return waiters
        }
        for waiter in waiters { waiter() }
    }

    /// Forgets what is not used and lists what was read at another revision.
    ///
    /// The revision is kept with every entry, because a look-up may end after the refresh that saw a change and still bring
    /// what was before it.
    private func outdatedIDs(revision: Int64, time: Int64) -> [KeyNumber] {
        var outdated: [KeyNumber] = []
        for shard in shards {
            shard.entries.withLock { entries in
                entries = entries.filter { _, entry in
                    switch entry {
                    case .known(let key): time - key.seen <= Self.graceFor
                    case .absent(let since, _), .failed(let since): time - since < Self.absentFor
                    case .lookedUp: true
                    }
                }
                outdated += entries.compactMap { number, entry in
                    entry.revision.flatMap { $0 == revision ? nil : number }
                }
            }
        }
        return outdated
    }

    private func replace(_ numbers: [KeyNumber], with reading: KeyReading, time: Int64) {
        var stored: [KeyNumber: StoredKey] = [:]
        for key in reading.keys {
            if let number = KeyNumber(key.key.id) { stored[number] = key }
        }
        for number in numbers {
            shard(of: number).entries.withLock { entries in
                switch (entries[number], stored[number]) {
                case (.known(let old), let new?):
                    entries[number] = .known(
                        CachedKey(
                            new,
                            revision: reading.revision,
                            seen: old.seen,
                            used: old.used,
                            touched: old.touched
                        )
                    )
                case (.known, nil): entries[number] = .absent(since: time, revision: reading.revision)
                // An absent key that exists now is read again when it is asked for.
                case (.absent, _?): entries[number] = nil
                case (.absent(let since, _), nil):
                    entries[number] = .absent(since: since, revision: reading.revision)
                case (.lookedUp, _), (.failed, _), (nil, _): break
                }
            }
        }
    }

    /// Lists the keys whose last use is to be noted, and counts it as noted.
    private func usedKeys(time: Int64) -> [APIKeyID] {
        var used: [APIKeyID] = []
        for shard in shards {
            shard.entries.withLock { entries in
                for index in entries.values.indices {
                    guard case .known(var key) = entries.values[index], key.used > key.touched,
                        time - key.touched >= Self.touchEvery
                    else { continue }
                    key.touched = time
                    entries.values[index] = .known(key)
                    used.append(key.principal.key)
                }
            }
        }
        return used
    }

    private func shard(of number: KeyNumber) -> KeyCacheShard { shards[Int(number.rawValue % 16)] }

    private func nanoseconds(_ now: Instant) -> Int64 {
        now.nanoseconds &- epoch.nanoseconds
    }

    private func wallMilliseconds(_ time: Int64) -> Int64 {
        wallEpoch.load(ordering: .relaxed) + time / 1_000_000
    }
}
