import MartletCore
import MartletRouting
import NIOCore
import Testing

@testable import MartletExchange

@Suite("Credentials in callers' bodies") struct CallersCredentialsTests {
    /// One surface, with the members that a request there cannot do without.
    struct Surface: Sendable, CustomTestStringConvertible {
        let path: String
        let members: String
        var testDescription: String { path }

        init(_ path: String, _ members: String) {
            self.path = path
            self.members = members
        }
    }

    private static let messages = #""messages":[{"role":"user","content":"hello there"}]"#
    private static let surfaces = [
        Surface("/v1/chat/completions", messages),
        Surface("/v1/responses", #""input":"hello there""#),
        Surface("/v1/messages", messages + #","max_tokens":9"#),
        Surface("/v1/completions", #""prompt":"hello there""#),
        Surface("/v1/embeddings", #""input":"hello there""#),
        Surface("/v1/moderations", #""input":"hello there""#),
        Surface("/api/chat", messages),
        Surface("/api/generate", #""prompt":"hello there""#),
        Surface("/api/embed", #""input":"hello there""#),
    ]
    private static let targets = [
        Target.sample("one"), .sample("claude", model: "claude-sonnet-4-5", dialect: .anthropicMessages),
        .sample("ollama", dialect: .ollamaChat, otherDialects: [.ollamaGenerate]), .sample("google", dialect: .gemini),
        .sample("bedrock", dialect: .bedrockConverse), .sample("responses", dialect: .openAIResponses),
        .sample("vertex", model: "claude-sonnet-4-5", dialect: .anthropicVertex),
        .sample("aws", model: "claude-sonnet-4-5", dialect: .bedrockAnthropic),
        .sample("maker", dialect: .sageMakerChat),
        .sample("completions", dialect: .openAIChat, otherDialects: [.openAICompletions]),
        .sample(
            "odd",
            quirks: { () -> Quirks in
                var chat = ChatQuirks()
                chat.tokenLimit = .maxTokens
                chat.drop = ["user"]
                return Quirks(chat: chat)
            }()
        ),
    ]

    @Test("reach no target of any format, and the caller is told", arguments: surfaces)
    func stripped(surface: Surface) throws {
        var sentTo = 0
        for target in Self.targets {
            for key in ["tensorzero::credentials", #"tensorzero\u003a:credentials"#] {
                let driver = Driver(Setup(targets: [target]), head: .chat { $0.path = surface.path })
                driver.send(
                    "{\"model\":\"gpt-test\",\(surface.members),\"\(key)\":{\"key\":\"sk-caller\"},\"user\":\"u\"}"
                )
                if driver.response == nil { driver.connect() }
                // Not every target has every endpoint.
                guard let sent = driver.legs[driver.leg]?.request else {
                    #expect(driver.response.map { $0.status >= 400 } == true, "\(driver.report)")
                    continue
                }
                sentTo += 1
                let text = sent.body.buffers.map { String(buffer: $0) }.joined()
                #expect(text.contains("hello there"), "\(text)")
                #expect(!text.contains("sk-caller") && !text.contains("credentials"), "\(text)")
                driver.head(400, .json).bytes(#"{"error":{"message":"no"}}"#).end()
                #expect(
                    driver.field("x-gateway-dropped")?.contains("tensorzero::credentials") == true,
                    "\(driver.report)"
                )
            }
        }
        #expect(sentTo >= 4, "\(sentTo)")
    }

    @Test("are in no answer that repeats its request")
    func notRepeated() {
        let driver = Driver(Setup(targets: [.sample("one")]), head: .chat { $0.path = "/v1/responses" })
        driver.send(#"{"model":"gpt-test","input":"hi","tensorzero::credentials":{"key":"sk-caller"}}"#).connect()
        driver.head(200, .json).bytes(Chat.answer).end()
        #expect(driver.response?.status == 200 && !driver.bodyText.contains("sk-caller"), "\(driver.bodyText)")
    }
}
