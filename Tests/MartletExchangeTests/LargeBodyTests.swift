import MartletCore
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@testable import MartletExchange

@Suite("Large bodies") struct LargeBodyTests {
    private static let claude = Target.sample("claude", model: "claude-sonnet-4-5", dialect: .anthropicMessages)
    private static let text = String(repeating: "word ", count: 60_000)
    private static let body =
        #"{"model":"gpt-test","messages":[{"role":"user","content":"\#(text)"}],"seed":1}"#

    private func answer(_ text: String) -> String {
        #"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"\#(text)"}],"#
            + #""stop_reason":"end_turn","usage":{"input_tokens":7,"output_tokens":2}}"#
    }

    @Test("a large request is translated elsewhere, and goes on when it is")
    func request() {
        let driver = Driver(Setup(targets: [Self.claude])).send(Self.body)
        #expect(driver.legs.isEmpty && driver.openAsk?.ask.text == "compute")
        driver.compute().connect()
        #expect(driver.requestText.contains("word word"))
        driver.head(200, .json).bytes(answer("Hi.")).end()
        #expect(driver.response?.status == 200)
        #expect(driver.field("x-gateway-dropped") == "seed")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a request that passes, and a small one, ask for nothing")
    func passing() {
        let passing = Driver(Setup()).send(Self.body)
        #expect(passing.asks.isEmpty && passing.legs.count == 1)
        let small = Driver(Setup(targets: [Self.claude])).send()
        #expect(small.asks.isEmpty && small.legs.count == 1)
    }

    @Test("what cannot be translated goes to the next target")
    func unfit() {
        let body = Self.body.replacing(#""seed":1"#, with: #""n":2"#)
        let driver = Driver(Setup(targets: [Self.claude, .sample("two")])).send(body).compute()
        #expect(driver.accounts == ["two"])
        let alone = Driver(Setup(targets: [Self.claude])).send(body).compute()
        #expect(alone.errorCode == "unsupported_parameter")
        #expect(alone.problems.isEmpty, "\(alone.report)")
    }

    @Test("an answer that comes after the client went is nobody's")
    func cancelled() throws {
        let driver = Driver(Setup(targets: [Self.claude])).send(Self.body)
        let open = try #require(driver.openAsk)
        guard case .compute(let work) = open.ask else { return }
        driver.tell(.clientGone)
        #expect(driver.outcome?.status == 499)
        driver.tell(.answer(open.id, .computed(work.run())))
        #expect(driver.last.isEmpty && driver.legs.isEmpty)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("work that takes too long is given up")
    func late() {
        let driver = Driver(Setup(targets: [Self.claude])).send(Self.body).wait(.seconds(31))
        #expect(driver.errorCode == "dependency_unavailable")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a large answer is translated elsewhere; one that is none is tried again")
    func largeAnswer() {
        let driver = Driver(Setup(targets: [Self.claude])).send().connect().head(200, .json)
        driver.bytes(answer(Self.text)).end()
        #expect(driver.response == nil && driver.openAsk?.ask.text == "compute")
        driver.compute()
        #expect(driver.response?.status == 200 && driver.bodyText.contains("word word"))
        #expect(driver.outcome?.usage == Usage(inputTokens: 7, outputTokens: 2))
        #expect(driver.problems.isEmpty, "\(driver.report)")
        let broken = Driver(Setup(targets: [Self.claude, .sample("two")])).send().connect().head(200, .json)
        broken.bytes("[\"\(Self.text)\"]").end().compute()
        #expect(broken.accounts == ["claude", "two"])
        #expect(broken.problems.isEmpty, "\(broken.report)")
    }

    @Test("a client that goes while a large answer is translated ends everything, in any order")
    func goneWhileAnswered() throws {
        let driver = Driver(Setup(targets: [Self.claude])).send().connect().head(200, .json)
        driver.bytes(answer(Self.text)).end()
        let open = try #require(driver.openAsk)
        guard case .compute(let work) = open.ask else { return }
        driver.tell(.clientGone).tell(.answer(open.id, .computed(work.run())))
        #expect(driver.outcome?.record?.state == .cancelled)
        #expect(driver.last.isEmpty && driver.problems.isEmpty, "\(driver.report)")
    }
}
