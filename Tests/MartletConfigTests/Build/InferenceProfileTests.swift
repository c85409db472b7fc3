import MartletCore
import MartletGovernance
import MartletRouting
import Testing

@testable import MartletConfig

@Suite("Profiles of models on Bedrock") struct InferenceProfileTests {
    private static let sonnet = "anthropic.claude-sonnet-4-5-20250929-v1:0"
    private static let environment = ["AWS_BEARER_TOKEN_BEDROCK": "t", "AWS_REGION": "eu-west-1"]

    private func target(_ name: String, _ text: String? = nil, overlay: String? = nil) throws -> Target {
        var given = Given(text, environment: Self.environment)
        if let overlay {
            given.add("o.toml", "[gateway]\nregistry_overlay = \"models.toml\"\n")
            given.files["models.toml"] = overlay
        }
        let outcome = given.build()
        #expect(outcome.diagnostics.isEmpty, "\(outcome.diagnostics)")
        let snapshot = try #require(outcome.snapshot)
        return try #require(try Planner.plan(PlanRequest(model: name), in: snapshot).targets.first)
    }

    @Test(
        "a profile has the facts of its model, and of newer Claude a geography's costs a tenth more",
        arguments: [
            ("us.", 3_300_000), ("eu.", 3_300_000), ("apac.", 3_300_000), ("jp.", 3_300_000), ("au.", 3_300_000),
            ("ca.", 3_300_000), ("us-gov.", 3_600_000), ("global.", 3_000_000),
            ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.", 3_300_000),
            ("arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:inference-profile/us-gov.", 3_600_000),
            ("arn:aws:bedrock:us-east-1::foundation-model/", 3_000_000),
        ]
    )
    func facts(prefix: String, input: Int) throws {
        let target = try target("bedrock::" + prefix + Self.sonnet)
        #expect(target.upstreamModel == prefix + Self.sonnet)
        #expect(target.price?.input == TokenPrice(picoUSD: Int64(input)))
        // A tenth of the input for cache reads, five times it for the output, twice it above 200,000 tokens.
        #expect(target.price?.cacheRead == TokenPrice(picoUSD: Int64(input / 10)))
        #expect(target.price?.output == TokenPrice(picoUSD: Int64(input * 5)))
        #expect(target.price?.longPrompt?.rates.input == TokenPrice(picoUSD: Int64(input * 2)))
        #expect(target.contextWindow == 200_000)
        #expect(target.capabilities == ModelCapabilities(jsonSchema: true, tools: true, reasoning: true))
    }

    @Test("profiles of older Claude and of other makers cost what the model does")
    func samePrice() throws {
        #expect(
            try target("bedrock::eu.anthropic.claude-3-5-sonnet-20241022-v2:0").price?.input
                == TokenPrice(picoUSD: 3_000_000)
        )
        #expect(try target("bedrock::us.amazon.nova-lite-v1:0").price?.input == TokenPrice(picoUSD: 60_000))
    }

    @Test("a name that tells no model is unpriced, and so is one with a prefix that is none")
    func unknown() throws {
        let own = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123"
        for name in [own, "xx." + Self.sonnet, "us.anthropic.claude-unheard-of"] {
            let target = try target("bedrock::" + name)
            #expect(target.price == nil && target.contextWindow == nil && target.upstreamModel == name)
        }
    }

    @Test("a configured model's own name may be that of a profile")
    func configured() throws {
        let target = try target("mine", "[models.mine.providers.bedrock]\nmodel_name = \"global.\(Self.sonnet)\"\n")
        #expect(target.upstreamModel == "global." + Self.sonnet && target.price?.output.picoUSD == 15_000_000)
    }

    @Test("a row for just that profile wins")
    func ownRow() throws {
        let row = """
            [models."eu.\(Self.sonnet)".aws_bedrock]
            input_price_per_mtok = 4
            output_price_per_mtok = 5
            """
        #expect(try target("bedrock::eu." + Self.sonnet, overlay: row).price?.input.picoUSD == 4_000_000)
        let account = "[gateway.providers.bedrock]\ninference_profile = \"eu\"\n"
        #expect(try target("claude-sonnet-4-5", account, overlay: row).price?.input.picoUSD == 4_000_000)
    }

    @Test("an account's profile stands before the names of models that have one, when they are asked for by name")
    func account() throws {
        let account = "[gateway.providers.bedrock]\ninference_profile = \"eu\"\n"
        for name in ["claude-sonnet-4-5", "bedrock::claude-sonnet-4-5"] {
            let target = try target(name, account)
            #expect(target.upstreamModel == "eu." + Self.sonnet && target.price?.input.picoUSD == 3_300_000)
        }
        let configured = try target("claude-sonnet-4-5", account + "[models.claude-sonnet-4-5.providers.bedrock]\n")
        #expect(configured.upstreamModel == "eu." + Self.sonnet)
        // There is no profile of these.
        #expect(try target("titan-embed-text-v2", account).upstreamModel == "amazon.titan-embed-text-v2:0")
        // Whoever writes Bedrock's own name means it.
        #expect(try target("bedrock::" + Self.sonnet, account).upstreamModel == Self.sonnet)
        #expect(try target("bedrock::us." + Self.sonnet, account).upstreamModel == "us." + Self.sonnet)
        // By default nothing is put in front.
        #expect(try target("bedrock::claude-sonnet-4-5").upstreamModel == Self.sonnet)
    }

    @Test("a profile that is none is refused, and so is one of a provider that has none")
    func refused() {
        var given = Given("[gateway.providers.bedrock]\ninference_profile = \"ue\"\n", environment: Self.environment)
        let finding = "inference_profile of account bedrock must be one of apac, au"
        #expect(given.findings().contains { $0.contains(finding) })
        given = Given("[gateway.providers.openai]\ninference_profile = \"eu\"\n", environment: ["OPENAI_API_KEY": "k"])
        #expect(given.findings().contains { $0.contains("accounts of type openai have no inference_profile") })
    }
}
