import MartletCore
import MartletGovernance
import MartletRouting
import Testing

@testable import MartletConfig

@Suite("Accounts and types") struct AccountTests {
    private static let keys = ["OPENAI_API_KEY": "sk-openai-000000", "OTHER": "sk-other-000000"]

    /// What `[models.m.providers.P]` means, as `account|upstream|credential` and `X-Model-Source`.
    struct Row: CustomTestStringConvertible {
        var name: String
        var accounts = ""
        var provider: String
        var keys = ""
        var target: String?
        var kind: String = "openai"
        var source: ModelSource = .cloud
        var testDescription: String { name }
    }

    @Test(
        "a model's provider finds its account",
        arguments: [
            Row(
                name: "type names an account",
                accounts: "[gateway.providers.work]\ntype = \"openai\"",
                provider: "p",
                keys: "type = \"work\"",
                target: "work|m|env::OPENAI_API_KEY"
            ),
            Row(
                name: "the provider's name is an account",
                accounts: "[gateway.providers.work]\ntype = \"openai\"",
                provider: "work",
                target: "work|m|env::OPENAI_API_KEY"
            ),
            Row(
                name: "type wins over the name",
                accounts: "[gateway.providers.a]\ntype = \"openai\"\n[gateway.providers.b]\ntype = \"openai\"",
                provider: "a",
                keys: "type = \"b\"",
                target: "b|m|env::OPENAI_API_KEY"
            ),
            Row(
                name: "the name is a built-in type",
                provider: "openai",
                keys: "model_name = \"x\"",
                target: "openai|x|env::OPENAI_API_KEY"
            ),
            Row(
                name: "an inline account",
                provider: "mine",
                keys: "type = \"openai\"\napi_key_location = \"env::OTHER\"",
                target: "mine|m|env::OTHER"
            ),
            Row(
                name: "an inline account with its own base URL",
                provider: "mine",
                keys: "type = \"openai\"\napi_base = \"https://proxy.example.com/v1\"",
                target: "mine|m|env::OPENAI_API_KEY",
                source: .custom
            ),
            Row(
                name: "an inline engine on loopback",
                provider: "mine",
                keys: "type = \"lmstudio\"",
                target: "mine|m|none",
                kind: "lm_studio",
                source: .local
            ),
            Row(
                name: "keys of the model win over the account's",
                accounts: "[gateway.providers.work]\ntype = \"openai\"\napi_key_location = \"env::MISSING\"",
                provider: "work",
                keys: "credential_location = \"env::OTHER\"",
                target: "work|m|env::OTHER"
            ),
            Row(
                name: "an account that is off has no target",
                accounts: "[gateway.providers.openai]\nenabled = false",
                provider: "openai",
                target: nil
            ),
            Row(
                name: "a synonym of model_name",
                provider: "openai",
                keys: "deployment_id = \"d\"",
                target: "openai|d|env::OPENAI_API_KEY"
            ),
        ]
    )
    func accounts(row: Row) throws {
        let outcome = Given(
            "\(row.accounts)\n[models.m.providers.\(row.provider)]\n\(row.keys)",
            environment: Self.keys
        )
        .build()
        #expect(!outcome.diagnostics.hasErrors, "\(outcome.diagnostics)")
        let target = outcome.snapshot?.models[ModelName("m")]?.targets.first
        #expect(target?.id.rawValue == row.target)
        guard row.target != nil else { return }
        #expect(target?.kind == ProviderKind(row.kind))
        #expect(target?.source == row.source)
        #expect(target?.isLocal == (row.source == .local))
    }

    @Test("every type whose key is there is on without configuration")
    func automatic() throws {
        let snapshot = try #require(Given(nil, environment: Self.keys).build().snapshot)
        #expect(snapshot.accounts.keys.map(\.rawValue) == ["openai"])
        let target = try #require(snapshot.accounts[AccountName("openai")]).makeTarget("gpt-4o")
        #expect(target.price?.input == TokenPrice(picoUSD: 2_500_000))
        #expect(snapshot.accounts[AccountName("openai")]?.makeTarget("ft:mine").price == nil)
    }

    @Test("a disabled account turns its type off")
    func disabled() throws {
        let snapshot = try #require(
            Given("[gateway.providers.openai]\nenabled = false", environment: Self.keys).build().snapshot
        )
        #expect(snapshot.accounts.keys.map(\.rawValue) == ["mock"])
    }

    @Test("an account that was switched on without a key is off, with a warning")
    func missingKey() {
        let given = Given("[gateway.providers.openrouter]\nenabled = true")
        #expect(
            given.findings() == [
                "martlet.toml:2:1: warning: account openrouter has no key: environment variable OPENROUTER_API_KEY is "
                    + "not set; the account is off"
            ]
        )
    }

    @Test(
        "an account that a table names says at the start why it is off",
        arguments: [
            (
                "[gateway.providers.openai]\ntimeout_s = 9", [:],
                "account openai has no key: environment variable OPENAI_API_KEY is not set"
            ),
            ("[gateway.providers.bedrock]", [:], "account bedrock has no region: set region, or AWS_REGION"),
            (
                "[gateway.providers.bedrock]", ["AWS_PROFILE": "nope", "HOME": "/h"],
                "account bedrock: there is no AWS profile nope: it is in neither /h/.aws/credentials nor /h/.aws/config"
            ),
            (
                "[gateway.providers.bedrock]\nregion = \"us-east-1\"\nprofile = \"mine\"", ["HOME": "/h"],
                "account bedrock: there is no AWS profile mine: it is in neither /h/.aws/credentials nor /h/.aws/config"
            ),
            (
                "[gateway.providers.bedrock]\nregion = \"us-east-1\"\nsecret_access_key = \"env::S\"", ["S": "s"],
                "secret_access_key of account bedrock: secret_access_key stands without access_key_id"
            ),
            (
                "[gateway.providers.azure]\nbase_url = \"https://r.example.com\"",
                ["AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c"],
                "account azure has no key: AZURE_TENANT_ID and AZURE_CLIENT_ID are set, but AZURE_CLIENT_SECRET is not"
            ),
            (
                "[gateway.providers.azure]\nbase_url = \"https://r.example.com\"", [:],
                "account azure has no key: environment variable AZURE_API_KEY or AZURE_OPENAI_API_KEY is not set"
            ),
            (
                "[gateway.providers.openai]\napi_key_location = \"file::blank\"", [:],
                "api_key_location of account openai: file blank is empty"
            ),
        ]
    )
    func offByTable(text: String, variables: [String: String], reason: String) {
        var given = Given(text, environment: variables)
        given.files["blank"] = " \n\t\n"
        let warnings = given.findings().filter { $0.hasSuffix("; the account is off") }
        #expect(warnings.count == 1 && warnings.first?.contains(": warning: \(reason);") == true, "\(given.findings())")
        let checked = ConfigCommands.check(given.load(), files: given.order)
        #expect(checked.exitCode == 0 && checked.errors.contains(reason))
    }

    @Test("a blank variable of a key counts as missing, and the start says so instead of failing")
    func blankVariable() {
        let given = Given(nil, environment: ["OPENAI_API_KEY": " \n"])
        #expect(
            given.findings() == [
                "environment variable OPENAI_API_KEY: warning: account openai: environment variable OPENAI_API_KEY is "
                    + "empty; the account is off"
            ]
        )
    }

    @Test("half an AWS key of the environment is told at the start")
    func halfAWSKey() {
        let given = Given(nil, environment: ["AWS_ACCESS_KEY_ID": "AK", "AWS_REGION": "us-east-1"])
        #expect(given.findings().contains { $0.contains("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not") })
    }

    @Test("a key whose account has no address is hinted at, once, and not when some account uses it")
    func placeless() {
        let key = ["AZURE_API_KEY": "k-0123456789"]
        let text =
            "environment variable AZURE_API_KEY: warning: no account has an address for this key: set base_url in "
            + "[gateway.providers.azure]"
        #expect(Given(nil, environment: key).findings() == [text])
        let mine = "[gateway.providers.mine]\ntype = \"azure\"\nbase_url = \"https://r.example.com\"\n"
        #expect(Given(mine, environment: key).findings() == [])
        let path = ["GCP_VERTEX_CREDENTIALS_PATH": "/sa.json"]
        #expect(Given(nil, environment: path).findings().count == 1)
    }

    @Test("what only a list of providers names may be off without a word while another stands in")
    func offInList() {
        let text = "[models.\"gpt-4o\"]\nrouting = [\"openai\", \"openrouter\"]"
        #expect(Given(text, environment: Self.keys).findings() == [])
    }

    @Test("[ai] is [gateway]")
    func ai() throws {
        let snapshot = try #require(
            Given("[ai.providers.work]\ntype = \"openai\"\n[ai]\nauth.enabled = false", environment: Self.keys).build()
                .snapshot
        )
        #expect(snapshot.accounts[AccountName("work")] != nil)
        #expect(!snapshot.auth.enabled)
    }

    @Test("a key is never sent in the clear to another machine without a word")
    func clearText() {
        let given = Given(
            "[gateway.providers.v]\ntype = \"vllm\"\nbase_url = \"http://10.0.0.5/v1\"\napi_key_location = \"env::OTHER\"",
            environment: Self.keys
        )
        #expect(
            given.findings()
                == ["martlet.toml:3:1: warning: account v sends its key over plain http to another machine"]
        )
    }

    @Test("a key file's path belongs to the file that names it")
    func keyFile() throws {
        var given = Given()
        given.add(
            "/etc/martlet/martlet.toml",
            "[gateway.providers.openai]\napi_key_location = \"file::keys/openai\"\ntls = { ca_file = \"ca.pem\" }"
        )
        given.files["/etc/martlet/keys/openai"] = "sk-from-file\n"
        let target = try #require(given.build().snapshot?.accounts[AccountName("openai")]).makeTarget("m")
        #expect(target.headers.first?.value == "Bearer sk-from-file")
        #expect(target.tls.caFile == "/etc/martlet/ca.pem")
        #expect(target.id.rawValue == "openai|m|file::/etc/martlet/keys/openai")
    }

    @Test("an account's limits reach its targets")
    func limits() throws {
        let text = """
            [gateway.providers.openai]
            timeout_s = 600
            connect_timeout_s = 2.5
            first_token_timeout_s = 20
            """
        let snapshot = try #require(Given(text, environment: Self.keys).build().snapshot)
        let target = try #require(snapshot.accounts[AccountName("openai")]).makeTarget("m")
        #expect(
            target.timeouts
                == TargetTimeouts(connect: .milliseconds(2_500), total: .seconds(600), firstToken: .seconds(20))
        )
    }

    @Test("no secret is in any finding or value shown")
    func secrets() {
        let given = Given(
            """
            [gateway.providers.mine]
            type = "openai_compatible"
            base_url = "http://10.0.0.5/v1"
            api_key_location = "env::OTHER"
            headers = { "X-Api-Key" = "sk-inline-0123456789" }
            """,
            environment: Self.keys
        )
        let config = given.load()
        let text = ConfigCommands.show(config, origin: true).text + given.findings().joined()
        #expect(text.contains("••••6789"))
        for secret in ["sk-inline", "sk-other", "sk-openai"] { #expect(!text.contains(secret)) }
    }
}

@Suite("Keys of the gateway") struct GatewayKeyTests {
    @Test("come from their variables, or from where the file says")
    func keys() {
        let plain = Given(nil, environment: ["GATEWAY_API_KEY": "static", "ADMIN_KEY": "admin"]).load().settings.auth
        #expect(plain.staticKey == "static" && plain.adminKey == "admin" && plain.enabled)
        var given = Given("[gateway.auth]\napi_key_location = \"file::k\"", environment: ["GATEWAY_API_KEY": "no"])
        given.files["k"] = "from-file\n"
        #expect(given.load().settings.auth.staticKey == "from-file")
        given.files["k"] = nil
        #expect(
            given.load().diagnostics.map(\.description)
                == ["martlet.toml:2:1: error: gateway.auth.api_key_location: file k cannot be read"]
        )
    }

    @Test(
        "may be off on loopback only",
        arguments: [
            ("127.0.0.1:1", [:], false), ("[::1]:1", [:], false), ("localhost:1", [:], false), ("0.0.0.0:1", [:], true),
            ("10.0.0.1:1", [:], true), ("127.0.0.1.example.com:1", [:], true), (nil, ["PORT": "80"], true),
            (nil, [:], false),
        ] as [(String?, [String: String], Bool)]
    )
    func authOff(bind: String?, environment: [String: String], refused: Bool) {
        let server = bind.map { "[server]\nbind = \"\($0)\"\n" } ?? ""
        let outcome = Given(server + "[gateway]\nauth.enabled = false", environment: environment).build()
        #expect(outcome.diagnostics.hasErrors == refused)
        #expect((outcome.snapshot == nil) == refused)
    }

    @Test(
        "an account's own word on the prompt cache wins over the variable, which is a switch or a word",
        arguments: [
            ("", nil, .off), ("", "1", .auto), ("", "true", .auto), ("", "0", .off), ("", "system", .system),
            ("prompt_cache = \"off\"", "1", .off), ("prompt_cache = \"system\"", nil, .system),
            ("prompt_cache = \"auto\"", "0", .auto),
        ] as [(String, String?, PromptCacheMode)]
    )
    func promptCache(line: String, variable: String?, mode: PromptCacheMode) throws {
        var environment = ["ANTHROPIC_API_KEY": "sk-1"]
        environment["ENABLE_ANTHROPIC_CACHE_CONTROL"] = variable
        let given = Given("[gateway.providers.anthropic]\n\(line)", environment: environment)
        let snapshot = try #require(given.build().snapshot)
        let account = try #require(snapshot.accounts[AccountName("anthropic")])
        #expect(account.makeTarget("claude-sonnet-5").quirks.promptCache == mode)
        #expect(given.findings().isEmpty)
    }

    @Test("a variable that is neither is an error that names it")
    func wrongPromptCache() {
        let environment = ["ANTHROPIC_API_KEY": "sk-1", "ENABLE_ANTHROPIC_CACHE_CONTROL": "maybe"]
        #expect(
            Given(nil, environment: environment).findings() == [
                "environment variable ENABLE_ANTHROPIC_CACHE_CONTROL: error: must be true, false, off, auto or system"
            ]
        )
    }
}
