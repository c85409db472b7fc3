import MartletCore
import MartletExchange
import MartletGovernance
import MartletRouting
import NIOCore
import Testing

@Suite("Time limits") struct TimersTests {
    @Test("a body must come within its time and at its rate")
    func clientBody() {
        let slow = Driver().begin().wait(.milliseconds(9_999))
        #expect(slow.response == nil)
        slow.wait(.milliseconds(1))
        #expect(slow.response?.status == 408)
        #expect(slow.errorCode == "request_timeout")
        #expect(slow.response?.closes == true)

        // Each kibibyte earns a second, up to a minute in all.
        let steady = Driver(head: .chat { $0.contentLength = 1 << 20 }).begin()
        for _ in 0..<59 {
            steady.tell(.clientBytes(ByteBuffer(string: String(repeating: " ", count: 1_024)))).wait(.seconds(1))
        }
        #expect(steady.response == nil)
        steady.wait(.seconds(1))
        #expect(steady.response?.status == 408)
        #expect(steady.problems.isEmpty, "\(steady.report)")
    }

    @Test("a full process is waited for one second")
    func queue() {
        let driver = Driver()
        driver.env.admission = .processFull
        driver.send().wait(.milliseconds(999))
        #expect(driver.response == nil)
        driver.wait(.milliseconds(1))
        #expect(driver.response?.status == 503)
        #expect(driver.errorCode == "overloaded")
        #expect(driver.field("retry-after") == "1")
        #expect(driver.field("x-should-retry") == "true")
        #expect(driver.outcome?.record == nil)
    }

    @Test("a dial has five seconds, or the target's own limit")
    func connect() {
        let driver = Driver(.pair).send().wait(.milliseconds(4_999))
        #expect(driver.legs.count == 1)
        driver.wait(.milliseconds(1))
        #expect(driver.legs[LegID(0)]?.state == .cancelled)
        #expect(driver.legs.count == 2)

        let own = Setup(targets: [.sample("one", timeouts: TargetTimeouts(connect: .seconds(1))), .sample("two")])
        let other = Driver(own).send().wait(.seconds(1))
        #expect(other.legs.count == 2)
    }

    @Test("a response head has no limit of its own unless one is set, and is not asked for twice")
    func responseHead() {
        let patient = Driver(.pair).send().connect().wait(.seconds(300))
        #expect(patient.legs.count == 1)

        var setup = Setup.pair
        setup.timeouts.responseHead = .seconds(20)
        let driver = Driver(setup).send().connect().wait(.seconds(20))
        #expect(driver.accounts == ["one", "two"])
        driver.connect().head(200, .json).wait(.seconds(100))
        #expect(driver.response == nil, "after the head it does not count any more")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("the first content must come within a minute, but the last candidate has until the end")
    func firstToken() {
        let driver = Driver(.pair).send(Chat.body(stream: true)).stream(Chat.role).wait(.milliseconds(59_999))
        #expect(driver.legs.count == 1)
        driver.wait(.milliseconds(1))
        #expect(driver.accounts == ["one", "two"])
        driver.stream(Chat.role).wait(.seconds(300))
        #expect(driver.response == nil)
        driver.wait(.seconds(240))
        #expect(driver.response?.status == 504)
        #expect(driver.errorCode == "provider_timeout")
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a target's own limit on the first content holds for the last candidate too")
    func ownFirstToken() {
        let setup = Setup(targets: [.sample("one", timeouts: TargetTimeouts(firstToken: .seconds(3)))])
        let driver = Driver(setup).send(Chat.body(stream: true)).stream().wait(.seconds(3))
        #expect(driver.response?.status == 504)
    }

    @Test("a target's own total ends its attempt, or its stream")
    func attemptTotal() {
        let setup = Setup(targets: [.sample("one", timeouts: TargetTimeouts(total: .seconds(40))), .sample("two")])
        let driver = Driver(setup).send().connect().head(200, .json).wait(.seconds(40))
        #expect(driver.accounts == ["one", "two"])
        #expect(driver.outcome == nil)

        let stream = Driver(setup).send(Chat.body(stream: true)).stream(Chat.text("1"))
        stream.wait(.seconds(20)).bytes(Chat.text("2")).wait(.seconds(20))
        #expect(stream.outcome?.record?.state == .interrupted)
        #expect(stream.problems.isEmpty, "\(stream.report)")
    }

    @Test("silence of thirty seconds breaks a stream")
    func idleStream() {
        let driver = Driver().send(Chat.body(stream: true)).stream(Chat.text("Hi")).wait(.milliseconds(29_999))
        #expect(driver.outcome == nil)
        driver.wait(.milliseconds(1))
        #expect(driver.outcome?.record?.state == .interrupted)
        #expect(driver.legs[driver.leg]?.state == .cancelled)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("pings stand in for content for two minutes, no longer")
    func idleContent() {
        let driver = Driver().send(Chat.body(stream: true)).stream(Chat.text("Hi"))
        for _ in 0..<11 { driver.wait(.seconds(10)).bytes(Chat.ping) }
        #expect(driver.outcome == nil)
        driver.wait(.seconds(10))
        #expect(driver.outcome?.record?.state == .interrupted)
    }

    @Test("a request has ten minutes from its admission, before the commit point and after it")
    func total() {
        let driver = Driver().send().connect().wait(.milliseconds(599_999))
        #expect(driver.outcome == nil)
        driver.wait(.milliseconds(1))
        #expect(driver.response?.status == 504)
        #expect(driver.errorCode == "provider_timeout")
        #expect(driver.field("x-should-retry") == "false")
        #expect(driver.outcome?.attempts.map(\.outcome) == ["timeout"])

        let stream = Driver().send(Chat.body(stream: true)).stream(Chat.text("0"))
        for _ in 0..<40 where !stream.isDone { stream.wait(.seconds(20)).bytes(Chat.text("1")) }
        #expect(stream.outcome?.duration == .seconds(600))
        #expect(stream.outcome?.record?.state == .interrupted)
        #expect(stream.bodyText.hasSuffix("\"code\":\"stream_interrupted\"}}\n\n"))
        #expect(stream.problems.isEmpty, "\(stream.report)")
    }

    @Test("a client that takes nothing for thirty seconds is gone")
    func writeStall() {
        let driver = Driver().send(Chat.body(stream: true)).stream(Chat.text("Hi"))
        driver.tell(.clientWritable(false)).wait(.seconds(20))
        // A second notice of the same state is no progress.
        driver.tell(.clientWritable(false)).wait(.milliseconds(9_999))
        #expect(driver.outcome == nil)
        driver.wait(.milliseconds(1))
        #expect(driver.wasAborted)
        #expect(driver.outcome?.record?.state == .cancelled)
        #expect(driver.legs[driver.leg]?.state == .cancelled)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("a client that took nothing before the commit point is waited for no longer")
    func writeStallFromTheStart() {
        let driver = Driver().send(Chat.body(stream: true)).tell(.clientWritable(false)).stream(Chat.text("Hi"))
        driver.wait(.seconds(30))
        #expect(driver.wasAborted)
        #expect(driver.problems.isEmpty, "\(driver.report)")
    }

    @Test("the time a client does not read is not held against the upstream")
    func stalledIsNotIdle() {
        let driver = Driver().send(Chat.body(stream: true)).stream(Chat.text("Hi")).wait(.seconds(10))
        driver.tell(.clientWritable(false)).wait(.seconds(29)).tell(.clientWritable(true)).wait(.seconds(29))
        #expect(driver.outcome == nil)
    }

    @Test("a timer that fires early does nothing but stand again")
    func early() {
        let driver = Driver().send()
        let stands = driver.timer
        driver.env.now += .seconds(1)
        driver.tell(.timer)
        #expect(driver.lastNames == ["setTimer"])
        #expect(driver.timer == stands)
    }
}
