import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@Suite("Streams that are sent only when they are complete") struct HeldBackTests {
    private var setup: Setup {
        var setup = Setup.pair
        setup.streams.isHeldBack = true
        setup.retry.retriesPerTarget = 0
        return setup
    }

    @Test("nothing is sent before the end, then all of it, as it came")
    func complete() {
        let driver = Driver(setup).send(Chat.body(stream: true)).stream(Chat.role + Chat.text("Hi"))
        driver.wait(.seconds(3)).bytes(Chat.text(" there"))
        #expect(driver.response == nil)
        driver.bytes(Chat.finish + Chat.done)
        #expect(driver.bodyText == Chat.role + Chat.text("Hi") + Chat.text(" there") + Chat.finish + Chat.done)
        #expect(driver.outcome?.record?.state == .settled)
        #expect(driver.outcome?.firstToken == .zero)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a missing end mark after the reason to stop is mended")
    func withoutMark() {
        let driver = Driver(setup).send(Chat.body(stream: true)).stream(Chat.text("Hi") + Chat.finish).end()
        #expect(driver.bodyText == Chat.text("Hi") + Chat.finish + Chat.done)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a stream that breaks is asked for elsewhere, and nobody sees its beginning", arguments: 0..<5)
    func breaks(how: Int) {
        let driver = Driver(setup).send(Chat.body(stream: true)).stream(Chat.role + Chat.text("lost"))
        switch how {
        case 0: driver.fail()
        case 1: driver.end()
        case 2: driver.bytes(Chat.error)
        case 3: driver.wait(.seconds(31))
        default: driver.bytes(Chat.done)
        }
        #expect(driver.response == nil)
        #expect(driver.legs[LegID(1)]?.target.account == AccountName("two"))
        driver.stream(Chat.stream)
        #expect(driver.bodyText.contains("lost") == false)
        #expect(driver.field("x-provider") == "two")
        #expect(driver.field("x-gateway-attempts") == "2")
        #expect(driver.outcome?.record?.state == .settled)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("when all of them break the caller gets an error with a status")
    func allBreak() {
        let driver = Driver(setup).send(Chat.body(stream: true)).stream(Chat.text("a")).fail().stream(Chat.text("b"))
            .fail()
        #expect(driver.response?.status == 502)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("pings do not keep a stream waiting for ever")
    func onlyPings() {
        let driver = Driver(setup).send(Chat.body(stream: true)).stream(Chat.role + Chat.text("a"))
        for _ in 0..<11 { driver.wait(.seconds(10)).bytes(Chat.ping) }
        driver.wait(.seconds(11))
        #expect(driver.legs.count == 2)
        #expect(driver.response == nil)
        driver.tell(.clientGone)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("what a broken stream said that it used is charged, and its bytes count no more")
    func usageOfBroken() {
        let driver = Driver(setup).send(Chat.body(stream: true))
        let held = driver.env.heldBytes
        driver.stream(Chat.text("a") + Chat.usage)
        #expect(driver.env.heldBytes > held)
        driver.fail()
        #expect(driver.env.heldBytes == held)
        driver.stream(Chat.stream)
        #expect(driver.outcome?.usage?.inputTokens == 14)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a stream that has begun to come is not hedged")
    func notHedged() {
        var setup = setup
        setup.hedge.isEnabled = true
        setup.hedge.delay = .seconds(1)
        let driver = Driver(setup).send(Chat.body(stream: true)).stream(Chat.text("a")).wait(.seconds(9))
        #expect(driver.legs.count == 1)
        driver.bytes(Chat.finish + Chat.done)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("what is held counts against the memory of all")
    func memory() {
        let driver = Driver(setup).send(Chat.body(stream: true))
        driver.env.byteLimit = driver.env.heldBytes + 200
        driver.stream(Chat.role + Chat.text(String(repeating: "x", count: 300)))
        #expect(driver.response?.status == 503)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }
}
