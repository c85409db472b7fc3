import Foundation
import MartletCore
import MartletGovernance
import Synchronization
import Testing

@testable import MartletStore

@Suite("Key authenticator") struct KeyAuthenticatorTests {
    /// A key store whose database can be made to fail and which counts what is read from it.
    private final class Source: KeySource {
        let store: KeyStore
        private let state = Mutex((failing: false, loads: 0, held: [@Sendable () -> Void](), holding: false))

        init(_ store: KeyStore) { self.store = store }

        var loads: Int { state.withLock { $0.loads } }
        func fail(_ value: Bool) { state.withLock { $0.failing = value } }

        /// Reads at once but answers only at `release()`.
        func hold() { state.withLock { $0.holding = true } }
        func release() {
            let held = state.withLock { state in
                defer { state.held = [] }
                state.holding = false
                return state.held
            }
            for answer in held { answer() }
        }

        private func check() throws(StoreError) {
            if state.withLock({ $0.failing }) { throw .database("10 disk I/O error") }
        }

        func load(_ id: APIKeyID, then completion: @escaping @Sendable (Result<KeyReading, StoreError>) -> Void) {
            let result: Result<KeyReading, StoreError>
            do throws(StoreError) {
                try check()
                result = .success(try store.load([id]))
            } catch {
                result = .failure(error)
            }
            let holding = state.withLock { state in
                state.loads += 1
                if state.holding { state.held.append { completion(result) } }
                return state.holding
            }
            if !holding { completion(result) }
        }

        func revision() throws(StoreError) -> Int64 {
            try check()
            return try store.revision()
        }

        func load(_ ids: [APIKeyID]) throws(StoreError) -> KeyReading {
            try check()
            return try store.load(ids)
        }

        func touch(_ ids: [APIKeyID], now: Timestamp) throws(StoreError) {
            try check()
            try store.touch(ids, now: now)
        }
    }

    /// A gateway's keys with a clock that a test sets.
    private final class Setup {
        let bench: Bench
        let store: KeyStore
        let source: Source
        let authenticator: KeyAuthenticator
        let start = Instant(nanoseconds: 1_000_000_000_000)
        var elapsed = Duration.zero {
            didSet { wallElapsed.value.store(elapsed.components.seconds * 1_000, ordering: .relaxed) }
        }
        let wall = Timestamp(unixSeconds: 1_795_132_800)
        private let wallElapsed = WallElapsed()

        private final class WallElapsed: Sendable { let value = Atomic<Int64>(0) }

        init(staticKey: String? = nil, adminKey: String? = nil) throws {
            bench = try Bench()
            store = try KeyStore(bench.database, pepper: Pepper(bench.directory), directory: bench.directory)
            source = Source(store)
            let wallMilliseconds = wall.unixSeconds * 1_000
            authenticator = KeyAuthenticator(
                source: source,
                hasher: store.hasher,
                staticKey: staticKey,
                adminKey: adminKey,
                now: start,
                wallClock: { [wallElapsed] in wallMilliseconds + wallElapsed.value.load(ordering: .relaxed) }
            )
        }

        var now: Instant { start + elapsed }

        func create(expires: Int64? = nil, scopes: Scopes = [.inference]) throws -> NewGatewayKey {
            try store.create(
                name: "",
                scopes: scopes,
                expiresAt: expires.map { Timestamp(unixSeconds: wall.unixSeconds + $0) },
                now: wall
            )
        }

        func ask(_ key: String) -> KeyAnswer { authenticator.authenticate(Array(key.utf8).span, now: now) }

        /// Asks, looks up when told to, and asks again.
        func answer(_ key: String) -> KeyAnswer {
            let first = ask(key)
            guard case .unknownYet(let id) = first else { return first }
            authenticator.lookUp(id, now: now) {}
            return ask(key)
        }
    }

    @Test("knows a key after one look-up, for as long as it is used and confirmed")
    func known() throws {
        let setup = try Setup()
        let made = try setup.create(scopes: [.inference, .admin])
        #expect(setup.ask(made.text) == .unknownYet(made.key.id))
        #expect(setup.answer(made.text) == .principal(made.key.principal))
        for _ in 0..<1_000 {
            setup.elapsed += .seconds(1)
            try setup.authenticator.refresh(now: setup.now)
            #expect(setup.ask(made.text) == .principal(made.key.principal))
        }
        #expect(setup.source.loads == 1)
    }

    @Test("refuses a wrong secret, an unknown id, and anything that is no key", arguments: ["", "x", "sk-mt-"])
    func refused(text: String) throws {
        let setup = try Setup()
        let made = try setup.create()
        #expect(setup.answer(made.text) == .principal(made.key.principal))
        #expect(setup.ask(text) == .refused)
        #expect(setup.ask(made.text + "x") == .refused)
        #expect(setup.ask(String(repeating: "a", count: 100_000)) == .refused)
        // Same id, another secret, with a check that fits.
        var random = SplitMix(state: 9)
        let other = try setup.store.create(
            name: "",
            scopes: [.inference],
            expiresAt: nil,
            maxConcurrency: 0,
            now: setup.wall,
            random: &random
        )
        let forged = try #require(forge(id: made.key.id, secretOf: other.text))
        #expect(setup.ask(forged) == .refused)
    }

    private func forge(id: APIKeyID, secretOf text: String) -> String? {
        let body = Array("sk-mt-\(id.rawValue)-\(text.dropFirst(19).prefix(48))".utf8)
        let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        var crc = CRC32.checksum(body.span)
        var check: [UInt8] = []
        for _ in 0..<6 {
            check.insert(letters[Int(crc % 62)], at: 0)
            crc /= 62
        }
        let forged = body + check
        return KeyText.id(of: forged.span) == nil ? nil : String(decoding: forged, as: UTF8.self)
    }

    @Test("looks an unknown id up at most once a second, and sees a key made meanwhile")
    func unknownID() throws {
        let setup = try Setup()
        var random = SplitMix(state: 3)
        let text = String(decoding: KeyText.make(using: &random), as: UTF8.self)
        for _ in 0..<50 {
            #expect(setup.answer(text) == .refused)
            setup.elapsed += .milliseconds(100)
        }
        #expect(setup.source.loads == 5)
        var same = SplitMix(state: 3)
        let made = try setup.store.create(
            name: "",
            scopes: [.inference],
            expiresAt: nil,
            maxConcurrency: 3,
            now: setup.wall,
            random: &same
        )
        #expect(made.text == text)
        setup.elapsed += .seconds(1)
        #expect(setup.answer(text) == .principal(made.key.principal))
    }

    @Test("sees a revocation by another process with the next refresh")
    func revoked() throws {
        let setup = try Setup()
        let made = try setup.create()
        let kept = try setup.create()
        #expect(setup.answer(made.text) == .principal(made.key.principal))
        #expect(setup.answer(kept.text) == .principal(kept.key.principal))
        let other = try KeyStore(
            MartletDatabase(setup.bench.directory),
            pepper: Pepper(setup.bench.directory),
            directory: setup.bench.directory
        )
        _ = try other.revoke(made.key.id, now: setup.wall)
        setup.elapsed += .seconds(1)
        try setup.authenticator.refresh(now: setup.now)
        #expect(setup.ask(made.text) == .refused)
        #expect(setup.ask(kept.text) == .principal(kept.key.principal))
    }

    @Test("sees a revocation that a slow look-up overtook")
    func overtaken() throws {
        let setup = try Setup()
        let made = try setup.create()
        setup.source.hold()
        #expect(setup.ask(made.text) == .unknownYet(made.key.id))
        setup.authenticator.lookUp(made.key.id, now: setup.now) {}
        _ = try setup.store.revoke(made.key.id, now: setup.wall)
        try setup.authenticator.refresh(now: setup.now)
        setup.source.release()
        setup.elapsed += .seconds(1)
        try setup.authenticator.refresh(now: setup.now)
        #expect(setup.ask(made.text) == .refused)
    }

    @Test("shares one read among those who wait for the same id")
    func coalesced() throws {
        let setup = try Setup()
        let made = try setup.create()
        setup.source.hold()
        let done = Mutex(0)
        for _ in 0..<20 { setup.authenticator.lookUp(made.key.id, now: setup.now) { done.withLock { $0 += 1 } } }
        #expect(done.withLock { $0 } == 0)
        setup.source.release()
        #expect(done.withLock { $0 } == 20)
        #expect(setup.source.loads == 1)
    }

    @Test("goes on with keys seen in the last 300 seconds while the database fails, and with no others")
    func databaseFails() throws {
        let setup = try Setup()
        let busy = try setup.create()
        let idle = try setup.create()
        let unseen = try setup.create()
        #expect(setup.answer(busy.text) == .principal(busy.key.principal))
        #expect(setup.answer(idle.text) == .principal(idle.key.principal))
        setup.source.fail(true)
        for _ in 0..<400 {
            setup.elapsed += .seconds(1)
            #expect(throws: StoreError.self) { try setup.authenticator.refresh(now: setup.now) }
            #expect(setup.ask(busy.text) == .principal(busy.key.principal))
        }
        #expect(setup.ask(idle.text) == .unavailable)
        #expect(setup.answer(unseen.text) == .unavailable)
        setup.source.fail(false)
        setup.elapsed += .seconds(1)
        try setup.authenticator.refresh(now: setup.now)
        #expect(setup.answer(idle.text) == .principal(idle.key.principal))
        #expect(setup.answer(unseen.text) == .principal(unseen.key.principal))
    }

    @Test("refuses a key from its expiry on, without asking anyone")
    func expires() throws {
        let setup = try Setup()
        let made = try setup.create(expires: 60)
        #expect(setup.answer(made.text) == .principal(made.key.principal))
        setup.elapsed = .milliseconds(59_999)
        #expect(setup.ask(made.text) == .principal(made.key.principal))
        setup.elapsed = .seconds(60)
        #expect(setup.ask(made.text) == .refused)
    }

    @Test("knows the configured keys by themselves, and the new ones after a reload")
    func configured() throws {
        let setup = try Setup(staticKey: "my own key", adminKey: "admin")
        #expect(setup.ask("my own key") == .principal(Principal(key: .static, scopes: [.inference])))
        #expect(setup.ask("admin") == .principal(Principal(key: .admin, scopes: [.admin])))
        #expect(setup.ask("my own kez") == .refused)
        setup.authenticator.setConfiguredKeys(staticKey: "new", adminKey: "")
        #expect(setup.ask("my own key") == .refused)
        #expect(setup.ask("admin") == .refused)
        #expect(setup.ask("") == .refused)
        #expect(setup.ask("new") == .principal(Principal(key: .static, scopes: [.inference])))
    }

    @Test("notes the last use of a key once a minute, and none for a wrong secret")
    func lastUse() throws {
        let setup = try Setup()
        let used = try setup.create()
        let attacked = try setup.create()
        #expect(setup.answer(used.text) == .principal(used.key.principal))
        let forged = try #require(forge(id: attacked.key.id, secretOf: used.text))
        #expect(setup.answer(forged) == .refused)
        try setup.authenticator.refresh(now: setup.now)
        let keys = try setup.store.list()
        #expect(keys.first { $0.id == used.key.id }?.lastUsedAt == setup.wall)
        #expect(keys.first { $0.id == attacked.key.id }?.lastUsedAt == nil)
        #expect(try setup.store.revision() == 2)
    }
}
