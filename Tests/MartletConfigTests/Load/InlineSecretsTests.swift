import Testing

@testable import MartletConfig

@Suite("Secrets that stand in a file") struct InlineSecretsTests {
    private static let text = """
        [gateway]
        registry_url = "https://models.example.com/list.json?token=query-0123456789&v=2"
        [gateway.auth]
        api_key_location = "sk-pasted-0123456789"
        [gateway.providers.aws_bedrock]
        region = "eu-central-1"
        access_key_id = "AKIAEXAMPLE"
        secret_access_key = "wJalr-0123456789"
        session_token = "FwoGZ-0123456789"
        proxy = "user:hunter-2@proxy:3128"
        [gateway.providers.openai]
        api_key_location = { default = "sk-first-0123456789", fallback = "env::OTHER" }
        proxy = "http://proxy-key-01:@proxy:3128"
        [gateway.providers.openai.headers]
        "Ocp-Apim-Subscription-Key" = "sub-0123456789"
        "X-Custom" = "Bearer custom-0123456789"
        "X-Team" = "search"
        [[tools.servers]]
        headers = { "Authorization" = "tool-0123456789" }
        env = { GITHUB_TOKEN = "ghp-0123456789" }
        [models.m.providers.openai.extra_headers]
        "X-Api-Token" = "extra-0123456789"
        """

    private static let secrets = [
        "query-01", "sk-pasted", "wJalr", "FwoGZ", "hunter-2", "sk-first", "proxy-key", "sub-01", "custom-01",
        "tool-01",
        "ghp-01", "extra-01",
    ]

    @Test("are shown by no value and no origin, at whatever depth they stand")
    func masked() {
        let config = Given(Self.text).load()
        for origin in [true, false] {
            let shown = ConfigCommands.show(config, origin: origin)
            for secret in Self.secrets { #expect(!(shown.text + shown.errors).contains(secret), "\(secret)") }
        }
        let text = ConfigCommands.show(config, origin: false).text
        #expect(text.contains("aws_bedrock.secret_access_key = \"••••6789\"\n"))
        #expect(text.contains("aws_bedrock.access_key_id = \"AKIAEXAMPLE\"\n"), "an id is no secret")
        #expect(text.contains("aws_bedrock.proxy = \"user:••••@proxy:3128\"\n"))
        #expect(text.contains("list.json?token=••••&v=2\"\n"))
        #expect(text.contains("openai.headers.X-Team = \"search\"\n"))
        #expect(text.contains("fallback = \"env::OTHER\"\n"), "a location is no secret")
    }

    @Test("are not accepted in a file that everybody may read, each with its place and without its value")
    func refused() {
        var given = Given(Self.text)
        given.permissions["martlet.toml"] = 0o644
        let findings = given.load().diagnostics.map(\.description).filter { $0.contains("world-readable") }
        for key in [
            "gateway.registry_url", "gateway.providers.aws_bedrock.secret_access_key",
            "gateway.providers.aws_bedrock.session_token", "gateway.providers.aws_bedrock.proxy",
            "gateway.providers.openai.api_key_location.default", "tools.servers.headers.Authorization",
        ] {
            #expect(findings.contains { $0.contains(" \(key) holds a secret") }, "\(key)")
        }
        for secret in Self.secrets { #expect(!findings.joined().contains(secret), "\(secret)") }
        given.permissions["martlet.toml"] = 0o600
        #expect(!given.findings().contains { $0.contains("world-readable") })
    }

    @Test("locations, names of variables and limits in a readable file are fine")
    func locations() {
        var given = Given(
            """
            [gateway.providers.aws_bedrock]
            region = "eu-central-1"
            access_key_id = "env::ID"
            secret_access_key = "file::aws.secret"
            session_token = "env::TOKEN"
            proxy = "http://proxy:3128"
            [gateway.providers.my_location]
            type = "openai"
            headers = { "X-Author" = "me" }
            quirks = { token_limit = "max_tokens" }
            [local]
            cf_access = { client_secret_env = "CF_SECRET" }
            """
        )
        given.permissions["martlet.toml"] = 0o644
        #expect(!given.findings().contains { $0.contains("holds a secret") })
        #expect(!ConfigCommands.show(given.load(), origin: true).text.contains("••••"))
    }
}
