import Foundation
import MartletCore
import MartletGovernance
import Testing

@testable import MartletStore

@Suite("Response store") struct ResponseStoreTests {
    private let now = Timestamp(unixSeconds: 1_795_132_800)
    private let key = APIKeyID("abcdefghij12")
    private let other = APIKeyID("zzzzzzzzzzzz")

    private func kept(
        _ id: String,
        after previous: String? = nil,
        seconds: Int64 = 60,
        key: APIKeyID? = nil
    )
        -> KeptResponse
    {
        KeptResponse(
            id: id,
            keyID: key ?? self.key,
            previousID: previous,
            createdAt: now,
            expiresAt: Timestamp(unixSeconds: now.unixSeconds + seconds),
            input: Array("[]".utf8),
            response: Array(#"{"id":"\#(id)"}"#.utf8)
        )
    }

    @Test("gives back what was kept, to its own key only")
    func owner() throws {
        let store = ResponseStore(try Bench().database)
        let record = kept("resp_1", after: "resp_0")
        #expect(try store.put(record))
        #expect(try store.get("resp_1", keyID: key, now: now) == record)
        #expect(try store.get("resp_1", keyID: other, now: now) == nil)
        #expect(try store.get("resp_2", keyID: key, now: now) == nil)
        #expect(try !store.delete("resp_1", keyID: other, now: now))
        #expect(try !store.put(kept("resp_1", key: other)))
        #expect(try store.get("resp_1", keyID: key, now: now) == record)
        let again = kept("resp_1", seconds: 90)
        #expect(try store.put(again))
        #expect(try store.get("resp_1", keyID: key, now: now) == again)
    }

    @Test("forgets what is deleted or has expired")
    func expiry() throws {
        let store = ResponseStore(try Bench().database)
        for (id, seconds) in [("a", 10), ("b", 20), ("c", 30)] as [(String, Int64)] {
            #expect(try store.put(kept(id, seconds: seconds)))
        }
        #expect(try store.delete("c", keyID: key, now: now))
        #expect(try !store.delete("c", keyID: key, now: now))
        let later = Timestamp(unixSeconds: now.unixSeconds + 10)
        #expect(try store.get("a", keyID: key, now: later) == nil)
        #expect(try !store.delete("a", keyID: key, now: later))
        #expect(try store.get("b", keyID: key, now: later) != nil)
        #expect(try store.expire(now: later) == 1)
        #expect(try store.expire(now: Timestamp(unixSeconds: now.unixSeconds + 99), limit: 1) == 1)
        #expect(try store.expire(now: Timestamp(unixSeconds: now.unixSeconds + 99)) == 0)
    }

    @Test("follows a conversation back to its beginning, or not at all")
    func chain() throws {
        let store = ResponseStore(try Bench().database)
        for (id, previous) in [("a", nil), ("b", "a"), ("c", "b"), ("loop", "loop")] as [(String, String?)] {
            #expect(try store.put(kept(id, after: previous)))
        }
        #expect(try store.chain(to: "c", keyID: key, now: now)?.map(\.id) == ["a", "b", "c"])
        #expect(try store.chain(to: "c", keyID: other, now: now) == nil)
        #expect(try store.chain(to: "loop", keyID: key, now: now) == nil)
        #expect(try store.delete("a", keyID: key, now: now))
        #expect(try store.chain(to: "c", keyID: key, now: now) == nil)
    }
}
