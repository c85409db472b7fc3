import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@Suite("Two legs of one call") struct SecondLegTests {
    @Test("the first leg with content wins and the other is cancelled in that event", arguments: [0, 1])
    func secondLeg(winner: UInt16) {
        let driver = Driver(.pair).send(Chat.body(stream: true))
        driver.startSecondLeg(on: driver.exchange.snapshot.models[ModelName("gpt-test")]?.targets[1] ?? .mock)
        for leg in [LegID(0), LegID(1)] {
            driver.tell(.legConnected(leg, reused: false))
            driver.tell(.legHead(leg, UpstreamHead(status: 200, media: .eventStream)))
            driver.tell(.legBytes(leg, ByteBuffer(string: Chat.role)))
        }
        driver.tell(.legBytes(LegID(winner), ByteBuffer(string: Chat.text("Hi"))))
        #expect(driver.lastNames.contains("cancelLeg"))
        #expect(driver.legs[LegID(1 - winner)]?.state == .cancelled)
        #expect(driver.field("x-provider") == (winner == 0 ? "one" : "two"))
        driver.tell(.legBytes(LegID(1 - winner), ByteBuffer(string: Chat.text("never"))))
        driver.tell(.legBytes(LegID(winner), ByteBuffer(string: Chat.finish + Chat.done)))
        #expect(driver.bodyText == Chat.role + Chat.text("Hi") + Chat.finish + Chat.done)
        #expect(driver.outcome?.attempts.map(\.outcome).sorted() == ["cancelled", "ok"])
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("the time of a leg that lost is not the winner's")
    func lostLegsDeadline() {
        let driver = Driver(.pair).send(Chat.body(stream: true)).stream(Chat.role)
        let first = driver.leg
        driver.startSecondLeg(on: driver.exchange.snapshot.models[ModelName("gpt-test")]?.targets[1] ?? .mock)
        driver.tell(.legBytes(first, ByteBuffer(string: Chat.text("Hi")))).wait(.seconds(6))
        #expect(driver.outcome == nil)
        #expect(driver.legs.count == 2)
        driver.tell(.legBytes(first, ByteBuffer(string: Chat.finish + Chat.done)))
        #expect(driver.outcome?.record?.state == .settled)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("when one of two legs fails the other goes on, and nothing is tried again beside it")
    func secondLegFails() {
        let driver = Driver(.pair).send(Chat.body(stream: true))
        driver.startSecondLeg(on: driver.exchange.snapshot.models[ModelName("gpt-test")]?.targets[1] ?? .mock)
        driver.tell(.legFailed(LegID(0), .connect))
        #expect(driver.legs.count == 2)
        driver.tell(.legConnected(LegID(1), reused: false))
        driver.tell(.legHead(LegID(1), UpstreamHead(status: 200, media: .eventStream)))
        driver.tell(.legBytes(LegID(1), ByteBuffer(string: Chat.stream)))
        #expect(driver.outcome?.record?.state == .settled)
        #expect(driver.field("x-provider") == "two")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }
}
