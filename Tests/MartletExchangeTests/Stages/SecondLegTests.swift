import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@Suite("Hedging: two legs of one call") struct SecondLegTests {
    private let first = LegID(0)
    private let second = LegID(1)

    /// A stream whose first target has been silent for so long that the second was asked.
    private func hedged(_ setup: Setup = .hedged, stream: Bool = true) -> Driver {
        let driver = Driver(setup).send(Chat.body(stream: stream)).connect()
        return driver.wait(.seconds(1))
    }

    private func answer(_ driver: Driver, _ leg: LegID, _ text: String) {
        driver.tell(.legConnected(leg, reused: false))
        driver.tell(.legHead(leg, UpstreamHead(status: 200, media: .eventStream)))
        driver.tell(.legBytes(leg, ByteBuffer(string: text)))
    }

    private func refuse(_ driver: Driver, _ leg: LegID, _ status: Int, _ body: String = "{}") {
        driver.tell(.legHead(leg, UpstreamHead(status: status, media: .json)))
        driver.tell(.legBytes(leg, ByteBuffer(string: body)))
        driver.tell(.legEnd(leg))
    }

    @Test("the first leg with content wins and the other is cancelled in that event", arguments: [0, 1])
    func secondLeg(winner: UInt16) {
        let driver = hedged()
        driver.tell(.legHead(first, UpstreamHead(status: 200, media: .eventStream)))
        driver.tell(.legBytes(first, ByteBuffer(string: Chat.role)))
        answer(driver, second, Chat.role)
        driver.tell(.legBytes(LegID(winner), ByteBuffer(string: Chat.text("Hi"))))
        #expect(driver.lastNames.contains("cancelLeg"))
        #expect(driver.legs[LegID(1 - winner)]?.state == .cancelled)
        #expect(driver.field("x-provider") == (winner == 0 ? "one" : "two"))
        #expect(driver.field("x-gateway-attempts") == "2")
        driver.tell(.legBytes(LegID(1 - winner), ByteBuffer(string: Chat.text("never"))))
        driver.tell(.legBytes(LegID(winner), ByteBuffer(string: Chat.finish + Chat.done)))
        #expect(driver.bodyText == Chat.role + Chat.text("Hi") + Chat.finish + Chat.done)
        #expect(driver.outcome?.attempts.map(\.outcome).sorted() == ["cancelled", "ok"])
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("whole answers are hedged, too: the first that is complete is the answer")
    func wholeAnswers() {
        let driver = hedged(stream: false)
        driver.tell(.legConnected(second, reused: false))
        driver.tell(.legHead(second, UpstreamHead(status: 200, media: .json)))
        driver.tell(.legBytes(second, ByteBuffer(string: Chat.answer))).tell(.legEnd(second))
        #expect(driver.bodyText == Chat.answer)
        #expect(driver.field("x-provider") == "two")
        #expect(driver.legs[first]?.state == .cancelled)
        #expect(driver.env.ends.first == .outrun(isStream: false, after: .seconds(1)))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("nothing is hedged unless it is switched on, once an answer has begun, or by hedges that were refused")
    func notHedged() {
        let off = Driver(.pair).send(Chat.body(stream: true)).connect().wait(.seconds(9))
        #expect(off.legs.count == 1)
        let begun = Driver(.hedged).send(Chat.body()).connect().head(200, .json).wait(.seconds(9))
        #expect(begun.legs.count == 1)
        let poor = Driver(.hedged).send(Chat.body(stream: true)).connect()
        poor.env.retryRoom = false
        #expect(poor.wait(.seconds(9)).legs.count == 1)
        let busy = Driver(.hedged).send(Chat.body(stream: true)).connect()
        busy.env.targetSlots["two"] = .full
        #expect(busy.wait(.seconds(9)).legs.count == 1)
        #expect(busy.env.openPermits == 1)
        let open = Driver(.hedged).send(Chat.body(stream: true)).connect()
        open.env.health["two"] = .opened(open.env.now)
        #expect(open.wait(.seconds(3)).legs.count == 1)
    }

    @Test("content that stays on the device is not hedged to another one")
    func hedgesStayLocal() {
        var setup = Setup.hedged
        setup.targets = [.sample("engine", isLocal: true), .sample("two")]
        let driver = Driver(setup, head: .chat { $0.gatewayPrivacy = "local_only" })
        driver.send(Chat.body(stream: true)).connect().wait(.seconds(9))
        #expect(driver.legs.count == 1)
    }

    @Test("without a set delay a target is waited for as long as 95 of 100 of its answers take")
    func usualWait() {
        var setup = Setup.hedged
        setup.hedge.delay = nil
        let unknown = Driver(setup).send(Chat.body(stream: true)).connect().wait(.seconds(20))
        #expect(unknown.legs.count == 1)
        let driver = Driver(setup).send(Chat.body(stream: true))
        var health = TargetHealth()
        for _ in 0..<30 {
            guard case .granted(let permit) = health.admit(driver.env.now, CircuitBreakerPolicy()) else { return }
            let sample = LatencySample.stream(firstToken: .milliseconds(300), rest: .seconds(1), outputTokens: 10)
            health.ended(permit, .succeeded(sample), driver.env.now, CircuitBreakerPolicy(), 0)
        }
        driver.env.health["one"] = health
        driver.connect().wait(.milliseconds(299))
        #expect(driver.legs.count == 1)
        driver.wait(.milliseconds(100))
        #expect(driver.legs.count == 2)
        driver.tell(.clientGone)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("the time of a leg that lost is not the winner's")
    func lostLegsDeadline() {
        let driver = hedged()
        driver.tell(.legHead(first, UpstreamHead(status: 200, media: .eventStream)))
        driver.tell(.legBytes(first, ByteBuffer(string: Chat.role + Chat.text("Hi")))).wait(.seconds(6))
        #expect(driver.outcome == nil)
        #expect(driver.legs.count == 2)
        driver.tell(.legBytes(first, ByteBuffer(string: Chat.finish + Chat.done)))
        #expect(driver.outcome?.record?.state == .settled)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("when one of two legs fails the other goes on, and nothing is tried again beside it", arguments: [0, 1])
    func oneFails(failing: UInt16) {
        let driver = hedged()
        driver.tell(.legFailed(LegID(failing), .connect))
        #expect(driver.legs.count == 2)
        let other = LegID(1 - failing)
        if other == second { driver.tell(.legConnected(other, reused: false)) }
        driver.tell(.legHead(other, UpstreamHead(status: 200, media: .eventStream)))
        driver.tell(.legBytes(other, ByteBuffer(string: Chat.stream)))
        #expect(driver.outcome?.record?.state == .settled)
        #expect(driver.field("x-provider") == (failing == 0 ? "two" : "one"))
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("when both fail the next target is one that neither asked")
    func bothFail() {
        var setup = Setup.hedged
        setup.targets.append(.sample("three"))
        setup.retry.retriesPerTarget = 0
        for order in [[0, 1], [1, 0]] {
            let driver = hedged(setup)
            driver.tell(.legConnected(second, reused: false))
            for leg in order { refuse(driver, LegID(UInt16(leg)), 500) }
            #expect(driver.legs[LegID(2)]?.target.account == AccountName("three"), "\(order)")
            driver.stream(Chat.stream)
            #expect(driver.outcome?.record?.state == .settled)
            #expect(driver.field("x-gateway-attempts") == "3")
            #expect(driver.problems.isEmpty, "\(driver.report)")
        }
    }

    @Test(
        "a request that the first finds wrong is wrong; what only the second refuses the first may take",
        arguments: [0, 1]
    )
    func requestAtFault(refusing: UInt16) {
        let driver = hedged()
        driver.tell(.legConnected(second, reused: false))
        refuse(driver, LegID(refusing), 400, "{\"error\":{\"message\":\"no such field\"}}")
        if refusing == 0 {
            #expect(driver.response?.status == 400)
            #expect(driver.legs[second]?.state == .cancelled)
        } else {
            #expect(driver.response == nil)
            answer(driver, first, Chat.stream)
            #expect(driver.outcome?.record?.state == .settled)
        }
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a target that is the last one left has only the total limit, as without hedging")
    func lastOneLeft() {
        let driver = hedged()
        driver.tell(.legConnected(second, reused: false)).wait(.seconds(70))
        #expect(driver.legs[first]?.state == .cancelled)
        #expect(driver.response == nil)
        answer(driver, second, Chat.stream)
        #expect(driver.outcome?.record?.state == .settled)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a caller who leaves ends both")
    func clientGone() {
        let driver = hedged()
        driver.tell(.legConnected(second, reused: false)).tell(.clientGone)
        #expect(driver.legs.values.allSatisfy { !$0.isLive })
        #expect(driver.outcome?.record?.state == .cancelled)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }
}
