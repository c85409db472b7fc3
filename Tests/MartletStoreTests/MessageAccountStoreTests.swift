import MartletCore
import MartletGovernance
import Testing

@testable import MartletStore

@Suite("Accounts of messages") struct MessageAccountStoreTests {
    private let now = Timestamp(unixSeconds: 1_795_132_800)
    private let key = APIKeyID("abcdefghij12")
    private let other = APIKeyID("zzzzzzzzzzzz")

    private func entry(
        _ id: String,
        _ account: String,
        seconds: Int64 = 60,
        key: APIKeyID? = nil
    )
        -> MessageAccountStore.Entry
    {
        .init(
            messageID: id,
            keyID: key ?? self.key,
            account: AccountName(account),
            expiresAt: Timestamp(unixSeconds: now.unixSeconds + seconds)
        )
    }

    @Test("are known to the key the message was made for, the latest one counting")
    func owner() throws {
        let store = MessageAccountStore(try Bench().database)
        try store.put([entry("msg_1", "one"), entry("msg_2", "two"), entry("msg_1", "three")])
        try store.put([entry("msg_2", "four", key: other)])
        #expect(try store.account(of: "msg_1", keyID: key, now: now) == AccountName("three"))
        #expect(try store.account(of: "msg_2", keyID: key, now: now) == AccountName("two"))
        #expect(try store.account(of: "msg_2", keyID: other, now: now) == AccountName("four"))
        #expect(try store.account(of: "msg_1", keyID: other, now: now) == nil)
        #expect(try store.account(of: "msg_3", keyID: key, now: now) == nil)
    }

    @Test("are forgotten when their time is over")
    func expiry() throws {
        let store = MessageAccountStore(try Bench().database)
        try store.put([entry("a", "x", seconds: 10), entry("b", "x", seconds: 10), entry("c", "x", seconds: 30)])
        let later = Timestamp(unixSeconds: now.unixSeconds + 10)
        #expect(try store.account(of: "a", keyID: key, now: later) == nil)
        #expect(try store.expire(now: later, limit: 1) == 1)
        #expect(try store.expire(now: later) == 1)
        #expect(try store.expire(now: later) == 0)
        #expect(try store.account(of: "c", keyID: key, now: later) == AccountName("x"))
    }
}
