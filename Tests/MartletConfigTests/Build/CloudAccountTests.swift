import MartletCore
import MartletProviders
import MartletRouting
import Testing

@testable import MartletConfig

@Suite("Accounts of clouds") struct CloudAccountTests {
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
