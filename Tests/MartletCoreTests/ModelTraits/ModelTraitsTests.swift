import MartletCore
import Testing

@Suite("Traits of models") struct ModelTraitsTests {
    private static let claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"

    @Test(
        "are those of the formats that may be spoken, and no others",
        arguments: (0...UInt8.max).compactMap(Dialect.init(rawValue:))
    )
    func formats(dialect: Dialect) {
        let traits = ModelTraits(model: Self.claude, dialects: [dialect])
        let isMessages = [.anthropicMessages, .anthropicVertex, .bedrockAnthropic].contains(dialect)
        #expect(traits.anthropic == (isMessages ? AnthropicModelTraits(model: Self.claude) : nil))
        #expect(traits.bedrock == (dialect == .bedrockConverse ? BedrockModelTraits(model: Self.claude) : nil))
    }

    @Test("of a target with several formats are all there")
    func several() {
        let traits = ModelTraits(model: Self.claude, dialects: [.bedrockConverse, .bedrockAnthropic])
        #expect(traits.bedrock?.claude == traits.anthropic && traits.anthropic != nil)
    }
}
