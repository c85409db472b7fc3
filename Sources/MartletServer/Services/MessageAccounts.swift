import Dispatch
import MartletCore
import MartletExchange
import MartletStore
import Synchronization

/// Remembers which account made a message, across restarts; writes and look-ups happen on a thread of their own.
///
/// A look-up sees all that was remembered before it. Where the database fails, a message is not known, and the client
/// replays its conversation.
final class MessageAccounts: Sendable {
    private struct State {
        /// What is not written yet.
        var pending: [MessageAccountStore.Entry] = []
        var isWriteQueued = false
        var nextDeletion: Int64 = 0
    }

    private let store: MessageAccountStore
    private let lifetimeSeconds: Int64
    private let now: @Sendable () -> Timestamp
    private let queue = DispatchQueue(label: "martlet.messages")
    private let state = Mutex(State())

    /// The most entries that wait to be written; more are not remembered.
    static let most = 10_000

    init(
        _ store: MessageAccountStore,
        lifetimeSeconds: Int,
        now: @escaping @Sendable () -> Timestamp = { Timestamp(unixSeconds: Int64(WallClock.milliseconds() / 1_000)) }
    ) {
        self.store = store
        self.lifetimeSeconds = Int64(lifetimeSeconds)
        self.now = now
    }

    /// Remembers a message; returns at once.
    func remember(_ messageID: String, key: APIKeyID, account: AccountName) {
        let entry = MessageAccountStore.Entry(
            messageID: messageID,
            keyID: key,
            account: account,
            expiresAt: Timestamp(unixSeconds: now().unixSeconds + lifetimeSeconds)
        )
        let mustQueue = state.withLock { state in
            guard state.pending.count < Self.most else { return false }
            state.pending.append(entry)
            defer { state.isWriteQueued = true }
            return !state.isWriteQueued
        }
        if mustQueue { queue.async { self.write() } }
    }

    /// Finds the account of a message; `reply` is called once, from another thread.
    func find(_ messageID: String, key: APIKeyID, reply: @escaping @Sendable (Answer) -> Void) {
        queue.async { [self] in
            // What waits is written first; what cannot be written is still known.
            let waiting = write()
            let known = waiting.last { $0.messageID == messageID && $0.keyID == key }?.account
            if let known = known ?? (try? store.account(of: messageID, keyID: key, now: now())) ?? nil {
                return reply(.messageAccount(known))
            }
            let isAnothers =
                waiting.contains { $0.messageID == messageID }
                || (try? store.isKnown(messageID, now: now())) ?? false
            reply(.messageAccount(nil, isAnothers: isAnothers))
        }
    }

    /// Writes what waits, before the process ends.
    func finish() { queue.sync { _ = write() } }

    /// Writes what waits; gives back what could not be written, which is tried again with the next.
    @discardableResult
    private func write() -> [MessageAccountStore.Entry] {
        let entries = state.withLock { state in
            defer { state.pending = [] }
            state.isWriteQueued = false
            return state.pending
        }
        var isWritten = entries.isEmpty
        if !isWritten { isWritten = (try? store.put(entries)) != nil }
        if !isWritten {
            state.withLock { $0.pending = Array((entries + $0.pending).prefix(Self.most)) }
            return entries
        }
        deleteExpired()
        return []
    }

    /// Once an hour, and at once while there is more.
    private func deleteExpired() {
        let now = now()
        guard state.withLock({ $0.nextDeletion <= now.unixSeconds }) else { return }
        let limit = 500
        let deleted = (try? store.expire(now: now, limit: limit)) ?? 0
        let next = deleted < limit ? now.unixSeconds + 3_600 : now.unixSeconds
        state.withLock { $0.nextDeletion = next }
    }
}
