import MartletCore
import MartletRouting
import Testing

@testable import MartletExchange

@Suite("Prompt cache of a target") struct PromptCacheTests {
    private static let mark = #""cache_control":{"type":"ephemeral"}"#

    private func claude(_ mode: PromptCacheMode, _ dialect: Dialect = .anthropicMessages) -> Target {
        var quirks = Quirks()
        quirks.promptCache = mode
        return Target.sample("claude", model: "claude-sonnet-4-5", dialect: dialect, quirks: quirks)
    }

    private func text(_ words: Int = 1_000) -> String { String(repeating: "word ", count: words) }

    @Test("an Anthropic caller's body gets marks where the account says so, and keeps its other bytes")
    func messages() {
        let body = Messages.body(extra: #","system":"\#(text())""#)
        let marked = Driver(Setup(targets: [claude(.auto)]), head: .messages()).send(body).connect()
        #expect(marked.sentText.contains(#","system":[{"type":"text","text":"\#(text())",\#(Self.mark)}]}"#))
        let plain = Driver(Setup(targets: [claude(.off)]), head: .messages()).send(body).connect()
        #expect(plain.sentText == body.replacing("gpt-test", with: "claude-sonnet-4-5"))
    }

    @Test("a large body is marked elsewhere, and the same")
    func large() {
        let body = Messages.body(extra: #","system":"\#(text(60_000))""#)
        let driver = Driver(Setup(targets: [claude(.system)]), head: .messages()).send(body)
        #expect(driver.legs.isEmpty && driver.openAsk?.ask.text == "compute")
        driver.compute().connect()
        #expect(driver.sentText.contains(#"word ",\#(Self.mark)}]}"#))
        #expect(driver.sentText.contains(#""model":"claude-sonnet-4-5""#))
        driver.head(200, .json).bytes(Messages.answer).end()
        #expect(driver.bodyText == Messages.answer)
    }

    @Test("Vertex AI gets the same marks, whatever the size of the body", arguments: [1_000, 60_000])
    func vertex(words: Int) {
        let body = Messages.body(extra: #","system":"\#(text(words))""#)
        let driver = Driver(Setup(targets: [claude(.auto, .anthropicVertex)]), head: .messages()).send(body)
        driver.compute().connect()
        #expect(driver.sentText.contains(#","system":[{"type":"text","text":"\#(text(words))",\#(Self.mark)}]}"#))
        #expect(driver.sentText.hasPrefix(#"{"anthropic_version":"vertex-2023-10-16","#))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("an OpenAI caller's system text is marked on its way to such a target")
    func chat() {
        let body =
            #"{"model":"gpt-test","messages":[{"role":"system","content":"\#(text())"},{"role":"user","content":"hi"}]}"#
        let driver = Driver(Setup(targets: [claude(.auto)])).send(body).connect()
        #expect(driver.sentText.contains(#""system":[{"type":"text","text":"\#(text())",\#(Self.mark)}]"#))
    }
}
