import MartletCore
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@testable import MartletExchange

@Suite("Counting tokens") struct CountTests {
    private static let body = #"{"model":"gpt-test","messages":[{"role":"user","content":"hello there"}]}"#

    private func ask(_ targets: [Target], _ body: String = Self.body) -> Driver {
        Driver(Setup(targets: targets), head: .messages("/v1/messages/count_tokens")).send(body)
    }

    @Test("is asked of a target that speaks the dialect, and costs nothing")
    func passes() {
        let driver = ask([Messages.claude]).connect()
        #expect(driver.legs[driver.leg]?.request?.path == "/messages/count_tokens")
        #expect(driver.sentText == Self.body.replacing("gpt-test", with: "claude-sonnet-4-5"))
        driver.head(200, .json).bytes(#"{"input_tokens":12}"#).end()
        #expect(driver.response?.status == 200 && driver.bodyText == #"{"input_tokens":12}"#)
        #expect(driver.field("x-gateway-estimated") == nil)
        #expect(driver.outcome?.usage == Usage(inputTokens: 0, outputTokens: 0))
        #expect(driver.outcome?.record?.state == .settled && driver.intent?.usage.inputTokens == 0)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("is estimated for all others, and marked so")
    func estimated() {
        for target in [Target.sample("one"), .mock] {
            let driver = ask([target])
            #expect(driver.response?.status == 200 && driver.field("x-gateway-estimated") == "1")
            // Three for the text, four around the message.
            #expect(driver.bodyText == #"{"input_tokens":7}"#)
            #expect(driver.legs.isEmpty && driver.outcome?.usage == Usage(inputTokens: 0, outputTokens: 0))
            // Nobody was asked, so that there is nothing to report.
            #expect(driver.intent == nil && driver.outcome?.record == nil)
            #expect(driver.problems.isEmpty, "\(driver.report)")
        }
    }

    @Test("is estimated when who was asked fails and the next cannot be asked")
    func fallback() {
        let driver = ask([Messages.claude, .sample("one")]).connect().head(401, .json).bytes("{}").end()
        #expect(driver.response?.status == 200 && driver.field("x-gateway-estimated") == "1")
        #expect(driver.intent != nil && driver.outcome?.record?.state == .settled)
        // Who was asked, not who comes behind.
        #expect(driver.outcome?.record?.provider == "claude" && driver.intent?.provider == "claude")
        #expect(driver.outcome?.record?.upstreamModel == Messages.claude.upstreamModel)
        #expect(driver.outcome?.record?.attempts == 1 && driver.outcome?.provider == "claude")
        #expect(driver.field("x-provider") == "one", "whose count the estimate stands for")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("an answer without a count is none")
    func noCount() {
        let driver = ask([Messages.claude]).connect().head(200, .json).bytes("{}").end()
        #expect(driver.response?.status == 502)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a request that cannot be read is refused in Anthropic's shape")
    func refused() {
        let driver = ask([.sample("one")], #"{"model":"gpt-test"}"#)
        #expect(driver.response?.status == 400)
        #expect(driver.bodyText.hasPrefix(#"{"type":"error","error":{"type":"invalid_request_error""#))
    }

    @Test("a kept conversation is no matter of counting")
    func thread() {
        let body = Self.body.dropLast() + #","thread":{"type":"continue","previous_message_id":"msg_0"}}"#
        let driver = ask([Messages.claude], String(body)).connect()
        #expect(driver.asks.isEmpty && driver.sentText.contains("thread"))
    }
}
