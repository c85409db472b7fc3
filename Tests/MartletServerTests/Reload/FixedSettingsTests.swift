import MartletConfig
import MartletRouting
import Testing

@testable import MartletServer

@Suite("What a running gateway cannot change")
struct FixedSettingsTests {
    private func config(_ toml: String, flags: FlagOverrides = FlagOverrides()) -> LoadedConfig {
        let files = FileAccess(read: { $0 == "/c/m.toml" ? Array(toml.utf8) : nil })
        return ConfigLoader.load(files: ["/c/m.toml"], flags: flags, environment: [:], files: files)
    }

    @Test(
        "a changed key is a warning with its place that asks for a restart",
        arguments: [
            ("server.bind", "[server]\nbind = \"127.0.0.1:9\""),
            ("storage.data_dir", "[storage]\ndata_dir = \"/elsewhere\""),
            ("storage.retention_days", "[storage]\nretention_days = 3"),
            ("observability.access_log", "[observability]\naccess_log = \"stderr\""),
        ]
    )
    func warnings(key: String, toml: String) throws {
        var new = config(toml)
        let findings = FixedSettings(config("")).apply(to: &new)
        let finding = try #require(findings.first)
        #expect(findings.count == 1 && finding.severity == .warning && finding.line == 2)
        #expect(finding.message.contains(key) && finding.message.contains("restart"))
        var same = config(toml)
        #expect(FixedSettings(config(toml)).apply(to: &same).isEmpty)
    }

    @Test("a bind that goes back to the default is a change, too")
    func removed() {
        var new = config("")
        let findings = FixedSettings(config("[server]\nbind = \"127.0.0.1:9\"")).apply(to: &new)
        #expect(findings.map(\.severity) == [.warning])
        #expect(new.settings.server.port == 9)
    }

    @Test("authentication cannot be switched off on a public listener by naming another bind beside it")
    func publicListener() {
        let files = config("[server]\nbind = \"0.0.0.0:8004\"")
        var new = config("[server]\nbind = \"127.0.0.1:8004\"\n[gateway.auth]\nenabled = false")
        let findings = FixedSettings(files).apply(to: &new)
        #expect(findings.contains { $0.severity == .error && $0.line == 4 })
        #expect(new.settings.server.host == "0.0.0.0")
    }
}
