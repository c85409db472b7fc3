import Foundation
import MartletCore
import MartletGovernance
import Testing

@testable import MartletStore

@Suite("Key store") struct KeyStoreTests {
    private let now = Timestamp(unixSeconds: 1_795_132_800)

    @Test("makes, lists and revokes keys, and never keeps their text")
    func life() throws {
        let bench = try Bench()
        let store = try KeyStore(bench.database, pepper: Pepper(bench.directory), directory: bench.directory)
        #expect(try !store.hasUsableKey(now: now))
        let made = try store.create(name: "laptop", scopes: [.inference, .admin], now: now)
        #expect(try store.hasUsableKey(now: now))
        #expect(try store.list() == [made.key])
        #expect(made.text.hasPrefix(made.key.prefix + "-"))
        #expect(made.text.hasSuffix(made.key.last4))
        let secret = Data(made.text.dropFirst(19).prefix(48).utf8)
        for name in bench.home.names("/data") {
            let path = URL(fileURLWithPath: bench.directory.path + "/" + name)
            #expect(try Data(contentsOf: path).range(of: secret) == nil)
        }
        let later = Timestamp(unixSeconds: now.unixSeconds + 60)
        #expect(try store.revoke(made.key.id, now: later))
        #expect(try store.revoke(made.key.id, now: Timestamp(unixSeconds: 0)))
        #expect(try store.list().first?.revokedAt == later)
        #expect(try !store.hasUsableKey(now: later))
        #expect(try !store.revoke(APIKeyID("aaaaaaaaaaaa"), now: now))
    }

    @Test("renders a new key and the list as the command line prints them")
    func json() throws {
        let key = GatewayKey(
            id: APIKeyID("abcdefghij12"),
            name: "a \"b\"\n",
            last4: "Wxyz",
            scopes: [.inference, .admin],
            maxConcurrency: 0,
            createdAt: now,
            expiresAt: Timestamp(unixSeconds: now.unixSeconds + 1)
        )
        let common = """
            "name":"a \\"b\\"\\n","prefix":"sk-mt-abcdefghij12","last4":"Wxyz","scopes":["inference","admin"],\
            "created_at":"2026-11-20T00:00:00Z","expires_at":"2026-11-20T00:00:01Z"
            """
        #expect(
            NewGatewayKey(text: "sk-mt-x", key: key).json == "{\"id\":\"abcdefghij12\",\"key\":\"sk-mt-x\",\(common)}"
        )
        #expect(
            GatewayKey.listJSON([key])
                == "{\"data\":[{\"id\":\"abcdefghij12\",\(common),\"revoked_at\":null,\"last_used_at\":null}]}"
        )
    }

    @Test("refuses a pepper that its keys were not made with")
    func otherPepper() throws {
        let bench = try Bench()
        _ = try KeyStore(bench.database, pepper: Pepper(bench.directory), directory: bench.directory)
        #expect(throws: StoreError.pepperMismatch(path: bench.directory.pepperPath)) {
            try KeyStore(
                bench.database,
                pepper: Pepper(bytes: Array(repeating: 7, count: 32)),
                directory: bench.directory
            )
        }
    }
}
