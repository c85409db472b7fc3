import MartletCore
import MartletRouting
import NIOCore
import Testing

@testable import MartletExchange

@Suite("Reasoning that its target refuses") struct DisownTests {
    private static let thinking =
        #"{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},{"type":"text","text":"a"}]}"#
    private static let history =
        #"{"model":"gpt-test","max_tokens":9,"later":1,"messages":[{"role":"user","content":"x"},\#(thinking),"#
        + #"{"role":"user","content":"y"}]}"#
    private static let refusal =
        #"{"type":"error","error":{"type":"invalid_request_error","message":"messages.1.content.0: Invalid `signature` in `thinking` block"}}"#
    private static let sealed =
        #"{"model":"gpt-test","input":[{"type":"message","role":"user","content":"x"},"#
        + #"{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"blob"},{"type":"message","role":"user","content":"y"}]}"#
    private static let blobRefusal =
        #"{"error":{"message":"The encrypted content could not be verified.","type":"invalid_request_error","code":"invalid_encrypted_content"}}"#

    private func ask(_ which: String) -> Driver {
        if which == "messages" {
            return Driver(Setup(targets: [Messages.claude]), head: .messages()).send(Self.history).connect()
        }
        let head = ClientHead.chat { $0.path = "/v1/responses" }
        let vendor = Target.sample("vendor", model: "gpt-up", dialect: .openAIResponses)
        return Driver(Setup(targets: [vendor]), head: head).send(Self.sealed).connect()
    }

    @Test(
        "is left out and the same target asked again, once, and the caller is told",
        arguments: ["messages", "responses"]
    )
    func again(which: String) throws {
        let driver = ask(which)
        let first = driver.sentText
        #expect(first.contains(which == "messages" ? "c2ln" : "blob"))
        driver.head(400, .json).bytes(which == "messages" ? Self.refusal : Self.blobRefusal).end().connect()
        let second = driver.sentText
        #expect(second != first && !second.contains("c2ln") && !second.contains("blob"))
        #expect(second.contains("\"y\"") && second.contains("\"x\""))
        if which == "messages" { #expect(second.contains("\"later\":1")) }
        driver.head(200, .json)
        guard which == "messages" else { return }
        driver.bytes(Messages.answer).end()
        #expect(driver.response?.status == 200)
        #expect(driver.field("x-gateway-dropped")?.contains("messages[1]") == true)
        #expect(driver.outcome?.attempts.map(\.outcome) == ["client_error", "ok"])
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a second refusal is shown", arguments: ["messages", "responses"])
    func twice(which: String) {
        let driver = ask(which)
        let refusal = which == "messages" ? Self.refusal : Self.blobRefusal
        driver.head(400, .json).bytes(refusal).end().connect().head(400, .json).bytes(refusal).end()
        #expect(driver.response?.status == 400)
        #expect(driver.bodyText.contains(which == "messages" ? "in `thinking` block" : "could not be verified"))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a refusal for another reason is not asked about again")
    func other() {
        let driver = ask("messages")
        let refusal = #"{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: too small"}}"#
        driver.head(400, .json).bytes(refusal).end()
        #expect(driver.response?.status == 400 && driver.accounts == ["claude"])
    }
}
