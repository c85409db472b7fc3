import MartletConfig
import MartletCore
import MartletRouting
import Synchronization
import Testing

@testable import MartletServer

@Suite("Reload and the local engine", .timeLimit(.minutes(1)))
struct ConfigReloaderTests {
    private final class Bench: Sendable {
        let toml = Mutex("")
        let keys = Mutex<[String: String]>([:])
        let log = Mutex<[String]>([])

        var load: @Sendable () -> LoadedConfig {
            { [self] in
                let files = FileAccess(read: { [self] path in
                    if path == "/c/m.toml" { return toml.withLock { Array($0.utf8) } }
                    return keys.withLock { $0[path] }.map { Array($0.utf8) }
                })
                return ConfigLoader.load(files: ["/c/m.toml"], environment: [:], files: files)
            }
        }

        func write(_ text: String) { toml.withLock { $0 = text } }
    }

    private let bench = Bench()
    private let admin: AdminBench
    private let engine = LocalProbe(
        kind: ProviderKind("ollama"),
        endpoint: Endpoint(tls: false, host: "127.0.0.1", port: 11_434, basePath: "/v1"),
        models: [.init(name: "tiny")]
    )

    init() throws { admin = try AdminBench() }

    private func reloader() throws -> ConfigReloader {
        let config = bench.load()
        return ConfigReloader(
            config: config,
            snapshot: try #require(SnapshotBuilder.build(config).snapshot),
            health: HealthBoard(ledger: admin.ledger, targets: TargetTable()),
            wallClock: { 5_000 },
            load: bench.load,
            log: { [bench] text in bench.log.withLock { $0.append(text) } }
        )
    }

    private func hasEngine(_ reloader: ConfigReloader) -> Bool {
        reloader.snapshot.models[ModelName("local:tiny")] != nil
    }

    @Test("a reload keeps the engine that was found")
    func keeps() throws {
        let reloader = try reloader()
        reloader.engineChanged(engine, lookedFor: reloader.local)
        #expect(hasEngine(reloader))
        bench.write("[server]\nmax_body_mb = 3\n[local]\ndefault_model = \"tiny\"\n")
        let outcome = reloader.reload()
        #expect(outcome.isAccepted && outcome.loadedAt == 5_000 && hasEngine(reloader))
        reloader.engineChanged(nil, lookedFor: reloader.local)
        #expect(!hasEngine(reloader))
    }

    @Test("a reload that names another engine forgets the old one, and what is still found of it")
    func another() async throws {
        let reloader = try reloader()
        let old = reloader.local
        reloader.engineChanged(engine, lookedFor: old)
        bench.write("[local]\nbase_url = \"http://127.0.0.1:9999\"\n")
        #expect(reloader.reload().isAccepted && !hasEngine(reloader))
        reloader.engineChanged(engine, lookedFor: old)
        #expect(!hasEngine(reloader))
        var changes = reloader.localChanges.makeAsyncIterator()
        #expect(await changes.next()?.endpoint?.port == 9_999)
        reloader.engineChanged(engine, lookedFor: reloader.local)
        #expect(hasEngine(reloader))
    }

    @Test("every snapshot is handed on in order, and a refused one never")
    func order() throws {
        let reloader = try reloader()
        let seen = Seen()
        reloader.attach { seen.add($0) }
        for text in ["[server]\nmax_body_mb = 1\n", "[server\n", "[server]\nmax_body_mb = 2\n"] {
            bench.write(text)
            _ = reloader.reload()
        }
        #expect(seen.all.map { $0.limits.maxBodyBytes >> 20 } == [1, 2])
        #expect(seen.all.last === reloader.snapshot)
    }

    @Test("a warning is told once, an error every time")
    func told() throws {
        let reloader = try reloader()
        bench.write("[storage]\nretention_days = 3\n")
        _ = reloader.reload()
        #expect(reloader.reload().findings.count == 1)
        bench.write("[server\n")
        _ = reloader.reload()
        _ = reloader.reload()
        let log = bench.log.withLock { $0 }
        #expect(log.count == 4)
        #expect(log[0].contains("retention_days") && log[1] == "configuration reloaded\n")
        #expect(log[2].contains("/c/m.toml:1:") && log[3] == log[2])
    }

    private static let serviceAccount =
        #"{"type":"service_account","client_email":"a@b","private_key":"KEY","token_uri":"https://t/"}"#

    @Test(
        "a credential file that is gone, empty or spoilt refuses the reload, and requests go on with the old credential",
        arguments: [nil, "", "{"],
        ["key", "cloud"]
    )
    func lostCredential(content: String?, account: String) throws {
        // A key may be any text.
        if account == "key", content == "{" { return }
        bench.keys.withLock { $0 = ["/c/key": "sk-first\n", "/c/cloud": Self.serviceAccount] }
        let text = """
            [gateway.providers.key]
            type = "openai"
            api_key_location = "file::key"
            [gateway.providers.cloud]
            type = "vertex"
            project_id = "p"
            location = "global"
            credential_location = "file::cloud"
            """
        bench.write(text)
        let reloader = try reloader()
        let name = AccountName(account)
        #expect(reloader.snapshot.accounts[name] != nil)
        bench.keys.withLock { $0["/c/\(account)"] = content }
        bench.write(text + "\n[server]\nmax_body_mb = 3\n")
        let outcome = reloader.reload()
        #expect(!outcome.isAccepted && reloader.snapshot.limits.maxBodyBytes != 3 << 20)
        #expect(
            outcome.findings.contains { $0.severity == .error && $0.message.contains("keeps the credential it has") }
        )
        #expect(!outcome.text.contains("the account is off") && outcome.text.contains("/c/\(account)"))
        #expect(reloader.snapshot.accounts[name] != nil)
        // What comes besides reloads does not read the file either.
        reloader.engineChanged(engine, lookedFor: reloader.local)
        #expect(hasEngine(reloader) && reloader.snapshot.accounts[name] != nil)
        // Who means it says so.
        bench.write(
            text.replacing(
                "[gateway.providers.\(account)]\n",
                with: "[gateway.providers.\(account)]\nenabled = false\n"
            )
        )
        #expect(reloader.reload().isAccepted && reloader.snapshot.accounts[name] == nil)
    }

    @Test("an account that was off from the start on refuses no reload, and comes on when its credential is there")
    func neverThere() throws {
        let text = "[gateway.providers.openai]\napi_key_location = \"file::key\"\n"
        bench.write(text)
        let reloader = try reloader()
        #expect(reloader.reload().isAccepted && reloader.snapshot.accounts[AccountName("openai")] == nil)
        bench.keys.withLock { $0["/c/key"] = "sk-first" }
        #expect(reloader.reload().isAccepted && reloader.snapshot.accounts[AccountName("openai")] != nil)
        bench.write(text.replacing("file::key", with: "file::mistyped"))
        #expect(!reloader.reload().isAccepted && reloader.snapshot.accounts[AccountName("openai")] != nil)
    }

    private final class Seen: Sendable {
        private let snapshots = Mutex<[Snapshot]>([])
        func add(_ snapshot: Snapshot) { snapshots.withLock { $0.append(snapshot) } }
        var all: [Snapshot] { snapshots.withLock { $0 } }
    }
}
