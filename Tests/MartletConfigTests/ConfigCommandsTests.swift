import Foundation
import Testing

@testable import MartletConfig

@Suite("martlet config") struct ConfigCommandsTests {
    @Test("check prints findings and exits 2 on an error, 0 otherwise")
    func check() {
        let bad = Given("[sever]\n")
        let refused = ConfigCommands.check(bad.load(), files: bad.order)
        #expect(refused.exitCode == 2 && refused.text.isEmpty)
        #expect(
            refused.errors.hasPrefix(
                "martlet.toml:1:2: error: unknown key sever at the top level (did you mean server?)\n"
            )
        )
        let warned = Given("[console]\n")
        #expect(ConfigCommands.check(warned.load(), files: warned.order).exitCode == 0)
        #expect(ConfigCommands.check(Given("").load(), files: ["martlet.toml"]).text == "martlet.toml: ok\n")
        let quiet = ConfigCommands.check(Given("").load(), files: ["martlet.toml"], quiet: true)
        #expect(quiet == ConfigCommands.Output(text: "", errors: "", exitCode: 0))
    }

    @Test("show says where each value comes from")
    func show() {
        var given = Given("[server]\nmax_body_mb = 8", environment: ["RETRY_ENABLED": "no"])
        given.flags.port = 9
        let lines = ConfigCommands.show(given.load(), origin: true).text.split(separator: "\n").map(String.init)
        #expect(lines.contains("server.max_body_mb = 8  # martlet.toml:2"))
        #expect(lines.contains("server.bind = \"127.0.0.1:9\"  # flag --port"))
        #expect(lines.contains("reliability.retry.enabled = false  # variable RETRY_ENABLED"))
        #expect(lines.contains("reliability.total_timeout_s = 600  # default"))
        #expect(!ConfigCommands.show(given.load(), origin: false).text.contains("#"))
    }

    @Test("what show prints loads again and means the same")
    func showLoads() throws {
        var given = Given(try Fixture.text("full.toml"))
        given.files["./ai-models.toml"] = ""
        let text = ConfigCommands.show(given.load(), origin: true).text
        var again = Given(text)
        again.files["./ai-models.toml"] = ""
        #expect(!again.load().diagnostics.hasErrors)
        #expect(
            ConfigCommands.show(again.load(), origin: false).text
                == ConfigCommands.show(given.load(), origin: false).text
        )
    }

    @Test("show masks the password of a database URL")
    func masksPassword() {
        let given = Given(nil, environment: ["DATABASE_URL": "postgres://u:hunter2@db/m"])
        let text = ConfigCommands.show(given.load(), origin: true).text
        #expect(text.contains("storage.url = \"postgres://u:••••@db/m\"  # variable DATABASE_URL\n"))
    }

    @Test("schema is JSON Schema 2020-12 with every section")
    func schema() throws {
        let data = Data(ConfigCommands.schema().text.utf8)
        let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(root["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
        #expect(root["additionalProperties"] as? Bool == false)
        let sections = try #require(root["properties"] as? [String: Any])
        for name in ["server", "gateway", "ai", "local", "models", "aliases", "reliability", "functions", "console"] {
            #expect(sections[name] != nil, "\(name)")
        }
        let server = try #require((sections["server"] as? [String: Any])?["properties"] as? [String: Any])
        let body = try #require(server["max_body_mb"] as? [String: Any])
        #expect(
            body["type"] as? String == "integer" && body["default"] as? Int == 32 && body["maximum"] as? Int == 1_024
        )
        let models = try #require(sections["models"] as? [String: Any])
        #expect((models["additionalProperties"] as? [String: Any])?["type"] as? String == "object")
    }
}
