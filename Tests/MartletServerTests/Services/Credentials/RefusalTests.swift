import MartletConfig
import MartletCore
import MartletRouting
import Synchronization
import Testing

@testable import MartletServer

@Suite("Refusals of the gateway's own credential") struct RefusalTests {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private func target(_ model: String = "m") throws -> Target {
        let text = "[gateway.providers.openai]\napi_key_location = \"env::KEY\"\n"
        let config = ConfigLoader.load(
            files: ["/c/m.toml"],
            environment: ["KEY": "sk-own-0123456789"],
            files: FileAccess(read: { $0 == "/c/m.toml" ? Array(text.utf8) : nil })
        )
        let snapshot = try #require(SnapshotBuilder.build(config).snapshot)
        return try #require(snapshot.accounts[AccountName("openai")]).makeTarget(model)
    }

    @Test("are told once for each target and reason, with the provider's words and without our key")
    func told() throws {
        let lines = Lines()
        let clock = Mutex(Instant.now)
        let service = CredentialService(
            .scripted(),
            now: { clock.withLock { $0 } },
            log: { line in lines.all.withLock { $0.append(line) } }
        )
        var said = UpstreamFailure(message: "Incorrect API key\r\nprovided: sk-own-0123456789", code: "invalid_api_key")
        let target = try target()
        service.refused(target, status: 401, saying: said)
        said.message = "another number each time: 17"
        service.refused(target, status: 401, saying: said)
        #expect(
            lines.all.withLock { $0 } == [
                "credential openai|m|env::KEY: api.openai.com refuses it "
                    + "(401 invalid_api_key: Incorrect API key provided: ***)\n"
            ]
        )
        service.refused(
            target,
            status: 403,
            saying: UpstreamFailure(message: "", type: "PERMISSION_DENIED", code: "403")
        )
        #expect(
            lines.all.withLock { $0.last }
                == "credential openai|m|env::KEY: api.openai.com refuses it (403 PERMISSION_DENIED)\n"
        )
        clock.withLock { $0 = $0 + .seconds(601) }
        service.refused(target, status: 401, saying: said)
        #expect(lines.all.withLock { $0.count } == 3)
    }

    @Test("fill no log, however many models callers name, and no name breaks a line")
    func bounded() throws {
        let lines = Lines()
        let now = Instant.now
        let service = CredentialService(
            .scripted(),
            now: { now },
            log: { line in lines.all.withLock { $0.append(line) } }
        )
        for number in 0..<100 {
            service.refused(try target("x\(number)\nfaked: line"), status: 401, saying: UpstreamFailure(message: "no"))
        }
        let all = lines.all.withLock { $0 }
        #expect(all.count == RefusalLog.mostPerMinute && all.allSatisfy { $0.count { $0 == "\n" } == 1 })
    }

    @Test("show a bounded part of what the provider said, and a secret at the bound not in part")
    func limit() {
        let secret = String(repeating: "s", count: 40)
        let padding = String(repeating: "a ", count: 145)
        let line = RefusalText.line(
            status: 403,
            UpstreamFailure(message: padding + secret + String(repeating: "z", count: 100_000)),
            hiding: [secret, "z"]
        )
        #expect(!line.contains("sss") && line.count <= RefusalText.limit + 5)
    }
}
