import MartletCore
import MartletExtensions
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@testable import MartletExchange

@Suite("A quota of the program around the gateway") struct QuotaStageTests {
    private func driver(
        _ setup: Setup = Setup(),
        head: ClientHead = .chat(),
        failing mode: FailureMode = .closed
    ) -> Driver {
        let driver = Driver(setup, head: head)
        driver.env.points = [.quota, .settlements]
        driver.env.terms = QuotaTerms(deadline: .milliseconds(80), failureMode: mode)
        return driver
    }

    private func decide(_ driver: Driver, _ answer: QuotaAnswer) -> Driver {
        guard let open = driver.openAsk, case .quota = open.ask else {
            Issue.record("no quota is asked: \(driver.report)")
            return driver
        }
        return driver.tell(.answer(open.id, .quota(answer)))
    }

    private func request(_ driver: Driver) -> GatewayRequest? {
        for case .quota(let request) in driver.asks.map(\.ask) { return request }
        return nil
    }

    @Test("nobody is asked, and nobody told, where there is none")
    func absent() {
        let driver = Driver().send().connect().head(200, .json).bytes(Chat.answer).end()
        #expect(driver.asks.isEmpty && driver.settlement == nil && driver.response?.status == 200)
    }

    @Test("it is asked once, with values alone, before anything is dialled; the request goes on when it allows")
    func allowed() {
        let driver = driver().send(Chat.body(extra: #","max_tokens":10"#))
        #expect(driver.legs.isEmpty && driver.slots.count == 1)
        // 3 tokens of input at 1 µ$ and 10 of output at 2 µ$.
        let expected = GatewayRequest(
            id: driver.recordID.description,
            key: "abcdefghijkl",
            model: "gpt-test",
            estimatedInputTokens: 3,
            maxOutputTokens: 10,
            estimatedCost: 23_000
        )
        #expect(request(driver) == expected)
        _ = decide(driver, .decided(.allow)).connect().head(200, .json).bytes(Chat.answer).end()
        #expect(driver.asks.count == 1 && driver.response?.status == 200 && driver.problems.isEmpty, "\(driver.report)")
        #expect(driver.settlement?.state == .settled && driver.settlement?.cost == 11_000)
        #expect(driver.settlement?.id == expected.id && driver.settlement?.isRecorded == true)
    }

    @Test("a refusal is told in the caller's own format, and nothing was sent")
    func refused() {
        let refusal = QuotaAnswer.decided(.refuse(Refusal(.quotaExceeded, "Used up.", retryAfterSeconds: 90)))
        let openAI = decide(driver().send(), refusal)
        #expect(openAI.response?.status == 429 && openAI.errorCode == "quota_exceeded")
        #expect(openAI.bodyText.contains(#""type":"insufficient_quota""#) && openAI.bodyText.contains("Used up."))
        #expect(openAI.field("retry-after") == "90" && openAI.field("x-should-retry") == "false")
        #expect(openAI.legs.isEmpty && openAI.problems.isEmpty, "\(openAI.report)")
        #expect(openAI.outcome?.record?.state == .failed, "what was decided can be asked for")
        #expect(openAI.settlement?.state == .failed && openAI.settlement?.status == 429)
        #expect(openAI.settlement?.isRecorded == true && openAI.settlement?.provider == nil)
        let anthropic = decide(driver(head: .messages()).send(Messages.body()), refusal)
        #expect(anthropic.response?.status == 402 && anthropic.bodyText.contains("billing_error"))
        let forbidden = decide(driver().send(), .decided(.refuse(Refusal(.forbidden, "Not you."))))
        #expect(forbidden.response?.status == 403 && forbidden.errorCode == "forbidden")
        let later = decide(driver().send(), .decided(.refuse(Refusal(.unavailable, "Not now.", retryAfterSeconds: -5))))
        #expect(later.response?.status == 503 && later.field("retry-after") == "0")
    }

    @Test("a text of any length is cut to 500 bytes of whole characters")
    func longText() {
        let text = String(repeating: "é", count: 400)
        let driver = decide(driver().send(), .decided(.refuse(Refusal(.forbidden, text))))
        #expect(driver.bodyText.contains("\"\(String(repeating: "é", count: 250))\""), "\(driver.bodyText)")
        #expect(
            !decide(self.driver().send(), .decided(.refuse(Refusal(.forbidden, "")))).bodyText.contains(
                #""message":"""#
            )
        )
    }

    @Test("without an answer in time requests are refused, or let through, as it wishes; a late answer does nothing")
    func silence() {
        let closed = driver().send().wait(.milliseconds(79))
        #expect(closed.response == nil)
        closed.wait(.milliseconds(1))
        #expect(closed.response?.status == 503 && closed.errorCode == "dependency_unavailable", "\(closed.report)")
        closed.tell(.answer(closed.asks[0].id, .quota(.decided(.allow))))
        #expect(closed.legs.isEmpty && closed.problems.isEmpty)
        let open = driver(failing: .open).send().wait(.milliseconds(80))
        open.tell(.answer(open.asks[0].id, .quota(.decided(.refuse(Refusal(.forbidden, "Too late."))))))
        open.connect().head(200, .json).bytes(Chat.answer).end()
        #expect(open.response?.status == 200 && open.problems.isEmpty, "\(open.report)")
    }

    @Test("an error counts as no answer")
    func failure() {
        #expect(decide(driver().send(), .failed).response?.status == 503)
        let open = decide(driver(failing: .open).send(), .failed).connect()
        #expect(open.accounts == ["one"] && open.response == nil)
    }

    @Test("another price stands in the ledger, over all attempts, and its reason in the trace")
    func priced() throws {
        let price = PriceAdjustment(multiplierPerMillion: 1_500_000, surcharge: 7)
        let driver = decide(driver().send(), .decided(.charge(price)))
        driver.connect()
        // The estimate of an intent has no surcharge: nothing was answered yet.
        #expect(driver.intent?.cost == NanoUSD(4_500))
        driver.head(200, .json).bytes(Chat.answer).end()
        #expect(driver.outcome?.record?.cost == NanoUSD(16_507) && driver.outcome?.cost == NanoUSD(16_507))
        #expect(driver.settlement?.cost == 16_507 && driver.problems.isEmpty, "\(driver.report)")
        let story = try driver.outcome?.record?.story ?? []
        let line = "priced times_millionths=1500000 plus_micro_usd=0 listed_micro_usd=11"
        #expect(story.contains { $0.hasSuffix(line) }, "\(story)")
    }

    @Test("a request that got no answer pays no surcharge")
    func unanswered() {
        let price = PriceAdjustment(surcharge: 1_000)
        let driver = decide(driver().send(), .decided(.charge(price)))
        driver.connect().head(400, .json).bytes("{\"error\":{\"message\":\"no\"}}").end()
        #expect(driver.outcome?.record?.state == .failed && driver.outcome?.record?.cost == .zero, "\(driver.report)")
    }

    @Test("a caller that leaves while it is asked is told of once, with everything given back")
    func clientGone() {
        let driver = driver().send().tell(.clientGone)
        #expect(driver.settlement?.state == .cancelled && driver.settlement?.status == 499)
        #expect(driver.isDone && driver.slots.isEmpty && driver.problems.isEmpty, "\(driver.report)")
        driver.tell(.answer(driver.asks[0].id, .quota(.decided(.allow))))
        #expect(driver.legs.isEmpty && driver.problems.isEmpty)
    }

    @Test("a process that ends does not wait for it")
    func drained() {
        let driver = driver().send().tell(.drain)
        #expect(driver.errorCode == "draining" && driver.settlement?.state == .failed && driver.problems.isEmpty)
    }

    @Test("who waited for a slot is asked then, and who got none is not")
    func afterTheQueue() throws {
        let waiting = driver()
        waiting.env.admission = .processFull
        waiting.send()
        let slot = try #require(waiting.openAsk)
        #expect(request(waiting) == nil)
        waiting.tell(.answer(slot.id, .slot(SlotID(900))))
        #expect(request(waiting) != nil)
        let busy = driver()
        busy.env.admission = .keyFull
        busy.send()
        #expect(busy.asks.isEmpty && busy.response?.status == 429)
        #expect(busy.settlement?.state == .failed, "a request that came as far as admit is told of")
    }

    @Test("what asks no model is nobody's business")
    func pages() {
        let driver = driver(
            head: .chat {
                $0.path = "/v1/models"; $0.method = .get
            }
        )
        driver.begin()
        #expect(driver.asks.isEmpty && driver.settlement == nil && driver.response?.status == 200)
    }
}
