import Foundation
import MartletCore
import MartletExchange
import MartletStore
import Synchronization
import Testing

@testable import MartletServer

@Suite("Remembered messages") struct MessageAccountsTests {
    private let key = APIKeyID("abcdefghij12")

    /// A clock that a test moves, in seconds since 1970.
    private final class Clock: Sendable {
        let seconds = Mutex<Int64>(1_795_132_800)
        func now() -> Timestamp { Timestamp(unixSeconds: seconds.withLock { $0 }) }
    }

    private func find(_ id: String, _ accounts: MessageAccounts, key: APIKeyID? = nil) async -> AccountName? {
        await withCheckedContinuation { continuation in
            accounts.find(id, key: key ?? self.key) { answer in
                guard case .messageAccount(let account, _) = answer else { return continuation.resume(returning: nil) }
                continuation.resume(returning: account)
            }
        }
    }

    @Test("are found at once and after a restart, until their time is over, by their own key")
    func lifetime() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "martlet-messages-\(UUID().uuidString).db")
            .path
        defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        let clock = Clock()
        let first = MessageAccounts(
            MessageAccountStore(try MartletDatabase(path: path)),
            lifetimeSeconds: 60,
            now: { clock.now() }
        )
        for number in 0..<100 { first.remember("msg_\(number)", key: key, account: AccountName("one")) }
        first.remember("msg_7", key: key, account: AccountName("two"))
        #expect(await find("msg_99", first) == AccountName("one"))
        #expect(await find("msg_7", first) == AccountName("two"))
        #expect(await find("msg_7", first, key: APIKeyID("zzzzzzzzzzzz")) == nil)
        first.remember("msg_last", key: key, account: AccountName("three"))
        first.finish()
        let second = MessageAccounts(
            MessageAccountStore(try MartletDatabase(path: path)),
            lifetimeSeconds: 60,
            now: { clock.now() }
        )
        #expect(await find("msg_last", second) == AccountName("three"))
        clock.seconds.withLock { $0 += 60 }
        #expect(await find("msg_last", second) == nil)
    }
}
