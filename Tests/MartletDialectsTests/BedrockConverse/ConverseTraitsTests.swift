import MartletCore
import MartletDialects
import Testing

@Suite("Converse by a model's traits") struct ConverseTraitsTests {
    private static let body =
        #"{"model":"arn-of-nobody","messages":[{"role":"user","content":"x"}],"tool_choice":"required","#
        + #""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]}"#

    private func sent(_ traits: ModelTraits?, _ dialect: Dialect) throws -> String {
        var settings = CodecSettings(account: "a")
        settings.traits = traits
        let codec = try #require(dialect.codec(settings))
        let request = try OpenAIChatCodec().decodeRequest(Array(Self.body.utf8))
        return String(decoding: try codec.encodeRequest(request).body, as: UTF8.self)
    }

    @Test("goes by the traits that came with the target, and reads no name then")
    func given() throws {
        let known = ModelTraits(model: "anthropic.claude-sonnet-4-5", dialects: [.bedrockConverse])
        #expect(try sent(known, .bedrockConverse).contains(#""toolChoice":{"any":{}}"#))
        #expect(try !sent(nil, .bedrockConverse).contains("toolChoice"))
    }

    @Test(
        "so do Anthropic's messages, behind whatever door",
        arguments: [Dialect.anthropicMessages, .anthropicVertex, .bedrockAnthropic]
    )
    func messages(dialect: Dialect) throws {
        let old = ModelTraits(model: "claude-3-haiku-20240307", dialects: [dialect])
        #expect(try sent(old, dialect).contains(#""max_tokens":4096"#))
        #expect(try !sent(nil, dialect).contains(#""max_tokens":4096"#))
    }
}
