import MartletCore
import MartletProviders
import MartletRouting
import Testing

@testable import MartletConfig

@Suite("Accounts of clouds") struct CloudAccountTests {
    private static let file = #"{"type":"service_account","client_email":"a@b","private_key":"PEM","#

    private func build(_ text: String, _ file: String, _ environment: [String: String] = [:]) -> SnapshotBuilder.Outcome
    {
        let path = ["GCP_VERTEX_CREDENTIALS_PATH": "/keys/sa.json"]
        var given = Given(text, environment: path.merging(environment) { $1 })
        given.files["/keys/sa.json"] = file
        return given.build()
    }

    private func vertex(
        _ lines: String,
        file: String = Self.file + #""project_id":"of-file"}"#,
        _ environment: [String: String] = [:]
    ) throws -> Target {
        let outcome = build("[gateway.providers.vertex]\n\(lines)\n", file, environment)
        let account = outcome.snapshot?.accounts[AccountName("vertex")]
        return try #require(account, "\(outcome.diagnostics)").makeTarget("gemini-3.5-flash")
    }

    // MARK: Google

    @Test("the project is the account's, else the environment's, else that of the credential's file")
    func project() throws {
        func path(_ lines: String, _ environment: [String: String] = [:]) throws -> String {
            try vertex(lines, environment).endpoint.basePath
        }
        let environment = ["GOOGLE_CLOUD_PROJECT": "of-environment", "GOOGLE_CLOUD_LOCATION": "eu"]
        #expect(try path("location = \"global\"").hasPrefix("/v1/projects/of-file/locations/global/"))
        #expect(try path("", environment).hasPrefix("/v1/projects/of-environment/locations/eu/"))
        let own = "project_id = \"own\"\nlocation = \"us\""
        #expect(try path(own, environment).hasPrefix("/v1/projects/own/locations/us/"))
        let missing = build("[gateway.providers.vertex]\nlocation = \"eu\"\n", Self.file + #""a":1}"#)
        #expect(missing.diagnostics.map(\.description).contains { $0.contains("needs project_id") })
        let odd = build("[gateway.providers.vertex]\nlocation = \"eu\"\n", Self.file, ["GOOGLE_CLOUD_PROJECT": "a/b"])
        #expect(
            odd.diagnostics.map(\.description).contains { $0.contains("project_id of account vertex may hold only") }
        )
    }

    @Test("the project that calls are counted for is sent, unless the account has a field of its own")
    func quotaProject() throws {
        let place = "project_id = \"p\"\nlocation = \"eu\"\n"
        func sent(_ lines: String = "", quota: Bool = true, environment: [String: String] = [:]) throws -> [String] {
            let file = Self.file + (quota ? #""quota_project_id":"billed"}"# : #""a":1}"#)
            return try vertex(place + lines, file: file, environment).headers.filter {
                $0.name == "x-goog-user-project"
            }
            .map(\.value)
        }
        #expect(try sent() == ["billed"])
        #expect(try sent(quota: false) == [])
        #expect(try sent(environment: ["GOOGLE_CLOUD_QUOTA_PROJECT": "other"]) == ["other"])
        #expect(try sent("headers = { X-Goog-User-Project = \"own\" }") == ["own"])
    }

    // MARK: SageMaker

    @Test("a component of an endpoint is named in a field, and fails for itself")
    func component() throws {
        let text = """
            [gateway.providers.aws_sagemaker]
            inference_component = "small"
            [models.a.providers.aws_sagemaker]
            model_name = "endpoint"
            [models.b.providers.aws_sagemaker]
            model_name = "endpoint"
            inference_component = "large"
            """
        let keys = ["AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1"]
        let snapshot = try #require(Given(text, environment: keys).build().snapshot)
        var ids: Set<TargetID> = []
        for (model, name) in [("a", "small"), ("b", "large")] {
            let target = try #require(snapshot.models[ModelName(model)]?.targets.first)
            #expect(target.upstreamModel == "endpoint")
            let field = HeaderField(name: "x-amzn-sagemaker-inference-component", value: name)
            #expect(target.headers.contains(field))
            ids.insert(target.id)
        }
        #expect(ids.count == 2)
        for (type, name) in [("aws_sagemaker", "a b"), ("aws_bedrock", "a")] {
            let text = "[gateway.providers.\(type)]\ninference_component = \"\(name)\"\n"
            #expect(Given(text, environment: keys).build().diagnostics.contains { $0.severity == .error })
        }
    }

    // MARK: Azure

    @Test(
        "a version of the API before the members it has not is spoken to without them",
        arguments: [
            ("2024-06-01", false, .maxTokens, .objectOnly), ("2024-08-01-preview", false, .maxTokens, nil),
            ("2024-09-01-preview", true, .maxCompletionTokens, nil), ("2024-10-21", true, .maxCompletionTokens, nil),
            ("preview", true, .maxCompletionTokens, nil),
        ] as [(String, Bool, ChatQuirks.TokenLimit, ChatQuirks.Formats?)]
    )
    func versions(version: String, usage: Bool, limit: ChatQuirks.TokenLimit, formats: ChatQuirks.Formats?) throws {
        func target(_ more: String = "") throws -> Target {
            let base = "base_url = \"https://r.openai.azure.com\"\napi_version = \"\(version)\"\n"
            let given = Given("[gateway.providers.azure]\n\(base)\(more)", environment: ["AZURE_API_KEY": "k"])
            return try #require(given.build().snapshot?.accounts[AccountName("azure")]).makeTarget("m")
        }
        let found = try target()
        #expect(found.quirks.acceptsStreamUsage == usage)
        #expect(found.quirks.chat?.tokenLimit == limit && found.quirks.chat?.formats == formats)
        let own = try target("stream_usage = true\nquirks = { token_limit = \"either\" }\n")
        #expect(own.quirks.acceptsStreamUsage && own.quirks.chat?.tokenLimit == .either)
    }
}
