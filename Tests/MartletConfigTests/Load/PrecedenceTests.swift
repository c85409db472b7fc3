import MartletRouting
import Testing

@testable import MartletConfig

@Suite("Which input decides") struct PrecedenceTests {
    private static let file = "[server]\nbind = \"127.0.0.1:1000\"\n"

    struct Row: CustomTestStringConvertible {
        var name: String
        var file: String?
        var environment: [String: String] = [:]
        var bind: String?
        var port: Int?
        var expected: String
        var testDescription: String { name }
    }

    @Test(
        "of the listener's address",
        arguments: [
            Row(name: "default", expected: "127.0.0.1:8004"),
            Row(name: "file", file: file, expected: "127.0.0.1:1000"),
            Row(name: "PORT alone is every interface", environment: ["PORT": "2000"], expected: "0.0.0.0:2000"),
            Row(
                name: "PORT over the file's port",
                file: file,
                environment: ["PORT": "2000"],
                expected: "127.0.0.1:2000"
            ),
            Row(
                name: "MARTLET_BIND over PORT",
                environment: ["PORT": "2000", "MARTLET_BIND": "127.0.0.1:3000"],
                expected: "127.0.0.1:3000"
            ),
            Row(
                name: "MARTLET_BIND over MARTLET_AI_BIND",
                environment: ["MARTLET_AI_BIND": "127.0.0.1:4", "MARTLET_BIND": "127.0.0.1:3"],
                expected: "127.0.0.1:3"
            ),
            Row(
                name: "MARTLET_AI_BIND over the file",
                file: file,
                environment: ["MARTLET_AI_BIND": "[::1]:4"],
                expected: "::1:4"
            ),
            Row(
                name: "--bind over everything",
                file: file,
                environment: ["PORT": "2", "MARTLET_BIND": "127.0.0.1:3"],
                bind: "127.0.0.1:0",
                expected: "127.0.0.1:0"
            ),
            Row(name: "--port keeps the host", file: "[server]\nbind = \"[::1]:1\"", port: 9, expected: "::1:9"),
            Row(
                name: "--port over PORT stays on loopback",
                environment: ["PORT": "2000"],
                port: 9,
                expected: "127.0.0.1:9"
            ),
            Row(name: "--port over --bind's port", bind: "127.0.0.2:5", port: 9, expected: "127.0.0.2:9"),
            Row(
                name: "an empty variable is unset",
                file: file,
                environment: ["PORT": "", "MARTLET_BIND": ""],
                expected: "127.0.0.1:1000"
            ),
        ]
    )
    func bind(row: Row) {
        var given = Given(row.file, environment: row.environment)
        given.flags.bind = row.bind
        given.flags.port = row.port
        let config = given.load()
        #expect(config.diagnostics == [])
        #expect("\(config.settings.server.host):\(config.settings.server.port)" == row.expected)
    }

    @Test("later files win key by key")
    func files() {
        var given = Given()
        given.add("a.toml", "[reliability]\nretry = { num_retries = 5, max_attempts = 9 }\ntotal_timeout_s = 7")
        given.add("b.toml", "[reliability.retry]\nnum_retries = 2\n")
        let config = given.load()
        #expect(config.settings.retry.retriesPerTarget == 2)
        #expect(config.settings.retry.maxAttempts == 9)
        #expect(config.settings.timeouts.total == .seconds(7))
        let origins = Dictionary(uniqueKeysWithValues: config.values.map { ($0.key, $0.origin.description) })
        #expect(origins["reliability.retry.num_retries"] == "b.toml:2")
        #expect(origins["reliability.retry.max_attempts"] == "a.toml:2")
        #expect(origins["reliability.connect_timeout_s"] == "default")
    }

    @Test("variables win over files, and a bad one is an error that names it")
    func variables() {
        let config = Given(
            "[observability]\nprometheus = { enabled = true }",
            environment: ["PROMETHEUS_ENABLED": "0", "RETRY_ENABLED": "maybe", "LOCAL_LLM_TIMEOUT_SECONDS": "30.5"]
        ).load()
        #expect(!config.settings.observability.prometheusEnabled)
        #expect(config.settings.local.timeout == .milliseconds(30_500))
        #expect(
            config.diagnostics.map(\.description)
                == ["environment variable RETRY_ENABLED: error: must be true or false"]
        )
    }

    @Test("circuit breakers are read from the file, and a variable turns them off")
    func breakers() {
        let text = """
            [reliability]
            total_timeout_s = 100
            circuit_breaker = { consecutive_failures = 3, failure_ratio = 0.25, min_requests = 8, window_s = 10, open_s = 0.5, max_open_s = 40 }
            """
        var expected = CircuitBreakerPolicy()
        expected.consecutiveFailures = 3
        expected.failureRatio = 0.25
        expected.minRequests = 8
        expected.window = .seconds(10)
        expected.open = .milliseconds(500)
        expected.maxOpen = .seconds(40)
        expected.trialLease = .seconds(160)
        #expect(Given(text).load().settings.breaker == expected)
        expected.enabled = false
        let off = Given(text, environment: ["CIRCUIT_BREAKER_ENABLED": "0"]).load()
        #expect(off.settings.breaker == expected && off.diagnostics.isEmpty)
        #expect(Given("[reliability]").load().settings.breaker == CircuitBreakerPolicy())
    }

    @Test("a variable whose feature waits for another version is warned about, unless it says what holds anyway")
    func unbuiltVariables() {
        let config = Given(
            nil,
            environment: ["ENABLE_SKILLS": "true", "REDIS_URL": "redis://r"]
        ).load()
        #expect(
            config.diagnostics.map(\.description) == [
                "environment variable REDIS_URL: warning: is known, not yet available in this version"
            ]
        )
    }

    @Test("a flag wins over variable and file for the data folder")
    func dataFolder() {
        var given = Given("[storage]\ndata_dir = \"from-file\"", environment: ["HOME": "/home/u"])
        given.files["/etc/martlet/martlet.toml"] = given.files["martlet.toml"]
        given.order = ["/etc/martlet/martlet.toml"]
        #expect(given.load().settings.paths.dataDirectory == "/etc/martlet/from-file")
        given.environment["MARTLET_DATA_DIR"] = "/var/lib/m/"
        #expect(given.load().settings.paths.dataDirectory == "/var/lib/m")
        given.flags.dataDirectory = "here"
        #expect(given.load().settings.paths.dataDirectory == "here")
        #expect(given.load().settings.paths.database == "here/martlet.db")
        #expect(given.load().settings.paths.spool == "here/spool")
    }

    @Test(
        "without any word the data folder is the user's",
        arguments: [
            (["HOME": "/home/u"], "/home/u/.local/share/martlet"),
            (["HOME": "/h", "XDG_DATA_HOME": "/x"], "/x/martlet"),
            (["HOME": "/h", "XDG_DATA_HOME": "relative"], "/h/.local/share/martlet"), ([:], "martlet-data"),
        ]
    )
    func userFolder(environment: [String: String], expected: String) {
        #expect(Given(nil, environment: environment).load().settings.paths.dataDirectory == expected)
    }

    @Test("records are kept for the days that the file says, 30 when it says none", arguments: [nil, 0, 7])
    func retention(days: Int?) {
        let config = Given(days.map { "[storage]\nretention_days = \($0)" } ?? "").load()
        #expect(config.settings.retentionDays == days ?? 30)
        #expect(config.diagnostics.isEmpty)
    }

    @Test(
        "the database lies in the data folder unless its path is absolute",
        arguments: [
            ("sqlite:a.db", "/d/a.db"), ("sqlite:/abs/a.db", "/abs/a.db"), ("sqlite:///abs/a.db", "/abs/a.db"),
        ]
    )
    func database(url: String, expected: String) {
        let config = Given("[storage]\ndata_dir = \"/d\"\nurl = \"\(url)\"").load()
        #expect(config.settings.paths.database == expected)
    }

    @Test("configuration files are looked for in order")
    func discovery() {
        func found(_ flags: FlagOverrides, _ environment: [String: String], _ existing: [String]) -> [String] {
            ConfigFiles.discover(
                flags: flags,
                environment: environment,
                files: FileAccess(read: { existing.contains($0) ? [] : nil })
            )
        }
        let all = ["martlet.toml", "/x/martlet/martlet.toml", "/etc/martlet/martlet.toml"]
        var flags = FlagOverrides()
        #expect(found(flags, ["XDG_CONFIG_HOME": "/x"], all) == ["martlet.toml"])
        #expect(found(flags, ["XDG_CONFIG_HOME": "/x"], Array(all.dropFirst())) == ["/x/martlet/martlet.toml"])
        #expect(found(flags, ["HOME": "/x"], all.suffix(1)) == ["/etc/martlet/martlet.toml"])
        #expect(found(flags, [:], []) == [])
        #expect(found(flags, ["MARTLET_CONFIG": "a:b"], all) == ["a", "b"])
        flags.configFiles = ["c", "d"]
        #expect(found(flags, ["MARTLET_CONFIG": "a:b"], all) == ["c", "d"])
    }

    @Test("the schema's defaults are the settings' defaults")
    func defaults() {
        var text = ""
        for value in Given().load().values {
            #expect(value.origin == .default)
            text += "\(value.key) = \(value.text)\n"
        }
        let spelled = Given(text).load()
        #expect(spelled.diagnostics == [])
        let (left, right) = (spelled.settings, Given().load().settings)
        var server = left.server
        // On a loopback bind the default delay is zero; the spelled one is taken at its word.
        #expect(server.drainDelay == .seconds(5) && right.server.drainDelay == .zero)
        server.drainDelay = .zero
        #expect(server == right.server)
        #expect(left.auth == right.auth && left.timeouts == right.timeouts && left.retry == right.retry)
        #expect(left.admission == right.admission && left.limits == right.limits)
        #expect(left.observability == right.observability && left.strictDurability == right.strictDurability)
        #expect(left.local == right.local && left.routing == right.routing && left.paths == right.paths)
        #expect(
            right.timeouts == TimeoutPolicy() && right.admission == AdmissionPolicy() && right.retry == RetryPolicy()
        )
    }
}
