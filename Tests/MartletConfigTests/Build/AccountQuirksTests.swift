import MartletCore
import MartletRouting
import Testing

@testable import MartletConfig

@Suite("What an account says about its server") struct AccountQuirksTests {
    private static let keys = [
        "KEY": "key-0123456789", "AZURE_API_KEY": "azure-0123456789", "DEEPSEEK_API_KEY": "deepseek-0123456789",
        "AZURE_OPENAI_ENDPOINT": "https://res.openai.azure.com",
    ]

    private func target(_ toml: String, model: String = "m", environment: [String: String] = keys) throws -> Target {
        let models = "\n[models.x.providers.up]\nmodel_name = \"\(model)\""
        let snapshot = try #require(Given(toml + models, environment: environment).build().snapshot)
        return try #require(snapshot.models[ModelName("x")]?.targets.first)
    }

    @Test("its key goes where it says, and its words win over those of its type")
    func words() throws {
        let target = try self.target(
            """
            [gateway.providers.up]
            type = "openai_compatible"
            base_url = "https://models.example.com/v1"
            api_key_location = "env::KEY"
            auth_header = "X-Api-Key"
            auth_prefix = ""
            stream_usage = false
            quirks = { token_limit = "max_tokens", formats = "object_only", only_system_role = true, call_id_length = 9 }
            """
        )
        #expect(target.headers == [HeaderField(name: "x-api-key", value: "key-0123456789")])
        #expect(!target.quirks.acceptsStreamUsage)
        var quirks = ChatQuirks()
        quirks.tokenLimit = .maxTokens
        quirks.formats = .objectOnly
        quirks.onlySystemRole = true
        quirks.callIDLength = 9
        #expect(target.quirks.chat == quirks)
        #expect(target.capabilities.jsonSchema == false, "schemas are asked for in words")
    }

    @Test("what it does not say stays as its type has it; no quirk at all keeps the plain path")
    func rest() throws {
        let own = try target("[gateway.providers.up]\ntype = \"deepseek\"\nquirks = { refuses_null = true }")
        #expect(own.quirks.chat?.refusesNull == true && own.quirks.chat?.wantsReasoningWithCalls == true)
        let plain = try target(
            "[gateway.providers.up]\ntype = \"tgi\"\nbase_url = \"http://127.0.0.1:1/v1\"\nquirks = {}"
        )
        #expect(plain.quirks.chat?.formats == .value)
        let none = try target(
            "[gateway.providers.up]\ntype = \"openai_compatible\"\nbase_url = \"http://127.0.0.1:1/v1\""
        )
        #expect(none.quirks.chat == nil)
    }

    @Test("a field that cannot carry a key is an error, and so is a word that no quirk has")
    func wrong() {
        let start = "[gateway.providers.up]\ntype = \"openai_compatible\"\nbase_url = \"http://127.0.0.1:1/v1\"\n"
        for line in [
            "auth_header = \"host\"", "auth_header = \"a b\"", "auth_prefix = \"a\\r\\nb: c\"",
            "quirks = { token_limit = \"tokens\" }", "quirks = { unheard_of = true }", "api_version = \"1&x=y\"",
        ] {
            let given = Given(start + line, environment: Self.keys)
            #expect(given.build().diagnostics.hasErrors, "\(line)")
        }
    }

    @Test("an address without a path gets its type's: the newer one, or with a version the one with the model")
    func azure() throws {
        func path(_ lines: String, model: String = "gpt 4o") throws -> String {
            let target = try self.target("[gateway.providers.up]\ntype = \"azure\"\n" + lines, model: model)
            return target.requestPrefix + " " + target.requestSuffix
        }
        let version = "api_version = \"2024-10-21\""
        #expect(try path("") == "/openai/v1 ")
        #expect(try path(version) == "/openai/deployments/gpt%204o ?api-version=2024-10-21")
        let own = "base_url = \"https://gateway.example.com/team/openai/v1\"\n"
        #expect(try path(own + "api_version = \"preview\"") == "/team/openai/v1 ?api-version=preview")
        let target = try self.target("[gateway.providers.up]\ntype = \"azure\"\n" + version)
        #expect(target.endpoint.host == "res.openai.azure.com")
        #expect(target.headers.contains(HeaderField(name: "api-key", value: "azure-0123456789")))
        #expect(target.source == .cloud)
        #expect(target.otherDialects.isEmpty, "the responses stand beside the deployments, not below them")
    }

    @Test("a model that is known to reason is not sent what such models refuse")
    func reasoning() throws {
        func dropped(_ abilities: String) throws -> [String] {
            let toml = """
                [gateway.providers.up]
                type = "xai"
                api_key_location = "env::KEY"
                [models.x]
                capabilities = [\(abilities)]
                """
            return try target(toml).quirks.chat?.drop ?? []
        }
        #expect(try dropped("\"reasoning\"") == ["presence_penalty", "frequency_penalty"])
        #expect(try dropped("\"tools\"").isEmpty)
    }
}
